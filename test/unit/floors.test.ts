import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faultsOf } from '../floors/check.ts'
import { readImports } from '../floors/read-imports.ts'
import { makeTempDir } from '../support/temp.ts'

const store = 'electron/engine/store'
const feed = 'electron/engine/feed'
const site = 'electron/engine/site'
const floors = [['shared'], [store], [feed, site], ['electron/engine'], ['electron']]

/** What the faults begin with, which is what an exception is named by. */
function named(imports: Readonly<Record<string, readonly string[]>>, exceptions: readonly string[] = []) {
  return faultsOf(new Map(Object.entries(imports)), floors, exceptions).map((fault) => fault.split(': ')[0])
}

describe('the order of the floors', () => {
  it('lets a file import from its own room and from every floor below', () => {
    const house = { [`${feed}/a.ts`]: [`${feed}/b.ts`, `${store}/c.ts`, 'shared/d.ts'], [`${feed}/b.ts`]: [] }
    expect(named(house)).toEqual([])
  })

  it('finds an import upwards, one across a floor, and so one of any two rooms that import each other', () => {
    expect(named({ [`${store}/a.ts`]: [`${feed}/b.ts`] })).toEqual([`${store} → ${feed}`])
    expect(named({ [`${feed}/a.ts`]: [`${site}/b.ts`] })).toEqual([`${feed} → ${site}`])
    expect(named({ [`${store}/a.ts`]: [`${feed}/b.ts`], [`${feed}/c.ts`]: [`${store}/d.ts`] })).toHaveLength(1)
  })

  it('finds a circle of files, in one room and through several', () => {
    expect(named({ [`${feed}/a.ts`]: [`${feed}/b.ts`], [`${feed}/b.ts`]: [`${feed}/a.ts`] })).toEqual([
      `circle in ${feed}`,
    ])
    const through = { [`${feed}/a.ts`]: [`${store}/b.ts`], [`${store}/b.ts`]: [`${feed}/a.ts`] }
    expect(named(through)).toEqual([`${store} → ${feed}`, `circle in ${feed}, ${store}`])
  })

  it('finds a folder of the engine that has no floor', () => {
    expect(named({ 'electron/engine/new/a.ts': [], 'electron/engine/engine.ts': [], 'electron/main.ts': [] })).toEqual([
      'no floor',
    ])
  })

  it('passes over a named exception, and finds one that nothing needs any more', () => {
    const upwards = { [`${store}/a.ts`]: [`${feed}/b.ts`] }
    expect(named(upwards, [`${store} → ${feed}`])).toEqual([])
    expect(named({}, [`${store} → ${feed}`])).toEqual([`${store} → ${feed}`])
  })

  it('reads every form of import, types counted', async () => {
    const root = await makeTempDir('floors')
    await mkdir(join(root.path, 'shared/text'), { recursive: true })
    const lines = [
      "import { a } from './text/a.ts'",
      "import type { B } from './text/b.ts'",
      "export { c } from './text/c.ts'",
      "import './text/d.ts'",
      "const e = await import('./text/e.ts')",
      "import {\n  type F,\n} from './text/f.ts'",
      "import { readFile } from 'node:fs'",
    ]
    await writeFile(join(root.path, 'shared/all.ts'), lines.join('\n'))
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const name of names) await writeFile(join(root.path, `shared/text/${name}.ts`), '')
    const imports = readImports(root.path, ['shared'])
    expect(imports.get('shared/all.ts')).toEqual(names.map((name) => `shared/text/${name}.ts`))
    await root.remove()
  })
})

import { afterEach, beforeAll, expect, test } from 'vitest'
import path from 'node:path'
import { ensureBuild } from '../../build/freshness.ts'
import { eventually } from '../support/eventually.ts'
import { makeTempDir } from '../support/temp.ts'
import { driversHere, launch, type Launched } from './launch.ts'

const root = path.resolve(import.meta.dirname, '../..')
let open: Launched | null = null

beforeAll(() => ensureBuild(root, () => undefined), 120_000)
afterEach(async () => {
  await open?.close()
  open = null
})

test.each(driversHere())(
  '%s: the console opens on Overview, live, and quits cleanly',
  { timeout: 180_000 },
  async (driver) => {
    const temp = await makeTempDir('e2e')
    open = await launch({ driver, dataDir: path.join(temp.path, 'data') })
    const errors: string[] = []
    open.page.on('pageerror', (error) => errors.push(error.message))
    await open.page.getByRole('heading', { name: 'Overview' }).waitFor({ timeout: 30_000 })
    expect(await open.page.title()).toContain('Lockstep')
    expect(errors).toEqual([])
    expect(await open.close()).toBe(0)
    open = null
    await temp.remove()
  },
)

test('a page in the desktop window gets the bridge, and nothing of Node', { timeout: 180_000 }, async () => {
  const temp = await makeTempDir('e2e')
  open = await launch({ driver: 'electron-stand-in', dataDir: path.join(temp.path, 'data') })
  const { page } = open
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const globals = await page.evaluate(() => [
    typeof Reflect.get(window, 'require'),
    typeof Reflect.get(window, 'process'),
    Object.keys(Reflect.get(window, 'lockstep')),
    Object.isFrozen(Reflect.get(window, 'lockstep')),
  ])
  expect(globals).toEqual(['undefined', 'undefined', ['call', 'watch', 'platform'], true])
  const refused = await page.evaluate(() => Reflect.get(window, 'lockstep').call('rules.get', 'query', { id: 'none' }))
  expect(refused).toMatchObject({ ok: false, error: { data: { fault: { code: 'NOT_FOUND' } } } })
  await temp.remove()
})

test('where there is no keychain the vault’s passphrase is asked for', { timeout: 180_000 }, async () => {
  const temp = await makeTempDir('e2e')
  const environment = { STAND_IN_NO_KEYCHAIN: '1' }
  const dataDir = path.join(temp.path, 'data')
  open = await launch({ driver: 'electron-stand-in', dataDir, environment })
  const { page } = open
  await page.getByLabel(/passphrase/).fill('open sesame')
  await page.getByRole('button', { name: 'Open the vault' }).click()
  const consolePage = await eventually(
    () => {
      const found = page
        .context()
        .pages()
        .find((other) => other.url().includes('renderer/index.html'))
      if (found === undefined) throw new Error('the console did not open')
      return found
    },
    { withinMs: 30_000 },
  )
  await consolePage.getByRole('heading', { name: 'Overview' }).waitFor()
  await temp.remove()
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordStore } from '../../../electron/engine/journal/port/records.ts'
import { linkIdentity } from '../../support/link-identity.ts'

/** Empty records of one implementation; `reopen` as a restart does, the same ones where it keeps nothing. */
export type OpenRecords = () => Promise<{
  readonly records: RecordStore
  readonly reopen: () => Promise<RecordStore>
}>

const names = ['rule/a', 'rule/a_', 'rule/a%', 'rule/b', 'ruler', 'site/é', 'site/日本', 'settings', ''] as const
const prefixes = ['', 'rule/', 'rule/a', 'rule/a_', 'site/', 'none/'] as const

/** What `RecordStore` promises, of any implementation. */
export function recordsPromises(open: OpenRecords): void {
  test('a record is read as it was written last, after a restart too, and no reader can change it for another', async () => {
    const { records, reopen } = await open()
    const rule = { rule: { id: 'a', prefixes: ['x\u0000', '日本'] }, paused: null, createdAt: 2 ** 41 }
    await records.write('rule/a', { rule: null })
    await records.write('rule/a', rule)
    await records.write('rule/b', undefined)
    await records.write('rule/c', 'gone')
    await records.erase('rule/c')
    const first = await records.read('rule/a')
    Object.assign(Object(first), { paused: 'by the reader' })
    for (const place of [async () => records, reopen]) {
      const now = await place()
      expect(await now.read('rule/a')).toEqual(rule)
      expect(await now.all('rule/')).toEqual(
        new Map<string, unknown>([
          ['rule/a', rule],
          ['rule/b', null],
        ]),
      )
      expect(await now.read('rule/c')).toBeNull()
    }
  })

  test('a value is kept as it was when it was given, whatever becomes of it afterwards', async () => {
    const { records } = await open()
    const value = { workers: 4 }
    const written = records.write('settings', value)
    value.workers = 8
    await written
    expect(await records.read('settings')).toEqual({ workers: 4 })
  })

  test('after any sequence of writes and erasures it holds what a map holds, in the order of the names', async () => {
    const act = fc.record({ name: fc.constantFrom(...names), value: fc.option(fc.jsonValue(), { nil: undefined }) })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const { records } = await open()
        const model = new Map<string, unknown>()
        await Promise.all(
          acts.map(({ name, value }) => {
            if (value === undefined) {
              model.delete(name)
              return records.erase(name)
            }
            // As JSON has it: there is no -0.
            model.set(name, JSON.parse(JSON.stringify(value)))
            return records.write(name, value)
          }),
        )
        for (const prefix of prefixes) {
          const expected = [...model].filter(([name]) => name.startsWith(prefix)).toSorted(byBytes)
          expect([...(await records.all(prefix))]).toEqual(expected)
        }
        for (const name of names) expect(await records.read(name)).toEqual(model.get(name) ?? null)
      }),
      { numRuns: 30 },
    )
  })

  test('what a link is survives a restart, is replaced by the same id, and goes when it is forgotten', async () => {
    const { records, reopen } = await open()
    const [first, second] = [
      linkIdentity('r/t/data', 'r'),
      linkIdentity('r/t/data/2', 'r', { generation: 2, openedAt: 5 }),
    ]
    await records.openLink(linkIdentity('r/t/data', 'other'))
    await records.openLink(first)
    await records.openLink(second)
    const later = await reopen()
    expect(await later.links()).toEqual(
      new Map([
        ['r/t/data', first],
        ['r/t/data/2', second],
      ]),
    )
    await later.forgetLink('r/t/data')
    await later.forgetLink('never/was')
    expect(await later.links()).toEqual(new Map([['r/t/data/2', second]]))
    expect(await (await reopen()).links()).toEqual(new Map([['r/t/data/2', second]]))
  })
}

const byBytes = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

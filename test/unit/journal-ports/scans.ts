import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scanMarks, type ScanMark, type ScanStore } from '../../../electron/engine/journal/port/scans.ts'
import { linkIdentity } from '../../support/link-identity.ts'
import type { OpenJournal } from './implementation.ts'

const links = ['photos/a/data', 'photos/a/data-2', 'photos/a_data', 'ph%/é/日本', 'x'] as const

/** What `ScanStore` promises, of any implementation. */
export function scansPromises(open: OpenJournal): void {
  test('a mark is read as it was written last, by link and kind, and after a restart too', async () => {
    const { journal, reopen } = await open()
    const value = { spans: [{ after: 'k\u0000é', until: null }], keys: 2 ** 40 }
    await journal.scans.write('r/a/b', 'checkpoint', { spans: [] })
    await journal.scans.write('r/a/b', 'checkpoint', value)
    await journal.scans.write('r/a/b', 'started', 5)
    await journal.scans.write('r/a/c', 'checkpoint', null)
    const read = async ({ scans }: { readonly scans: ScanStore }): Promise<readonly unknown[]> => [
      await scans.read('r/a/b', 'checkpoint'),
      await scans.read('r/a/b', 'started'),
      await scans.read('r/a/c', 'checkpoint'),
      await scans.read('r/a/d', 'checkpoint'),
    ]
    expect(await read(journal)).toEqual([value, 5, null, null])
    expect(await read(await reopen())).toEqual([value, 5, null, null])
  })

  test('writes take effect in the order of their calls, whether anybody waits for them or not', async () => {
    const { journal } = await open()
    const writes = [1, 2, 3].map((at) => journal.scans.write('r', 'started', at))
    const erased = journal.scans.erase('s', 'held')
    const last = journal.scans.write('s', 'held', 'last')
    await Promise.all([...writes, erased, last])
    expect([await journal.scans.read('r', 'started'), await journal.scans.read('s', 'held')]).toEqual([3, 'last'])
  })

  test('a forgotten link loses its marks of every kind, and no other link does', async () => {
    const { journal, reopen } = await open()
    const { scans } = journal
    for (const link of links) {
      await journal.records.openLink(linkIdentity(link, 'r'))
      for (const mark of scanMarks) await scans.write(link, mark, `${mark} of ${link}`)
    }
    await journal.records.forgetLink(links[0])
    const later = await reopen()
    for (const mark of scanMarks) expect(new Set((await later.scans.all(mark)).keys())).toEqual(new Set(links.slice(1)))
  })

  test('nothing is kept once the journal is closed: the write is refused', async () => {
    const { journal } = await open()
    await journal.close()
    await expect(journal.scans.write('r', 'held', 1)).rejects.toMatchObject({ fault: { code: 'JOURNAL_UNWRITABLE' } })
  })

  test('after any sequence of writes and erasures it holds what a map of maps holds', async () => {
    const act = fc.record({
      link: fc.constantFrom(...links),
      mark: fc.constantFrom(...scanMarks),
      value: fc.option(fc.jsonValue(), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const { journal } = await open()
        const model = new Map<ScanMark, Map<string, unknown>>(scanMarks.map((mark) => [mark, new Map()]))
        await Promise.all(
          acts.map(({ link, mark, value }) => {
            if (value === undefined) {
              model.get(mark)!.delete(link)
              return journal.scans.erase(link, mark)
            }
            // As JSON has it: there is no -0.
            model.get(mark)!.set(link, JSON.parse(JSON.stringify(value)))
            return journal.scans.write(link, mark, value)
          }),
        )
        for (const mark of scanMarks) {
          expect(await journal.scans.all(mark)).toEqual(model.get(mark))
          for (const link of links)
            expect(await journal.scans.read(link, mark)).toEqual(model.get(mark)!.get(link) ?? null)
        }
      }),
      { numRuns: 20 },
    )
  })
}

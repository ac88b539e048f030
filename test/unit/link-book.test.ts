import { expect, onTestFinished, test } from 'vitest'
import { ruleSchema, type RuleInput } from '../../shared/model/rule.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { scanMarks } from '../../electron/engine/journal/port/scans.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { ofLink, openKeptBooks } from '../../electron/engine/journal/kept-books.ts'
import { LinkBook } from '../../electron/engine/link/link-book.ts'
import { makeTempDir } from '../support/temp.ts'

async function world() {
  const temp = await makeTempDir('links')
  const endpoints = new Map(['a', 'b', 'c'].map((id) => [id, `http://${id}.example`]))
  let journal: Journal = openJournal({ dir: temp.path, now: () => 100 })
  const open = async (): Promise<LinkBook> => {
    const kept = await openKeptBooks(journal)
    const { records } = journal
    const endpoint = (id: string): string | null => endpoints.get(id) ?? null
    return new LinkBook({ records, sources: kept.sources, keptByLink: ofLink(kept), endpoint, now: () => 100 })
  }
  onTestFinished(async () => {
    await journal.close()
    await temp.remove()
  })
  return {
    endpoints,
    book: await open(),
    journal: () => journal,
    /** As after a kill: another book over the same file. */
    restart: async () => {
      await journal.close()
      journal = openJournal({ dir: temp.path, now: () => 100 })
      return open()
    },
  }
}

const rule = (more: Partial<RuleInput> = {}) =>
  ruleSchema.parse({
    id: 'r',
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: 'b', bucket: 'data' }],
    ...more,
  })

const idsOf = (book: LinkBook, of = rule()): readonly string[] => book.linksOf(of).map(({ linkId }) => linkId)

/** What an engine leaves behind: a task, a pair, a checkpoint. */
async function leaveTraces(journal: Journal, linkId: string): Promise<void> {
  const task = { key: 'k', versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 } as const
  const [seq] = await journal.tasks.enqueue([{ linkId, ...task }])
  const learned = [{ sourceVersionId: 'v', targetVersionId: 't' }]
  await journal.tasks.settle({ seq: seq!, revision: 1, bytes: 1, learned, forgotten: [] })
  for (const mark of scanMarks) await journal.scans.write(linkId, mark, 7)
  for (const name of ['brake', 'buckets']) await journal.records.write(`${name}/${linkId}`, {})
}

/** Everything but pairs, and the number that is never given twice, that is still kept under the link's name. */
async function traces({ records, scans }: Journal, linkId: string): Promise<readonly string[]> {
  const marks = await Promise.all(scanMarks.map(async (mark) => [mark, await scans.read(linkId, mark)] as const))
  const names = [...(await records.all('')).keys()].filter(
    (name) => name.endsWith(`/${linkId}`) && !name.startsWith('generation/'),
  )
  return [...marks.flatMap(([mark, value]) => (value === null ? [] : [mark])), ...names]
}

test('a link keeps its id and its past over restarts and edits, as long as its ends stay', async () => {
  const { book, restart, journal, endpoints } = await world()
  expect(await book.reconcile([rule()])).toEqual([])
  expect(idsOf(book)).toEqual(['r/b/data'])
  await leaveTraces(journal(), 'r/b/data')
  const later = await restart()
  endpoints.set('a', 'http://A.example/')
  expect(await later.reconcile([rule({ priority: 5, versionDeletes: true })])).toEqual([])
  expect([idsOf(later), journal().atOnce.pairs('r/b/data', 'k').length]).toEqual([['r/b/data'], 1])
})

const changes: readonly (readonly [string, Partial<RuleInput>, (endpoints: Map<string, string>) => void])[] = [
  ['another bucket of its source', { source: { site: 'a', bucket: 'other' } }, () => {}],
  ['another site as its source', { source: { site: 'c', bucket: 'data' } }, () => {}],
  ['a source that is another server now', {}, (endpoints) => endpoints.set('a', 'http://new.example')],
  ['a target that is another server now', {}, (endpoints) => endpoints.set('b', 'http://new.example')],
]

test.each(changes)(
  'a rule with %s has a new link without a past, also when the engine was down meanwhile',
  async (_, more, move) => {
    const { book, restart, journal, endpoints } = await world()
    await book.reconcile([rule()])
    await leaveTraces(journal(), 'r/b/data')
    move(endpoints)
    const later = await restart()
    expect(await later.reconcile([rule(more)])).toEqual(['r/b/data'])
    expect(idsOf(later, rule(more))).toEqual(['r/b/data/2'])
    expect(journal().atOnce.pairs('r/b/data', 'k')).toEqual([])
    expect(await traces(journal(), 'r/b/data')).toEqual([])
    expect(later.identity('r/b/data/2')).toMatchObject({ generation: 2, openedAt: 100 })
  },
)

test('a number is never given twice: not to a rule made again, nor after a crash between the two', async () => {
  const { book, restart } = await world()
  await book.reconcile([rule()])
  await book.reconcile([])
  await book.reconcile([rule()])
  expect(idsOf(book)).toEqual(['r/b/data/2'])
  // The rule was removed, and the engine killed before its link was forgotten.
  const later = await restart()
  expect(await later.reconcile([])).toEqual(['r/b/data/2'])
  await later.reconcile([rule()])
  expect(idsOf(later)).toEqual(['r/b/data/3'])
})

test('a target to which another source ever wrote is known to be shared', async () => {
  const { book, restart } = await world()
  const shared = (of: LinkBook): boolean => of.isShared(of.identity(idsOf(of)[0]!)!)
  await book.reconcile([rule()])
  expect(shared(book)).toBe(false)
  await book.reconcile([rule(), rule({ id: 'other', source: { site: 'c', bucket: 'data' } })])
  const later = await restart()
  await later.reconcile([rule()])
  expect(shared(later)).toBe(true)
})

test('a rule that was pointed elsewhere has no link until that is on record', async () => {
  const { book } = await world()
  await book.reconcile([rule()])
  expect(idsOf(book, rule({ source: { site: 'c', bucket: 'data' } }))).toEqual([])
})

test('a link whose site became another server is known before anything is reconciled', async () => {
  const { book, endpoints } = await world()
  await book.reconcile([rule()])
  const identity = book.identity('r/b/data')!
  expect(book.fits(identity)).toBe(true)
  endpoints.set('b', 'http://new.example')
  expect(book.fits(identity)).toBe(false)
})

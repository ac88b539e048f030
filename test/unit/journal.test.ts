import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failureFilter, failureListInput } from '../../shared/api/inputs.ts'
import { fault, FaultError, type Fault } from '../../shared/model/fault.ts'
import { OldestPending } from '../../electron/engine/journal/sqlite/tables/oldest-pending.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { Witness } from '../../electron/engine/journal/sqlite/file/witness.ts'
import { migrate, migrations } from '../../electron/engine/journal/sqlite/tables/schema.ts'
import { openJournal, type JournalOptions } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { briefingOf } from '../support/briefing.ts'
import { linkIdentity } from '../support/link-identity.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

const link = 'photos/0'
const denied = fault('ACCESS_DENIED', 'PutObject: no')
const busy = fault('SERVER_ERROR', 'PutObject: 500')
const done = { bytes: 7, learned: [], forgotten: [] }

interface Opened {
  readonly dir: string
  readonly journal: Journal
  /** Closes it and opens it again, as a restart does. */
  readonly reopen: () => Promise<Journal>
}

async function open(options: Partial<JournalOptions> = {}): Promise<Opened> {
  const temp = await makeTempDir('journal')
  const dir = temp.path
  const start = () => openJournal({ dir, now: () => 5000, ...options })
  let journal = start()
  onTestFinished(async () => {
    await journal.close()
    await temp.remove()
  })
  const reopen = async () => {
    await journal.close()
    journal = start()
    return journal
  }
  return { dir, journal, reopen }
}

const task = (key: string, more: Partial<NewTask> = {}): NewTask => ({
  linkId: link,
  key,
  versionId: 'v1',
  operation: 'put',
  sizeBytes: 10,
  changedAt: 1000,
  absentSeenAt: 0,
  ...more,
})

const faultOf = async (promise: Promise<unknown>): Promise<Fault | null> =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof FaultError ? error.fault : null),
  )

const failures = (journal: Journal, more: object = {}, filter: object = {}) =>
  journal.tasks.failures(failureListInput.parse({ ...more, filter }))

describe('tasks', () => {
  test('a bypass of governance stays with its version, whoever offers it again, and over a restart', async () => {
    const { journal, reopen } = await open()
    const purge = { operation: 'deleteVersion' } as const
    const [a, b] = await journal.tasks.enqueue([task('a', { ...purge, bypassGovernance: true }), task('b', purge)])
    await journal.tasks.enqueue([task('a', purge), task('b', { ...purge, bypassGovernance: true })])
    await journal.tasks.enqueue([task('c', purge)])
    const again = await reopen()
    expect(again.atOnce.ready(link, 0, 9).map(({ key, bypassGovernance }) => [key, bypassGovernance])).toEqual([
      ['a', true],
      ['b', true],
      ['c', undefined],
    ])
    expect([again.atOnce.task(a!)?.revision, again.atOnce.task(b!)?.revision]).toEqual([2, 2])
  })

  test('a version that waits already is one task with a higher revision, and an ack of the old one brings it back', async () => {
    const { journal } = await open()
    const [a, b, again, other] = await journal.tasks.enqueue([
      task('a', { changedAt: 2000 }),
      task('b', { versionId: null }),
      task('a', { changedAt: 3000, sizeBytes: 20, absentSeenAt: 9 }),
      task('a', { versionId: 'v2' }),
    ])
    expect([again, journal.atOnce.task(a!)]).toMatchObject([
      a,
      { revision: 2, sizeBytes: 20, changedAt: 2000, absentSeenAt: 0 },
    ])
    expect(await journal.tasks.settle({ seq: a!, revision: 1, ...done })).toBe(false)
    expect(journal.atOnce.ready(link, 0, 10).map(({ seq }) => seq)).toEqual([a, b, other])
    expect(await journal.tasks.settle({ seq: a!, revision: 2, ...done })).toBe(true)
    expect(await journal.tasks.settle({ seq: a!, revision: 2, ...done })).toBe(true)
    expect(journal.atOnce.task(a!)).toBeNull()
    expect(journal.atOnce.totals(link)).toMatchObject({ backlogCount: 2, settledCount: 1, settledBytes: 14 })
  })

  test('totals follow every change, and are the same after a restart', async () => {
    const { journal, reopen } = await open()
    const [a, b, c] = await journal.tasks.enqueue([
      task('a', { changedAt: 300 }),
      task('b', { changedAt: 100, sizeBytes: null }),
      task('c', { changedAt: 200, sizeBytes: 1 }),
      task('d', { changedAt: 400, linkId: 'other/0' }),
    ])
    await journal.tasks.delay(a!, busy, 1, 9000, 5000)
    await journal.tasks.park(b!, 1, denied, 1, 5000)
    const expected = {
      backlogCount: 2,
      backlogBytes: 11,
      oldestPendingAt: 200,
      delayed: 1,
      failing: 1,
      parked: 1,
      lingering: 0,
      settledCount: 0,
      settledBytes: 0,
    }
    expect(journal.atOnce.totals(link)).toEqual(expected)
    const later = await reopen()
    expect(later.atOnce.totals(link)).toEqual(expected)
    await later.tasks.settle({ seq: c!, revision: 1, ...done })
    expect(later.atOnce.totals(link)).toMatchObject({ backlogCount: 1, oldestPendingAt: 300, settledCount: 1 })
    expect(later.atOnce.totals('nobody/0')).toMatchObject({ backlogCount: 0, oldestPendingAt: null })
  })

  test('ready rows, due rows and the next of a key come in their order', async () => {
    const { journal } = await open()
    const keys = ['a', 'a', 'b', 'c', 'd']
    const seqs = await journal.tasks.enqueue(keys.map((key, at) => task(key, { versionId: `v${at}` })))
    await journal.tasks.enqueue([task('big', { sizeBytes: 1 << 28 })])
    await journal.tasks.delay(seqs[2]!, busy, 1, 8000, 5000)
    await journal.tasks.delay(seqs[3]!, busy, 1, 7000, 5000)
    await journal.tasks.park(seqs[0]!, 1, denied, 1, 5000)
    expect({
      ready: journal.atOnce.ready(link, 0, 2).map(({ key }) => key),
      after: journal.atOnce.ready(link, seqs[1]!, 9).map(({ key }) => key),
      apart: journal.atOnce.readyApart(link, 0, 9).map(({ key }) => key),
      due: [journal.atOnce.due(link, 7500, 9), journal.atOnce.due(link, 9000, 9)].map((rows) =>
        rows.map(({ key }) => key),
      ),
      delayedKeys: [...journal.atOnce.delayedKeys(link)].sort(),
      unsettled: journal.atOnce.unsettled(link, 'a', 9).map(({ seq }) => seq),
    }).toEqual({
      ready: ['a', 'd'],
      after: ['d', 'big'],
      apart: ['big'],
      due: [['c'], ['c', 'b']],
      delayedKeys: ['b', 'c'],
      unsettled: [seqs[1]],
    })
  })

  test('a number is never given twice, even when the journal was empty in between', async () => {
    const { journal, reopen } = await open()
    const [first] = await journal.tasks.enqueue([task('a')])
    await journal.tasks.settle({ seq: first!, revision: 1, ...done })
    const [second] = await (await reopen()).tasks.enqueue([task('b')])
    expect(second).toBeGreaterThan(first!)
  })

  test('the end of an attempt takes the sight of a scan from the other versions of its key', async () => {
    const { journal } = await open()
    const seen = { absentSeenAt: 4000 }
    const [a1, a2, b] = await journal.tasks.enqueue([
      task('a', seen),
      task('a', { ...seen, versionId: 'v2' }),
      task('b', seen),
    ])
    await journal.tasks.settle({ seq: a1!, revision: 1, ...done })
    expect([journal.atOnce.task(a2!)?.absentSeenAt, journal.atOnce.task(b!)?.absentSeenAt]).toEqual([0, 4000])
    for (const [key, fail] of [
      ['c', (seq: number) => journal.tasks.delay(seq, busy, 1, 6000, 5000)],
      ['d', (seq: number) => journal.tasks.park(seq, 1, denied, 1, 5000)],
    ] as const) {
      const [failed, other] = await journal.tasks.enqueue([task(key, seen), task(key, { ...seen, versionId: 'v2' })])
      await fail(failed!)
      expect([failed, other].map((seq) => journal.atOnce.task(seq!)?.absentSeenAt)).toEqual([0, 0])
    }
  })

  test('keys of every kind come back as they went in', async () => {
    const { journal } = await open()
    const keys = ['', ' ', 'a\nb', 'a\0b', '%_\'"', 'ü/日本/😀', '../..', 'x'.repeat(1024)]
    await journal.tasks.enqueue(keys.map((key) => task(key)))
    expect(journal.atOnce.ready(link, 0, 99).map(({ key }) => key)).toEqual(keys)
  })

  test('a forgotten link is gone at once, its rows are swept, and its name may be used again', async () => {
    const { dir, journal, reopen } = await open()
    const seqs = await journal.tasks.enqueue(Array.from({ length: 700 }, (_, at) => task(`${at}`)))
    await journal.tasks.settle({
      seq: seqs[0]!,
      revision: 1,
      ...done,
      learned: [{ sourceVersionId: 's', targetVersionId: 't' }],
    })
    await journal.tasks.park(seqs[1]!, 1, denied, 1, 5000)
    await journal.records.forgetLink(link)
    expect([
      journal.atOnce.task(seqs[2]!),
      journal.atOnce.totals(link).backlogCount,
      (await failures(journal)).total,
    ]).toEqual([null, 0, 0])
    const [again] = await journal.tasks.enqueue([task('2')])
    expect([journal.atOnce.ready(link, 0, 9).length, journal.atOnce.pairs(link, '0')]).toEqual([1, []])
    const later = await reopen()
    await expect.poll(() => rowsIn(dir, 'SELECT count(*) AS n FROM task')).toBe(1)
    await expect.poll(() => rowsIn(dir, 'SELECT count(*) AS n FROM link')).toBe(1)
    expect(later.atOnce.task(again!)?.key).toBe('2')
  })
})

describe('failures', () => {
  test('the list filters, searches, sorts and pages, and counts by code over all that matches', async () => {
    const { journal } = await open()
    for (const linkId of [link, 'photos/1']) await journal.records.openLink(linkIdentity(linkId, 'photos'))
    await journal.records.openLink(linkIdentity('photos2/0', 'photos2'))
    const seqs = await journal.tasks.enqueue([
      task('a/1'),
      task('a/2', { operation: 'deleteMarker' }),
      task('b/3', { linkId: 'photos/1' }),
      task('b/4', { linkId: 'photos2/0' }),
      task('never failed'),
    ])
    await journal.tasks.delay(seqs[0]!, busy, 3, 9000, 100)
    await journal.tasks.park(seqs[1]!, 1, denied, 1, 200)
    await journal.tasks.park(seqs[2]!, 1, denied, 2, 300)
    await journal.tasks.delay(seqs[3]!, busy, 4, 8000, 400)
    const keys = async (more: object, filter: object = {}) =>
      (await failures(journal, more, filter)).rows.map(({ key }) => key)
    expect({
      newestFirst: await keys({}),
      byKey: await keys({ sort: 'key', descending: false }),
      byNext: await keys({ sort: 'nextAttemptAt', descending: false }),
      secondPage: await keys({ sort: 'attempts', offset: 2, limit: 1 }),
      ofRule: await keys({}, { ruleId: 'photos' }),
      ofLink: await keys({}, { linkId: 'photos/1' }),
      parked: await keys({}, { state: 'parked' }),
      code: await keys({}, { code: 'SERVER_ERROR' }),
      operation: await keys({}, { operation: 'deleteMarker' }),
      search: await keys({}, { search: 'b/' }),
      none: await keys({}, { search: 'B/' }),
    }).toEqual({
      newestFirst: ['b/4', 'b/3', 'a/2', 'a/1'],
      byKey: ['a/1', 'a/2', 'b/3', 'b/4'],
      byNext: ['b/4', 'a/1', 'a/2', 'b/3'],
      secondPage: ['b/3'],
      ofRule: ['b/3', 'a/2', 'a/1'],
      ofLink: ['b/3'],
      parked: ['b/3', 'a/2'],
      code: ['b/4', 'a/1'],
      operation: ['a/2'],
      search: ['b/4', 'b/3'],
      none: [],
    })
    const page = await failures(journal, { limit: 1 }, { ruleId: 'photos' })
    expect([page.total, page.byCode, page.rows[0]]).toMatchObject([
      3,
      [
        { code: 'ACCESS_DENIED', count: 2 },
        { code: 'SERVER_ERROR', count: 1 },
      ],
      { fault: denied, attempts: 2, firstFailedAt: 300, lastAttemptAt: 300, state: 'parked' },
    ])
  })

  test('retry makes them ready with a backoff that starts anew, one by one or all that match, within the limit', async () => {
    const { journal } = await open()
    const seqs = await journal.tasks.enqueue(Array.from({ length: 600 }, (_, at) => task(`${at}`)))
    await Promise.all(seqs.slice(0, 500).map((seq) => journal.tasks.park(seq, 1, denied, 4, 1)))
    const filter = failureFilter.parse({ code: 'ACCESS_DENIED' })
    expect(await journal.tasks.retry({ seqs: [seqs[0]!, seqs[599]!, 12_345] }, 10)).toEqual([
      { seq: seqs[0], linkId: link, key: '0' },
    ])
    expect((await journal.tasks.retry({ filter }, 300)).length).toBe(300)
    expect((await journal.tasks.retry({ filter }, 300)).length).toBe(199)
    expect(journal.atOnce.totals(link)).toMatchObject({ backlogCount: 600, parked: 0, delayed: 0 })
    expect(journal.atOnce.task(seqs[7]!)).toMatchObject({ state: 'ready', attempts: 0, triedBefore: 4, fault: denied })
    expect((await failures(journal)).total).toBe(500)
  })

  test('a parked version that is enqueued again is ready, and stays in the list until it settles', async () => {
    const { journal } = await open()
    const [seq] = await journal.tasks.enqueue([task('a')])
    await journal.tasks.park(seq!, 1, denied, 1, 1)
    await journal.tasks.enqueue([task('a')])
    expect((await failures(journal)).rows).toMatchObject([{ seq, state: 'ready', revision: 2 }])
    await journal.tasks.settle({ seq: seq!, revision: 2, ...done })
    expect((await failures(journal)).total).toBe(0)
  })

  test('the history of a version that failed tells everything in order; of one that did not, nothing', async () => {
    const { journal } = await open()
    const [seq, fine] = await journal.tasks.enqueue([task('a'), task('fine')])
    await journal.tasks.delay(seq!, busy, 1, 6000, 5100)
    await journal.tasks.park(seq!, 1, denied, 2, 5200)
    await journal.tasks.retry({ seqs: [seq!] }, 1)
    expect(await journal.history.ended(seq!)).toBeNull()
    await journal.tasks.settle({ seq: seq!, revision: 1, ...done, did: 'marker' })
    await journal.tasks.settle({ seq: fine!, revision: 1, ...done })
    const rest = { attempt: null, fault: null, did: null }
    expect(await journal.history.itemEvents(link, 'a', 'v1')).toEqual([
      { ...rest, at: 5000, what: 'queued' },
      { ...rest, at: 5100, what: 'attempt-failed', attempt: 1, fault: busy },
      { ...rest, at: 5200, what: 'parked', attempt: 2, fault: denied },
      { ...rest, at: 5000, what: 'retried' },
      { ...rest, at: 5000, what: 'settled', attempt: 3, did: 'marker' },
    ])
    expect(await journal.history.ended(seq!)).toEqual({
      linkId: link,
      key: 'a',
      versionId: 'v1',
      at: 5000,
      did: 'marker',
    })
    expect([await journal.history.ended(fine!), await journal.history.ended(999)]).toEqual([null, null])
    expect(await journal.history.itemEvents(link, 'fine', 'v1')).toEqual([])
  })

  test('after any sequence of changes the counts are those of the list, and who listens has heard of its last state', async () => {
    const { journal, reopen } = await open()
    const random = new Random(11)
    const pick = <T>(of: readonly T[]): T => of[random.int(0, of.length - 1)]!
    const shown = async (of: Journal) =>
      (await failures(of, { sort: 'key', limit: 500 })).rows.map(
        ({ seq, state, attempts }) => `${seq} ${state} ${attempts}`,
      )
    let heard = await shown(journal)
    journal.tasks.onFailures(async () => (heard = await shown(journal)))
    const seqs = new Set<number>()
    const acts: Readonly<Record<string, (seq: number) => Promise<unknown>>> = {
      enqueue: async () => seqs.add((await journal.tasks.enqueue([task(`${random.int(0, 8)}`)]))[0]!),
      delay: (seq) => journal.tasks.delay(seq, busy, 1, 9000, 5000),
      park: (seq) => journal.tasks.park(seq, journal.atOnce.task(seq)?.revision ?? 1, denied, 1, 5000),
      retry: (seq) => journal.tasks.retry({ seqs: [seq] }, 1),
      retryAll: () => journal.tasks.retry({ filter: failureFilter.parse({}) }, 3),
      settle: (seq) => journal.tasks.settle({ seq, revision: 1, ...done }),
    }
    for (let step = 0; step < 600; step++) {
      await acts[pick(Object.keys(acts))]!(pick([...seqs, 0]))
      const { failing, parked, delayed } = journal.atOnce.totals(link)
      const counts = {
        all: (await failures(journal)).total,
        failing: (await failures(journal, {}, { state: 'delayed' })).total,
        parked: (await failures(journal, {}, { state: 'parked' })).total,
      }
      expect(counts).toEqual({ all: failing + parked, failing, parked })
      expect(delayed).toBeLessThanOrEqual(failing)
      expect(heard).toEqual(await shown(journal))
    }
    const before = journal.atOnce.totals(link)
    expect((await reopen()).atOnce.totals(link)).toEqual(before)
  })

  test('a retry in steps takes each item once, however often it fails meanwhile', async () => {
    const { journal } = await open()
    const seqs = await journal.tasks.enqueue(Array.from({ length: 10 }, (_, at) => task(`${at}`)))
    for (const seq of seqs) await journal.tasks.park(seq, 1, denied, 1, 5000)
    const filter = failureFilter.parse({})
    const taken: number[] = []
    for (let step = 0; step < 20; step++) {
      const some = await journal.tasks.retry({ filter, failedBy: 5000 }, 3)
      taken.push(...some.map(({ seq }) => seq))
      for (const { seq } of some) await journal.tasks.park(seq, 1, denied, 1, 5001)
    }
    expect(taken.toSorted((a, b) => a - b)).toEqual(seqs)
  })

  test('history stays within its bound', async () => {
    const { dir, journal } = await open({ limits: { events: 300 } })
    const [seq] = await journal.tasks.enqueue([task('a')])
    await Promise.all(Array.from({ length: 2000 }, (_, at) => journal.tasks.delay(seq!, busy, at + 1, 9000, 5000 + at)))
    expect(rowsIn(dir, 'SELECT count(*) AS n FROM event')).toBeLessThanOrEqual(300 + 256)
    expect((await journal.history.itemEvents(link, 'a', 'v1')).at(-1)?.attempt).toBe(2000)
  })
})

describe('what is kept beside the tasks', () => {
  test('pairs are learned and forgotten with the settlement, and ranges take in both ends by UTF-8 order', async () => {
    const { journal } = await open()
    const keys = ['a', 'b', '\u{ffee}', '\u{1f600}']
    const seqs = await journal.tasks.enqueue(keys.map((key) => task(key)))
    for (const seq of seqs) {
      const learned = [1, 2].map((n) => ({ sourceVersionId: `s${n}`, targetVersionId: `t${n}` }))
      await journal.tasks.settle({ seq, revision: 1, bytes: 0, learned, forgotten: [] })
    }
    const [seq] = await journal.tasks.enqueue([task('a', { operation: 'deleteVersion' })])
    await journal.tasks.settle({ seq: seq!, revision: 1, bytes: 0, learned: [], forgotten: ['s1'] })
    expect(journal.atOnce.pairs(link, 'a')).toEqual([{ sourceVersionId: 's2', targetVersionId: 't2' }])
    expect([...(await journal.versions.pairsBetween(link, 'b', '\u{1f600}')).keys()]).toEqual([
      'b',
      '\u{ffee}',
      '\u{1f600}',
    ])
    expect([...(await journal.versions.pairsBetween(link, 'a', 'b')).keys()]).toEqual(['a', 'b'])
  })

  test('an upload keeps its parts over a restart, starts anew when it is saved again, and ends with its task', async () => {
    const { journal, reopen } = await open()
    const [seq] = await journal.tasks.enqueue([task('a')])
    await journal.tasks.savePart(seq!, { partNumber: 9, etag: 'too early', sizeBytes: 1 })
    await journal.tasks.saveUpload(seq!, { uploadId: 'u', layout: [5, 2], sourceEtag: 'e' })
    await journal.tasks.savePart(seq!, { partNumber: 2, etag: 'p2', sizeBytes: 2 })
    await journal.tasks.savePart(seq!, { partNumber: 1, etag: 'p1', sizeBytes: 5 })
    const later = await reopen()
    expect((await briefingOf(later, { seq: seq! })).upload).toEqual({
      uploadId: 'u',
      layout: [5, 2],
      sourceEtag: 'e',
      parts: [
        { partNumber: 1, etag: 'p1', sizeBytes: 5 },
        { partNumber: 2, etag: 'p2', sizeBytes: 2 },
      ],
    })
    await later.tasks.saveUpload(seq!, { uploadId: 'u2', layout: [7], sourceEtag: 'e2' })
    expect((await briefingOf(later, { seq: seq! })).upload).toMatchObject({ uploadId: 'u2', parts: [] })
    await later.tasks.settle({ seq: seq!, revision: 1, ...done })
    expect((await briefingOf(later, { seq: seq! })).upload).toBeNull()
  })

  test('activity and rollups come back as they were written', async () => {
    const { journal, reopen } = await open({ limits: { activity: 3, rollupAgeMs: 1000 } })
    const entry = {
      at: 1,
      level: 'warning',
      subject: 'rule',
      ruleId: 'r',
      siteId: null,
      text: 't',
      fault: denied,
    } as const
    for (let at = 1; at <= 5; at++)
      await journal.history.addActivity({ ...entry, at, ruleId: at % 2 === 0 ? 'r' : null })
    const rollup = {
      linkId: '',
      backlogCount: 1,
      backlogBytes: 2,
      lagSeconds: 0.5,
      objects: 3,
      bytes: 4,
      failures: 5,
      rttMs: null,
      fullMs: 6,
      fullObjects: 7,
      fullBytes: 8,
    }
    await journal.history.addRollups([1000, 1900, 2500].map((at) => ({ ...rollup, at })))
    const later = await reopen()
    const all = { ruleId: null, level: null, before: null, limit: 9 }
    const newest = await later.history.activity(all)
    expect({
      activity: newest.map(({ at }) => at),
      ofRule: (await later.history.activity({ ...all, ruleId: 'r' })).map(({ at }) => at),
      before: (await later.history.activity({ ...all, before: newest[0]!.id, limit: 1 })).map(({ at }) => at),
      fault: newest[0]!.fault,
      rollups: await later.history.rollups('', 0),
    }).toEqual({
      activity: [5, 4, 3],
      ofRule: [4],
      before: [4],
      fault: denied,
      rollups: [
        { ...rollup, at: 1900 },
        { ...rollup, at: 2500 },
      ],
    })
  })
})

describe('the file', () => {
  test('a full disk ends all writing: nothing is promised that is not there, and everybody is told once', async () => {
    const lines: string[] = []
    const { dir, journal } = await open({ limits: { maxPages: 100 }, log: (line) => void lines.push(line) })
    const told: Fault[] = []
    journal.state.onFault((fault) => told.push(fault))
    const writes = Array.from({ length: 40 }, (_, batch) =>
      journal.tasks.enqueue(Array.from({ length: 100 }, (_, at) => task(`${batch}/${at}/${'x'.repeat(100)}`))),
    )
    const ends = await Promise.allSettled(writes)
    const promised = ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
    const refusals = await Promise.all(writes.map(faultOf))
    expect(refusals.at(-1)?.message).toBe('The journal could not be written: database or disk is full.')
    expect((await faultOf(journal.records.write('later', 1)))?.code).toBe('JOURNAL_UNWRITABLE')
    expect([told.length, lines.length]).toEqual([1, 1])
    expect(promised.length).toBeGreaterThan(0)
    const { backlogCount } = journal.atOnce.totals(link)
    await journal.close()
    const later = openJournal({ dir, now: Date.now })
    // What was committed but not synced when the disk was full is there, and was promised to nobody.
    const there = new Set(later.atOnce.ready(link, 0, 10_000).map(({ seq }) => seq))
    expect([there.size, promised.filter((seq) => !there.has(seq))]).toEqual([backlogCount, []])
    await later.close()
  })

  test('a second engine in the same process is refused, and a closed journal frees its directory', async () => {
    const { dir, journal, reopen } = await open()
    expect(() => openJournal({ dir, now: Date.now })).toThrow(`The journal is open in process ${process.pid}.`)
    expect(readFileSync(join(dir, 'journal.pid'), 'utf8')).toBe(`${process.pid}\n`)
    await reopen()
    expect((await faultOf(journal.flush()))?.code).toBe('JOURNAL_UNWRITABLE')
  })

  test('a journal written by version 1 opens with all that it held', async () => {
    const temp = await makeTempDir('journal-v1')
    const dir = temp.path
    const database = new DatabaseSync(join(dir, 'journal.db'))
    migrate(database, migrations.slice(0, 1))
    database.exec(`INSERT INTO link (id, name, pending, bytes) VALUES (1, '${link}', 2, 300000001);
      INSERT INTO task (seq, link, key, version_id, op, size, changed_at, absent_at, enqueued_at)
        VALUES (7, 1, 'a', '', 0, 1, 50, 0, 60), (8, 1, 'big', 'v', 0, 300000000, 40, 0, 60);
      INSERT INTO oldest VALUES (1, 0, 2, 40);
      UPDATE mark SET seq = 8`)
    database.close()
    const journal = openJournal({ dir, now: () => 5000 })
    expect(journal.atOnce.readyApart(link, 0, 9)).toMatchObject([{ seq: 8, key: 'big' }])
    expect(journal.atOnce.totals(link)).toMatchObject({
      backlogCount: 2,
      backlogBytes: 300_000_001,
      oldestPendingAt: 40,
    })
    expect([journal.atOnce.handedOut(), await journal.tasks.enqueue([task('b')])]).toEqual([8, [9]])
    await journal.close()
    // It has a witness from now on: an older copy of it is noticed.
    expect(new Witness(join(dir, 'journal.witness')).found).toMatchObject({
      commits: expect.any(Number) as number,
      closed: {},
    })
    await temp.remove()
  })

  test('a journal written by version 6 counts what it had failed, and knows its tasks by number', async () => {
    const temp = await makeTempDir('journal-v7')
    const dir = temp.path
    const database = new DatabaseSync(join(dir, 'journal.db'))
    migrate(database, migrations.slice(0, 6))
    const why = JSON.stringify(denied)
    database.exec(`INSERT INTO link (id, name, pending, bytes, delayed, parked) VALUES (1, '${link}', 3, 3, 1, 1);
      INSERT INTO task (seq, link, key, version_id, op, size, changed_at, absent_at, enqueued_at, state, attempts, code, fault,
        first_failed_at, last_attempt_at) VALUES
        (1, 1, 'ready', '', 0, 1, 50, 0, 60, 0, 0, 'ACCESS_DENIED', '${why}', 61, 62),
        (2, 1, 'delayed', '', 0, 1, 50, 0, 60, 2, 4, 'ACCESS_DENIED', '${why}', 61, 62),
        (3, 1, 'parked', '', 0, 1, 50, 0, 60, 3, 1, 'ACCESS_DENIED', '${why}', 61, 62),
        (4, 1, 'fine', '', 0, 1, 50, 0, 60, 0, 0, NULL, NULL, NULL, NULL);
      UPDATE mark SET seq = 4`)
    database.close()
    const journal = openJournal({ dir, now: () => 5000 })
    expect(journal.atOnce.totals(link)).toMatchObject({ failing: 2, delayed: 1, parked: 1 })
    expect((await failures(journal)).total).toBe(3)
    expect(journal.atOnce.task(2)).toMatchObject({ attempts: 4, triedBefore: 0 })
    await journal.close()
    await temp.remove()
  })

  test.each([1, 2, 3])('a journal written by version %i tells what each of its links was made for', async (version) => {
    const temp = await makeTempDir('journal-links')
    const dir = temp.path
    const database = new DatabaseSync(join(dir, 'journal.db'))
    migrate(database, migrations.slice(0, version))
    const rule = { rule: { id: 'r', source: { site: 'a', bucket: 'data' } }, paused: null, createdAt: 1 }
    const site = (id: string) => JSON.stringify({ site: { id, endpoint: `http://${id}.example:9000` } })
    const add = database.prepare('INSERT INTO value VALUES (?, ?)')
    for (const [name, json] of [
      ['rule/r', JSON.stringify(rule)],
      ['site/a', site('a')],
      ['site/b', site('b')],
    ])
      add.run(name!, json!)
    database.exec(`INSERT INTO link (id, name) VALUES (1, 'r/b/data'), (2, 'gone/b/data'), (3, NULL);
      INSERT INTO pair VALUES (1, 'k', 's1', 't1')`)
    database.close()
    const journal = openJournal({ dir, now: () => 5000 })
    expect(await journal.records.links()).toEqual(
      new Map<string, unknown>([
        ['gone/b/data', null],
        [
          'r/b/data',
          linkIdentity('r/b/data', 'r', {
            source: { site: 'a', bucket: 'data', endpoint: 'http://a.example:9000' },
            target: { site: 'b', bucket: 'data', endpoint: 'http://b.example:9000' },
          }),
        ],
      ]),
    )
    expect(journal.atOnce.pairs('r/b/data', 'k')).toEqual([
      { sourceVersionId: 's1', targetVersionId: 't1', proof: 'untold' },
    ])
    await journal.close()
    await temp.remove()
  })

  test('what a link is survives a restart, and goes when it is forgotten', async () => {
    const { journal, reopen } = await open()
    const second = linkIdentity('r/t/data/2', 'r', { generation: 2, openedAt: 7 })
    await journal.records.openLink(second)
    const later = await reopen()
    expect([...(await later.records.links())]).toEqual([['r/t/data/2', second]])
    await later.records.forgetLink('r/t/data/2')
    expect((await (await reopen()).records.links()).size).toBe(0)
  })

  test('what copies went without is counted with the task, survives a restart, and goes with the link', async () => {
    const { dir, journal, reopen } = await open()
    await journal.records.openLink(linkIdentity(link, 'photos'))
    const [a, b] = await journal.tasks.enqueue([task('a'), task('b')])
    await journal.tasks.settle({ seq: a!, revision: 1, ...done, notKept: ['acl', 'sse-s3'] })
    await journal.tasks.settle({ seq: b!, revision: 1, ...done, notKept: ['sse-s3'] })
    // Told twice, as after an answer that was lost: it is settled already.
    await journal.tasks.settle({ seq: b!, revision: 1, ...done, notKept: ['sse-s3'] })
    const later = await reopen()
    expect([...(await later.history.notKept(link))]).toEqual([
      ['acl', 1],
      ['sse-s3', 2],
    ])
    await later.records.forgetLink(link)
    expect((await later.history.notKept(link)).size).toBe(0)
    await expect.poll(() => rowsIn(dir, 'SELECT count(*) AS n FROM not_kept')).toBe(0)
  })

  test('a journal written before losses were counted opens with none', async () => {
    const temp = await makeTempDir('journal-v7')
    const database = new DatabaseSync(join(temp.path, 'journal.db'))
    migrate(database, migrations.slice(0, 7))
    database.exec(`INSERT INTO link (id, name) VALUES (1, '${link}')`)
    database.close()
    const journal = openJournal({ dir: temp.path, now: () => 5000 })
    expect((await journal.history.notKept(link)).size).toBe(0)
    await journal.close()
    await temp.remove()
  })

  test('a journal written before markers were noted does not claim to know which ones were sent', async () => {
    const temp = await makeTempDir('journal-v9')
    const database = new DatabaseSync(join(temp.path, 'journal.db'))
    migrate(database, migrations.slice(0, 9))
    database.exec(`INSERT INTO link (id, name, pending) VALUES (1, '${link}', 6);
      UPDATE mark SET seq = 3 WHERE name = 'handed-out';
      INSERT INTO task (seq, link, key, version_id, op, size, changed_at, absent_at, enqueued_at, attempts) VALUES
        (1, 1, 'k', 'marker', 2, NULL, 50, 0, 60, 0), (2, 1, 'k', 'object', 0, 1, 50, 0, 60, 1),
        (3, 1, 'k', 'purge', 3, NULL, 50, 0, 60, 0), (4, 1, 'k', 'tried', 2, NULL, 50, 0, 60, 2),
        (5, 1, 'k', 'never', 2, NULL, 50, 0, 60, 0), (6, 1, 'k', 'sized', 3, 7, 50, 0, 60, 4)`)
    database.close()
    const journal = openJournal({ dir: temp.path, now: () => 5000 })
    const { markers } = await briefingOf(journal, { seq: 1, linkId: link, key: 'k' })
    expect(new Map(markers.map(({ versionId, note }) => [versionId, note]))).toEqual(
      new Map(['marker', 'purge', 'tried'].map((versionId) => [versionId, 'unsure'])),
    )
    await journal.close()
    await temp.remove()
  })

  test('a journal of a newer Lockstep, and a file that is none, are refused in words', async () => {
    const temp = await makeTempDir('journal-new')
    const dir = temp.path
    const path = join(dir, 'journal.db')
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => openJournal({ dir, now: Date.now })).toThrow(/format 99/)
    writeFileSync(path, 'not a database at all, '.repeat(100))
    expect(() => openJournal({ dir, now: Date.now })).toThrow(/JOURNAL_DAMAGED: .*not a database/)
    await temp.remove()
  })

  test('the mark of what was handed out only goes up', async () => {
    const { journal, reopen } = await open()
    await journal.tasks.raiseHandedOut(500)
    await journal.tasks.raiseHandedOut(400)
    expect((await reopen()).atOnce.handedOut()).toBe(500)
  })
})

test('the oldest pending change is exact, whatever comes and goes', () => {
  const step = fc.record({ add: fc.boolean(), seq: fc.integer({ min: 1, max: 5000 }), at: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const pending = new Map<number, number>()
      const oldest = new OldestPending()
      const least = (times: Iterable<number>): number | null => [...times].sort((a, b) => a - b)[0] ?? null
      for (const { add, seq, at } of steps) {
        const held = pending.get(seq)
        if (held !== undefined) oldest.remove(seq, held)
        pending.delete(seq)
        if (add) {
          pending.set(seq, at)
          oldest.add(seq, at)
        }
        const within = (from: number, to: number) =>
          least([...pending].filter(([each]) => each >= from && each <= to).map(([, time]) => time))
        expect(oldest.find(within)).toBe(least(pending.values()))
      }
    }),
  )
})

function rowsIn(dir: string, sql: string): number {
  const database = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true })
  try {
    return Number(database.prepare(sql).get()!['n'])
  } finally {
    database.close()
  }
}

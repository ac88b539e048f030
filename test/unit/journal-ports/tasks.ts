import { expect, test } from 'vitest'
import { failureFilter, failureListInput } from '../../../shared/api/inputs.ts'
import { fault } from '../../../shared/model/fault.ts'
import type { FailedTasks, NewTask, TaskStore } from '../../../electron/engine/journal/port/tasks.ts'
import { linkIdentity } from '../../support/link-identity.ts'
import type { OpenJournal } from './implementation.ts'

const link = 'r/a/b'
const denied = fault('ACCESS_DENIED', 'PutObject: no')
const busy = fault('SERVER_ERROR', 'PutObject: 500')
const done = { bytes: 1, learned: [], forgotten: [] }

const put = (key: string, more: Partial<NewTask> = {}): NewTask => ({
  linkId: link,
  key,
  versionId: 'v',
  operation: 'put',
  sizeBytes: 1,
  changedAt: 1,
  absentSeenAt: 0,
  ...more,
})

const failures = (tasks: TaskStore, filter: object = {}): Promise<FailedTasks> =>
  tasks.failures(failureListInput.parse({ filter, sort: 'key', descending: false }))
const keysOf = ({ rows }: FailedTasks): readonly string[] => rows.map(({ key }) => key)

/** What `TaskStore` promises, of any implementation. */
export function tasksPromises(open: OpenJournal): void {
  test('numbers go up in the order of the calls, over all calls and restarts, and none is given twice', async () => {
    const { journal, reopen } = await open()
    const batches = ['a', 'b', 'c'].map((name) => [1, 2, 3].map((at) => put(`${name}${at}`)))
    const given = (await Promise.all(batches.map((batch) => journal.tasks.enqueue(batch)))).flat()
    for (const seq of given) await journal.tasks.settle({ ...done, seq, revision: 1 })
    const [later] = await (await reopen()).tasks.enqueue([put('d')])
    const all = [...given, later!]
    expect(all).toEqual(all.toSorted((a, b) => a - b))
    expect(new Set(all).size).toBe(10)
  })

  test('the same version again is the same task; an end of what it was before gives it back', async () => {
    const { journal, reopen } = await open()
    const [first, other] = await journal.tasks.enqueue([put('k'), put('k', { versionId: null })])
    expect(await journal.tasks.enqueue([put('k')])).toEqual([first])
    expect(await journal.tasks.settle({ ...done, seq: first!, revision: 1 })).toBe(false)
    expect(await journal.tasks.park(other!, 1, denied, 1, 100)).toBe(true)
    expect(await journal.tasks.enqueue([put('k', { versionId: null })])).toEqual([other])
    expect(await journal.tasks.park(other!, 1, denied, 2, 200)).toBe(false)
    const { tasks } = await reopen()
    expect(await tasks.settle({ ...done, seq: first!, revision: 2 })).toBe(true)
    // Whoever repeats an end hears that it has ended.
    expect(await tasks.settle({ ...done, seq: first!, revision: 2 })).toBe(true)
    expect((await tasks.enqueue([put('k')]))[0]).toBeGreaterThan(other!)
  })

  test('what lingers is done and known of, over a restart: it holds nothing back, is counted once and is woken at its time', async () => {
    const { journal, reopen } = await open()
    const [first, second] = await journal.tasks.enqueue([put('k'), put('k', { versionId: 'w' })])
    await journal.tasks.delay(first!, busy, 1, 50, 40)
    const lingers = { until: 500 }
    const learned = [{ sourceVersionId: 'v', targetVersionId: 't', writtenBy: 'one' }]
    expect(await journal.tasks.settle({ ...done, learned, seq: first!, revision: 1, lingers })).toBe(true)
    const { tasks, atOnce } = await reopen()
    expect(atOnce.totals(link)).toMatchObject({
      backlogCount: 1,
      delayed: 0,
      failing: 0,
      lingering: 1,
      settledCount: 1,
    })
    expect(atOnce.unsettled(link, 'k', 9).map(({ seq }) => seq)).toEqual([second])
    expect((await tasks.waiting(link, 'k', 9)).map(({ seq }) => seq)).toEqual([first, second])
    expect([atOnce.isUnderWay(link, 'k'), atOnce.isPendingUpTo(link, first!)]).toEqual([true, false])
    expect((await failures(tasks)).total).toBe(0)
    expect(await tasks.retry({ seqs: [first!] }, 1)).toEqual([])
    const brief = { linkId: link, key: 'k', own: 'all', inbound: [], opposite: null, tellsWriters: false } as const
    expect(await tasks.brief([{ seq: second!, ...brief }])).toMatchObject([{ open: [second, first], pairs: learned }])
    expect([await tasks.lingersUntil(), await tasks.wakeLingering(499, 9)]).toEqual([500, []])
    expect(await tasks.wakeLingering(500, 9)).toEqual([{ seq: first, linkId: link, key: 'k' }])
    expect(atOnce.totals(link)).toMatchObject({ backlogCount: 2, lingering: 0 })
    expect(await tasks.find(first!)).toMatchObject({ state: 'ready', fault: null, lingered: true })
    expect(await tasks.settle({ ...done, seq: first!, revision: 1, lingers: { until: 900 } })).toBe(true)
    expect(await tasks.find(first!)).toMatchObject({ state: 'lingering', dueAt: 900 })
    expect(await tasks.enqueue([put('k')])).toEqual([first])
    expect(await tasks.find(first!)).toMatchObject({ state: 'ready', revision: 2, dueAt: 900 })
    expect(await tasks.settle({ ...done, seq: first!, revision: 2 })).toBe(true)
    expect([await tasks.find(first!), atOnce.totals(link).settledCount]).toEqual([null, 1])
  })

  test('what has lingered is woken in steps, and is no old change again: it is at the target', async () => {
    const { journal } = await open()
    const { tasks, atOnce } = journal
    const old = { changedAt: 1 }
    const seqs = await tasks.enqueue([put('k', old), put('l', old), put('m', old), put('n', old)])
    const end = { ...done, revision: 1, lingers: { until: 500 } }
    for (const seq of seqs) expect(await tasks.settle({ ...end, seq })).toBe(true)
    expect(await tasks.enqueue([put('k', { changedAt: 700 })])).toEqual([seqs[0]])
    expect(atOnce.totals(link)).toMatchObject({ backlogCount: 1, oldestPendingAt: 700, lingering: 3 })
    expect((await tasks.wakeLingering(600, 2)).map(({ seq }) => seq)).toEqual([seqs[1], seqs[2]])
    expect(atOnce.totals(link)).toMatchObject({ backlogCount: 3, oldestPendingAt: 600, lingering: 1 })
    expect((await tasks.wakeLingering(650, 2)).map(({ seq }) => seq)).toEqual([seqs[3]])
    expect(atOnce.totals(link)).toMatchObject({ backlogCount: 4, oldestPendingAt: 600, lingering: 0 })
  })

  test('one that was offered anew as it began to linger is counted once', async () => {
    const { journal } = await open()
    const { tasks, atOnce } = journal
    const [seq] = await tasks.enqueue([put('k')])
    await tasks.enqueue([put('k')])
    expect(await tasks.settle({ ...done, seq: seq!, revision: 1, lingers: { until: 500 } })).toBe(false)
    expect(await tasks.settle({ ...done, seq: seq!, revision: 2 })).toBe(true)
    expect(atOnce.totals(link).settledCount).toBe(1)
  })

  test.each([
    ['deleteVersion', 'put', 'deleteVersion'],
    ['deleteVersion', 'metadata', 'deleteVersion'],
    ['deleteMarker', 'put', 'deleteMarker'],
    ['deleteMarker', 'deleteVersion', 'deleteVersion'],
    ['put', 'metadata', 'metadata'],
    ['metadata', 'deleteVersion', 'deleteVersion'],
  ] as const)('of a %s that waits and a later %s of the same version comes a %s', async (first, later, operation) => {
    const { journal, reopen } = await open()
    const [seq] = await journal.tasks.enqueue([put('k', { operation: first })])
    expect(await journal.tasks.enqueue([put('k', { operation: later })])).toEqual([seq])
    expect((await reopen()).atOnce.task(seq!)).toMatchObject({ operation, revision: 2 })
  })

  test('who is urgent hears that its tasks outlive the process before it hears that they are on disk', async () => {
    const { journal } = await open()
    const heard: (string | readonly number[])[] = []
    const seqs = await journal.tasks.enqueue([put('a'), put('b')], { committed: (of) => void heard.push(of) })
    heard.push('on disk')
    expect(heard).toEqual([seqs, 'on disk'])
  })

  test('what fails is listed until it settles, by state, code and link, and over a restart', async () => {
    const { journal, reopen } = await open()
    const seqs = await journal.tasks.enqueue(['a', 'b', 'c', 'd'].map((key) => put(key)))
    await journal.tasks.delay(seqs[0]!, busy, 1, 9000, 100)
    await journal.tasks.park(seqs[1]!, 1, denied, 1, 200)
    await journal.tasks.delay(seqs[2]!, busy, 1, 9000, 300)
    await journal.tasks.settle({ ...done, seq: seqs[2]!, revision: 1 })
    for (const place of [async () => journal, reopen]) {
      const { tasks } = await place()
      const all = await failures(tasks)
      expect([all.total, keysOf(all)]).toEqual([2, ['a', 'b']])
      expect(all.rows[1]).toMatchObject({
        seq: seqs[1],
        state: 'parked',
        fault: denied,
        attempts: 1,
        lastAttemptAt: 200,
      })
      expect(keysOf(await failures(tasks, { state: 'parked' }))).toEqual(['b'])
      expect(keysOf(await failures(tasks, { code: 'SERVER_ERROR' }))).toEqual(['a'])
      expect(keysOf(await failures(tasks, { linkId: 'other' }))).toEqual([])
    }
  })

  test('what only help ends is counted by link and code until it settles, and what is tried again is not', async () => {
    const { journal, reopen } = await open()
    const [first, other, failing] = await journal.tasks.enqueue([put('a'), put('b'), put('c')])
    await journal.tasks.park(first!, 1, denied, 1, 100)
    await journal.tasks.park(other!, 1, denied, 1, 100)
    await journal.tasks.delay(failing!, busy, 1, 200, 100)
    const { tasks } = await reopen()
    expect(await tasks.parkedCauses()).toEqual([{ linkId: link, code: 'ACCESS_DENIED', count: 2, fault: denied }])
    await tasks.settle({ ...done, seq: first!, revision: 1 })
    await tasks.settle({ ...done, seq: other!, revision: 1 })
    expect(await tasks.parkedCauses()).toEqual([])
  })

  test('a task is found by its number until it settles, and by its key among those that wait or those that are parked', async () => {
    const { journal, reopen } = await open()
    const versions = ['a', 'b', 'c', 'd', 'e']
    const seqs = await journal.tasks.enqueue([
      ...versions.map((versionId) => put('k', { versionId })),
      put('k', { linkId: 'other' }),
      put('kk'),
    ])
    await journal.tasks.settle({ ...done, seq: seqs[0]!, revision: 1 })
    await journal.tasks.park(seqs[1]!, 1, denied, 1, 100)
    await journal.tasks.delay(seqs[2]!, busy, 1, 9000, 100)
    await journal.tasks.park(seqs[3]!, 1, denied, 1, 100)
    for (const place of [async () => journal, reopen]) {
      const { tasks } = await place()
      expect(await tasks.find(seqs[0]!)).toBeNull()
      expect(await tasks.find(seqs.at(-1)! + 1)).toBeNull()
      expect(await tasks.find(seqs[1]!)).toMatchObject({ seq: seqs[1], linkId: link, key: 'k', state: 'parked' })
      expect(await tasks.waiting(link, 'k', 9)).toMatchObject([{ seq: seqs[2], state: 'delayed' }, { seq: seqs[4] }])
      expect(await tasks.waiting(link, 'k', 1)).toMatchObject([{ seq: seqs[2] }])
      expect(await tasks.parked(link, 'k')).toMatchObject([
        { seq: seqs[3], fault: denied },
        { seq: seqs[1], fault: denied },
      ])
      expect([await tasks.waiting('none', 'k', 9), await tasks.parked('none', 'k')]).toEqual([[], []])
    }
  })

  test('a retry takes each once, no more than asked for, none that a worker has, and none that failed later', async () => {
    const { journal } = await open()
    const { tasks } = journal
    const seqs = await tasks.enqueue(['a', 'b', 'c', 'd'].map((key) => put(key)))
    for (const [at, seq] of seqs.entries()) await tasks.park(seq, 1, denied, 1, at * 100)
    const filter = failureFilter.parse({})
    const took = async (limit: number, isTaken?: (seq: number) => boolean): Promise<readonly string[]> =>
      (await tasks.retry({ filter, failedBy: 200 }, limit, isTaken)).map(({ key }) => key)
    expect(await took(9, (seq) => seq === seqs[0])).toEqual(['b', 'c'])
    expect(await took(9)).toEqual(['a'])
    expect(await took(9)).toEqual([])
    expect((await tasks.retry({ seqs: [seqs[3]!, seqs[3]!, 999] }, 9)).map(({ key }) => key)).toEqual(['d'])
    // They stay listed until they settle, and count on where they were.
    expect((await failures(tasks)).rows.map(({ state, triedBefore }) => [state, triedBefore])).toEqual(
      Array.from({ length: 4 }, () => ['ready', 1]),
    )
  })

  test('who listens for failures reads them when it is told', async () => {
    const { journal } = await open()
    const read: Promise<FailedTasks>[] = []
    journal.tasks.onFailures(() => void read.push(failures(journal.tasks)))
    const [seq] = await journal.tasks.enqueue([put('k')])
    await journal.tasks.delay(seq!, busy, 1, 9000, 100)
    expect((await read.at(-1))?.total).toBe(1)
    await journal.tasks.settle({ ...done, seq: seq!, revision: 1 })
    expect((await read.at(-1))?.total).toBe(0)
  })

  test('tasks go with their link, and its name begins anew', async () => {
    const { journal, reopen } = await open()
    await journal.records.openLink(linkIdentity(link, 'r'))
    const [seq] = await journal.tasks.enqueue([put('k')])
    await journal.tasks.park(seq!, 1, denied, 1, 100)
    await journal.records.forgetLink(link)
    expect((await failures(journal.tasks)).total).toBe(0)
    const { tasks } = await reopen()
    expect((await failures(tasks)).total).toBe(0)
    expect((await tasks.enqueue([put('k')]))[0]).toBeGreaterThan(seq!)
  })

  test('nothing is promised once the journal is closed, and a stop is no fault', async () => {
    const { journal } = await open()
    await journal.close()
    await expect(journal.tasks.enqueue([put('k')])).rejects.toMatchObject({ fault: { code: 'JOURNAL_UNWRITABLE' } })
    expect(journal.state.fault()).toBeNull()
  })

  test('a journal that cannot be written takes nothing through any port, and says why in one place', async () => {
    const { journal } = await open({ limits: { maxPages: 60 } })
    const told: string[] = []
    journal.state.onFault(({ code }) => told.push(code))
    expect(journal.state.fault()).toBeNull()
    const filled = async (): Promise<void> => {
      for (let at = 0; at < 400; at++) await journal.records.write(`record ${at}`, 'x'.repeat(4000))
    }
    await expect(filled()).rejects.toMatchObject({ fault: { code: 'JOURNAL_UNWRITABLE' } })
    const writes = [
      journal.tasks.enqueue([put('k')]),
      journal.scans.write(link, 'held', 1),
      journal.history.addRollups([]),
      journal.records.erase('record 1'),
    ]
    for (const write of writes) await expect(write).rejects.toMatchObject({ fault: { code: 'JOURNAL_UNWRITABLE' } })
    expect([told, journal.state.fault()?.code]).toEqual([['JOURNAL_UNWRITABLE'], 'JOURNAL_UNWRITABLE'])
  })
}

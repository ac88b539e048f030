import { expect, test } from 'vitest'
import { fault } from '../../../shared/model/fault.ts'
import type { NewTask } from '../../../electron/engine/journal/port/tasks.ts'
import { linkIdentity } from '../../support/link-identity.ts'
import type { OpenJournal } from './implementation.ts'

const denied = fault('ACCESS_DENIED', 'PutObject: no')
const entry = { level: 'warning', subject: 'rule', siteId: null, text: 't', fault: denied } as const
const rollup = {
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
const put = (linkId: string, key: string): NewTask => ({
  linkId,
  key,
  versionId: 'v',
  operation: 'put',
  sizeBytes: 1,
  changedAt: 1,
  absentSeenAt: 0,
})
const all = { ruleId: null, level: null, before: null, limit: 9 }
const done = { revision: 1, bytes: 1, learned: [], forgotten: [] }

/** What `HistoryStore` promises, of any implementation. */
export function historyPromises(open: OpenJournal): void {
  test('activity comes newest first, by rule and level, page by page, within its bound, and after a restart', async () => {
    const { journal, reopen } = await open({ limits: { activity: 4 } })
    // Nobody waits: they are on disk in the order of their calls all the same.
    const written = [1, 2, 3, 4, 5, 6].map((at) =>
      journal.history.addActivity({
        ...entry,
        at,
        ruleId: at % 2 === 0 ? 'r' : null,
        level: at === 5 ? 'info' : 'warning',
      }),
    )
    await Promise.all(written)
    for (const place of [async () => journal, reopen]) {
      const { history } = await place()
      const newest = await history.activity(all)
      expect(newest.map(({ at }) => at)).toEqual([6, 5, 4, 3])
      expect(newest[0]).toEqual({ ...entry, id: newest[0]!.id, at: 6, ruleId: 'r' })
      expect((await history.activity({ ...all, ruleId: 'r' })).map(({ at }) => at)).toEqual([6, 4])
      expect((await history.activity({ ...all, level: 'info' })).map(({ at }) => at)).toEqual([5])
      const next = await history.activity({ ...all, before: newest[1]!.id, limit: 1 })
      expect(next.map(({ at }) => at)).toEqual([4])
    }
  })

  test('rollups come oldest first from an instant on, one of each link and instant, and go with their link', async () => {
    const { journal, reopen } = await open({ limits: { rollupAgeMs: 1000 } })
    await journal.records.openLink(linkIdentity('r/a/b', 'r'))
    const rows = [1000, 1900, 2500].flatMap((at) => [
      { ...rollup, linkId: '', at },
      { ...rollup, linkId: 'r/a/b', at },
    ])
    await journal.history.addRollups(rows)
    await journal.history.addRollups([{ ...rollup, linkId: '', at: 2500, objects: 99 }])
    const times = async (linkId: string, since: number): Promise<readonly number[]> =>
      (await later.history.rollups(linkId, since)).map(({ at }) => at)
    const later = await reopen()
    expect([await times('', 0), await times('', 1901), await times('r/a/b', 0)]).toEqual([
      [1900, 2500],
      [2500],
      [1900, 2500],
    ])
    expect((await later.history.rollups('', 2000))[0]).toEqual({ ...rollup, linkId: '', at: 2500, objects: 99 })
    await later.records.forgetLink('r/a/b')
    expect([await times('r/a/b', 0), await times('', 0)]).toEqual([[], [1900, 2500]])
  })

  test('an item that failed has a history and an end, one that never did has neither, and both go with the link', async () => {
    const { journal, reopen } = await open()
    const linkId = 'r/a/b'
    await journal.records.openLink(linkIdentity(linkId, 'r'))
    const [failed, smooth] = await journal.tasks.enqueue([put(linkId, 'failed'), put(linkId, 'smooth')])
    await journal.tasks.delay(failed!, denied, 1, 9000, 100)
    expect(await journal.history.ended(failed!)).toBeNull()
    await journal.tasks.settle({ ...done, seq: failed!, did: 'copied' })
    await journal.tasks.settle({ ...done, seq: smooth!, did: 'copied' })
    const later = await reopen()
    const what = async (key: string): Promise<readonly string[]> =>
      (await later.history.itemEvents(linkId, key, 'v')).map((event) => event.what)
    expect([await what('failed'), await what('smooth')]).toEqual([['queued', 'attempt-failed', 'settled'], []])
    expect(await later.history.ended(failed!)).toEqual({
      linkId,
      key: 'failed',
      versionId: 'v',
      at: 5000,
      did: 'copied',
    })
    expect([await later.history.ended(smooth!), await later.history.ended(999)]).toEqual([null, null])
    await later.records.forgetLink(linkId)
    expect([await what('failed'), await later.history.ended(failed!)]).toEqual([[], null])
  })

  test('what copies went without is counted by property with what settles them', async () => {
    const { journal, reopen } = await open()
    const seqs = await journal.tasks.enqueue(['a', 'b', 'c'].map((key) => put('l', key)))
    await journal.tasks.settle({ ...done, seq: seqs[0]!, notKept: ['acl', 'checksum'] })
    await journal.tasks.settle({ ...done, seq: seqs[1]!, notKept: ['acl'] })
    await journal.tasks.settle({ ...done, seq: seqs[2]! })
    const later = await reopen()
    expect(await later.history.notKept('l')).toEqual(
      new Map([
        ['acl', 2],
        ['checksum', 1],
      ]),
    )
    expect(await later.history.notKept('other')).toEqual(new Map())
  })
}

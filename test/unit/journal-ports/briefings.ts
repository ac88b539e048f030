import { expect, test } from 'vitest'
import { fault } from '../../../shared/model/fault.ts'
import type { NewTask } from '../../../electron/engine/journal/port/tasks.ts'
import { briefingOf } from '../../support/briefing.ts'
import type { OpenJournal } from './implementation.ts'

const link = 'r/a/b'
const back = 'r/b/a'
const nothing = {
  pairs: [],
  tombstones: [],
  upload: null,
  open: [],
  markers: [],
  openAtSource: [],
  writers: [],
  pairsBack: [],
}
const done = { revision: 1, bytes: 1, learned: [], forgotten: [] }
const pairOf = (name: string) => ({ sourceVersionId: `s${name}`, targetVersionId: `t${name}` })

const taskOf = (key: string, more: Partial<NewTask> = {}): NewTask => ({
  linkId: link,
  key,
  versionId: 'v',
  operation: 'put',
  sizeBytes: 1,
  changedAt: 1,
  absentSeenAt: 0,
  ...more,
})

/** What `TaskStore.brief` promises, of any implementation. */
export function briefingsPromises(open: OpenJournal): void {
  test('who asks is told the pairs, the upload and the open tasks of its key, and of no other', async () => {
    const { journal, reopen } = await open()
    const [ended, parked, seq, other] = await journal.tasks.enqueue([
      taskOf('k', { versionId: 'v1' }),
      taskOf('k', { versionId: 'v2' }),
      taskOf('k'),
      taskOf('other'),
    ])
    await journal.tasks.settle({ ...done, seq: ended!, learned: [pairOf('1')] })
    await journal.tasks.settle({ ...done, seq: other!, learned: [pairOf('2')] })
    await journal.tasks.park(parked!, 1, fault('ACCESS_DENIED', 'no'), 1, 100)
    await journal.tasks.saveUpload(seq!, { uploadId: 'u', layout: [5], sourceEtag: 'e' })
    await journal.tasks.savePart(seq!, { partNumber: 1, etag: 'p', sizeBytes: 5 })
    for (const place of [async () => journal, reopen]) {
      const told = await briefingOf(await place(), { seq: seq!, linkId: link, key: 'k' })
      const upload = {
        uploadId: 'u',
        layout: [5],
        sourceEtag: 'e',
        parts: [{ partNumber: 1, etag: 'p', sizeBytes: 5 }],
      }
      expect({ ...told, open: told.open.toSorted((a, b) => a - b) }).toEqual({
        ...nothing,
        pairs: [pairOf('1')],
        upload,
        open: [parked, seq],
        asOfSeq: other,
      })
    }
  })

  test('what is not asked for is empty, and one answer comes for each request in its order', async () => {
    const { journal } = await open()
    const [first, second] = await journal.tasks.enqueue([taskOf('a'), taskOf('b'), taskOf('b', { versionId: 'v2' })])
    const [, last] = await journal.tasks.enqueue([taskOf('a', { versionId: 'v2' }), taskOf('c')])
    await journal.tasks.settle({ ...done, seq: first!, learned: [pairOf('1')] })
    const rest = { linkId: link, inbound: [], opposite: null, tellsWriters: false }
    const told = await journal.tasks.brief([
      { ...rest, seq: second!, key: 'b', own: 'nothing' },
      { ...rest, seq: last! - 1, key: 'a', own: 'pairs' },
      { ...rest, seq: last! + 1, linkId: 'unknown', key: 'a', own: 'all' },
    ])
    expect(told).toEqual([
      { ...nothing, asOfSeq: last },
      { ...nothing, pairs: [pairOf('1')], asOfSeq: last },
      { ...nothing, asOfSeq: last },
    ])
    expect(await journal.tasks.brief([])).toEqual([])
  })

  test('who asks is told which delete markers of its key were sent and not heard of, until it is known what became of them', async () => {
    const { journal, reopen } = await open()
    const [sent, unsure, back, elder, seq] = await journal.tasks.enqueue(
      ['sent', 'unsure', 'back', 'elder', 'own'].map((versionId) => taskOf('k', { versionId })),
    )
    await journal.tasks.enqueue([taskOf('other', { versionId: 'sent' })])
    const note = (versionId: string, what: number | 'unsure' | null) =>
      journal.tasks.noteMarker({ linkId: link, key: 'k', versionId }, what)
    await Promise.all([
      note('sent', 100),
      note('sent', 200),
      note('unsure', 'unsure'),
      note('elder', 300),
      note('own', 400),
    ])
    await Promise.all([note('back', 500), note('back', null), note('not there', 600)])
    await journal.tasks.park(unsure!, 1, fault('ACCESS_DENIED', 'no'), 1, 100)
    const told = async (of = journal) => {
      const { markers } = await briefingOf(of, { seq: seq!, linkId: link, key: 'k' })
      return Object.fromEntries(markers.map((one) => [one.versionId, one.note]))
    }
    const noted = { sent: 200, unsure: 'unsure', elder: 300, own: 400 }
    expect(await told()).toEqual(noted)
    const later = await reopen()
    expect([await told(later), later.atOnce.task(sent!)?.marker, later.atOnce.task(back!)?.marker]).toEqual([
      noted,
      200,
      undefined,
    ])
    // An elder came along and is paired; one that is only alike tells nothing of the other.
    const learned = [pairOf('own'), { sourceVersionId: 'elder', targetVersionId: 't' }]
    const alike = { sourceVersionId: 'sent', targetVersionId: 'u', proof: 'found' } as const
    await later.tasks.settle({ ...done, seq: seq!, learned: [...learned, alike] })
    expect([await told(later), later.atOnce.task(elder!)?.marker]).toEqual([{ sent: 200, unsure: 'unsure' }, undefined])
  })

  test('of the links that write to its source it is told what is open there, who writes, and what the way back paired', async () => {
    const { journal } = await open()
    const [learned, writer, purge, third, seq] = await journal.tasks.enqueue([
      taskOf('k', { linkId: back, versionId: 'v1' }),
      taskOf('k', { linkId: back, versionId: 'v2' }),
      taskOf('k', { linkId: back, versionId: 'v3', operation: 'deleteVersion' }),
      taskOf('k', { linkId: 'other' }),
      taskOf('k', { operation: 'deleteVersion' }),
    ])
    await journal.tasks.settle({ ...done, seq: learned!, learned: [{ ...pairOf('1'), proof: 'found' }] })
    await journal.tasks.delay(writer!, fault('SERVER_ERROR', '500'), 2, 9000, 100)
    const asked = { seq: seq!, linkId: link, key: 'k', own: 'nothing', inbound: [back, 'other'] } as const
    const told = await briefingOf(journal, { ...asked, opposite: back, tellsWriters: true })
    expect(told.openAtSource.toSorted((a, b) => a - b)).toEqual([writer, purge, third])
    expect(told.writers.map(({ seq: of, attempts }) => [of, attempts]).toSorted(([a], [b]) => a! - b!)).toEqual([
      [writer, 2],
      [third, 0],
    ])
    expect(told.pairsBack).toEqual([{ ...pairOf('1'), proof: 'found' }])
    const untold = await briefingOf(journal, asked)
    expect([untold.writers, untold.pairsBack, untold.openAtSource.length]).toEqual([[], [], 3])
  })

  test('a pair that was forgotten is told as a tombstone until no task of its key is open', async () => {
    const { journal, reopen } = await open()
    const [first, purge, parked] = await journal.tasks.enqueue(
      ['v1', 'v2', 'v3'].map((v) => taskOf('k', { versionId: v })),
    )
    await journal.tasks.settle({ ...done, seq: first!, learned: [pairOf('1'), pairOf('2')] })
    await journal.tasks.settle({ ...done, seq: purge!, forgotten: ['s1'] })
    const asked = { linkId: link, key: 'k' }
    const later = await reopen()
    const told = await briefingOf(later, { ...asked, seq: parked! })
    expect([told.pairs, told.tombstones]).toEqual([[pairOf('2')], [pairOf('1')]])
    expect((await later.versions.pairsBetween(link, 'k', 'k')).get('k')).toEqual([pairOf('2')])
    await later.tasks.settle({ ...done, seq: parked! })
    const [next] = await later.tasks.enqueue([taskOf('k')])
    expect((await briefingOf(later, { ...asked, seq: next! })).tombstones).toEqual([])
  })

  test('a number that is not told as open is of a task that settled, however many settle and come meanwhile', async () => {
    const { journal } = await open()
    const settled = new Set<number>()
    const told: Promise<unknown>[] = []
    for (let round = 0; round < 40; round++) {
      const [seq] = await journal.tasks.enqueue([taskOf('k', { versionId: `v${round}` })])
      const settling = journal.tasks.settle({ ...done, seq: seq! }).then(() => settled.add(seq!))
      const before = new Set(settled)
      const briefing = briefingOf(journal, { seq: seq!, linkId: link, key: 'k' })
      told.push(
        briefing.then(({ open: isOpen, asOfSeq }) => {
          expect(asOfSeq).toBeGreaterThanOrEqual(seq!)
          expect(isOpen.filter((one) => before.has(one))).toEqual([])
        }),
      )
      if (round % 3 === 0) await settling
    }
    await Promise.all(told)
  })
}

import type { DatabaseSync } from 'node:sqlite'
import type { Fault } from '../../../../../shared/model/fault.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { History } from '../history/history.ts'
import type { LinkTable } from '../tables/links.ts'
import type { Pairs } from './pairs.ts'
import type { RetriedBecause, Settlement, TaskStore } from '../../port/tasks.ts'
import { stateCode } from '../tables/task-row.ts'
import type { NotKept } from '../history/not-kept.ts'
import type { UploadTable } from './uploads.ts'

const columns =
  'seq, link, key, version_id, state, size, changed_at, enqueued_at, attempts, first_failed_at, revision, tried_before, lingered'
type Row = readonly [
  seq: number,
  link: number,
  key: string,
  version: string,
  state: number,
  size: number | null,
  changedAt: number,
  enqueuedAt: number,
  attempts: number,
  firstFailedAt: number | null,
  revision: number,
  triedBefore: number,
  lingered: number,
]

const counted = ([seq, , , , state, size, changedAt, , , firstFailedAt]: Row) => ({
  seq,
  state,
  size,
  changedAt,
  failed: firstFailedAt !== null,
})
const subject = ([seq, link, key, version]: Row) => ({ seq, link, key, version })
const nothing = { attempt: null, fault: null, did: null }

interface Failed {
  readonly seq: number
  readonly fault: Fault
  readonly attempts: number
  readonly dueAt: number
  readonly at: number
}

/** The ends of an attempt. All methods only inside a transaction. */
export class TaskWrites {
  readonly #links: LinkTable
  readonly #history: History
  readonly #pairs: Pairs
  readonly #uploads: UploadTable
  readonly #notKept: NotKept
  readonly #now: () => number
  readonly #bySeq
  readonly #remove
  readonly #stay
  readonly #wake
  readonly #heard
  readonly #unsee
  readonly #fail
  readonly #retry

  constructor(
    database: DatabaseSync,
    parts: {
      readonly links: LinkTable
      readonly history: History
      readonly pairs: Pairs
      readonly uploads: UploadTable
      readonly notKept: NotKept
    },
    now: () => number,
  ) {
    this.#links = parts.links
    this.#history = parts.history
    this.#pairs = parts.pairs
    this.#uploads = parts.uploads
    this.#notKept = parts.notKept
    this.#now = now
    this.#bySeq = query<Row>(database, `SELECT ${columns} FROM task WHERE seq = ?`)
    this.#remove = query<Row>(database, `DELETE FROM task WHERE seq = ? AND revision = ? RETURNING ${columns}`)
    this.#stay = database.prepare(
      `UPDATE task SET state = ?, attempts = 0, tried_before = 0, due_at = ?, lingered = ?, code = NULL, fault = NULL,
       first_failed_at = NULL, last_attempt_at = NULL, marker = 0 WHERE seq = ?`,
    )
    this.#wake = query<Row>(
      database,
      `UPDATE task SET state = ${stateCode.ready}, changed_at = ? WHERE seq IN
         (SELECT seq FROM task WHERE state = ${stateCode.lingering} AND due_at <= ? ORDER BY due_at LIMIT ?)
       RETURNING ${columns}`,
    )
    this.#heard = database.prepare(
      'UPDATE task INDEXED BY task_marker SET marker = 0 WHERE link = ? AND key = ? AND version_id = ? AND marker <> 0',
    )
    this.#unsee = database.prepare('UPDATE task SET absent_at = 0 WHERE link = ? AND key = ? AND absent_at > 0')
    this.#fail = database.prepare(
      `UPDATE task SET state = ?, attempts = ?, due_at = ?, code = ?, fault = ?,
       first_failed_at = coalesce(first_failed_at, ?), last_attempt_at = ? WHERE seq = ?`,
    )
    this.#retry = database.prepare(
      `UPDATE task SET state = ${stateCode.ready}, tried_before = tried_before + attempts, attempts = 0, due_at = 0
       WHERE seq = ?`,
    )
  }

  settle(settlement: Settlement): boolean {
    const { seq, revision, bytes, learned, forgotten, notKept, uncounted, did = null, lingers } = settlement
    const removed = lingers === undefined ? this.#remove.get(seq, revision) : undefined
    const row = removed ?? this.#bySeq.get(seq)
    if (row === undefined) return true
    const link = this.#links.numbered(row[1])
    this.#uploads.drop(seq)
    if (link === undefined) return true
    if (learned.length + forgotten.length > 0) this.#pairs.record(link.id, row[2], { learned, forgotten })
    // Of a marker that came along it is known now what became of it, whatever its own task will meet.
    for (const { sourceVersionId, proof } of learned)
      if (proof === undefined && sourceVersionId !== row[3]) this.#heard.run(link.id, row[2], sourceVersionId)
    if (notKept !== undefined) this.#notKept.count(link.id, notKept)
    this.#links.leave(link, counted(row))
    const isCurrent = row[10] === revision
    // One that lingered was counted before, also where its version was offered anew as it began to.
    const isDone = isCurrent || lingers !== undefined
    this.#links.settled(link, isDone && uncounted !== true && row[12] === 0 ? 1 : 0, bytes)
    // What a scan saw of this key before is out of date: the worker may have written more than this version.
    this.#unsee.run(link.id, row[2])
    const attempt = row[11] + row[8] + 1
    if (row[9] !== null)
      this.#history.add(subject(row), { at: this.#now(), what: 'settled', attempt, fault: null, did })
    if (removed !== undefined) {
      this.#pairs.bury(link.id, row[2])
      return true
    }
    const state = isCurrent ? stateCode.lingering : stateCode.ready
    this.#stay.run(state, lingers?.until ?? 0, lingers === undefined ? row[12] : 1, seq)
    this.#links.arrive(link, { ...counted(row), state, failed: false })
    return isCurrent
  }

  /** Makes ready what has lingered long enough. Its change is at the target: only the look is to be done, since now. */
  wake(now: number, limit: number): readonly { readonly seq: number; readonly linkId: string; readonly key: string }[] {
    const since = Math.floor(now)
    return this.#wake.all(since, since, limit).flatMap((row) => {
      const link = this.#links.numbered(row[1])
      if (link === undefined) return []
      this.#links.leave(link, { ...counted(row), state: stateCode.lingering })
      this.#links.arrive(link, counted(row))
      return [{ seq: row[0], linkId: link.name, key: row[2] }]
    })
  }

  delay(failed: Failed): void {
    this.#failed(failed, () => stateCode.delayed)
  }

  park(failed: Failed, revision: number): boolean {
    const state = this.#failed(failed, (row) => (row[10] === revision ? stateCode.parked : stateCode.ready))
    return state !== stateCode.ready
  }

  /** null when it is ready, or done. */
  retry(
    seq: number,
    because: RetriedBecause,
  ): { readonly seq: number; readonly linkId: string; readonly key: string } | null {
    const row = this.#bySeq.get(seq)
    const link = row === undefined ? undefined : this.#links.numbered(row[1])
    if (row === undefined || link === undefined || row[4] === stateCode.ready || row[4] === stateCode.lingering)
      return null
    this.#retry.run(seq)
    this.#move(row, stateCode.ready, counted(row).failed)
    this.#history.add(subject(row), { ...nothing, at: this.#now(), what: because })
    return { seq, linkId: link.name, key: row[2] }
  }

  #failed({ seq, fault, attempts, dueAt, at }: Failed, stateOf: (row: Row) => number): number | null {
    const row = this.#bySeq.get(seq)
    if (row === undefined) return null
    const state = stateOf(row)
    this.#fail.run(state, attempts, dueAt, fault.code, JSON.stringify(fault), at, at, seq)
    this.#unsee.run(row[1], row[2])
    this.#move(row, state, true)
    // A first failure tells when the task came: nothing was written about it until then.
    if (row[9] === null) this.#history.add(subject(row), { ...nothing, at: row[7], what: 'queued' })
    const what = state === stateCode.parked ? 'parked' : 'attempt-failed'
    this.#history.add(subject(row), { at, what, attempt: row[11] + attempts, fault, did: null })
    return state
  }

  #move(row: Row, state: number, failed: boolean): void {
    const link = this.#links.numbered(row[1])
    if (link === undefined) return
    this.#links.leave(link, counted(row))
    this.#links.arrive(link, { ...counted(row), state, failed })
  }
}

export function openTaskWrites(
  writes: TaskWrites,
  commit: GroupCommit,
): Pick<TaskStore, 'settle' | 'delay' | 'park' | 'wakeLingering'> {
  return {
    settle: (settlement) => commit.submit(1, () => writes.settle(settlement)),
    delay: (seq, fault, attempts, dueAt, at) =>
      commit.submit(1, () => writes.delay({ seq, fault, attempts, dueAt: Math.ceil(dueAt), at })),
    park: (seq, revision, fault, attempts, at) =>
      commit.submit(1, () => writes.park({ seq, fault, attempts, dueAt: 0, at }, revision)),
    wakeLingering: (now, limit) => commit.submit(1, () => writes.wake(now, limit)),
  }
}

import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { History } from '../history/history.ts'
import type { LinkEntry, LinkTable } from '../tables/links.ts'
import type { NewTask, ReadsAtOnce, TaskStore } from '../../port/tasks.ts'
import { operationCode, stateCode, storedVersion } from '../tables/task-row.ts'

/** Rows per statement: half the cost of one by one; more than 16 gain little. */
const AT_ONCE = 16
/** Rows per write: a flush ends between two writes, so a large batch spreads over several. */
const PER_WRITE = 128

const columns = 'seq, link, key, version_id, op, size, changed_at, absent_at, enqueued_at, bypass'
const tuple = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'

type Value = number | string | null
type Pending = readonly [
  seq: number,
  state: number,
  size: number | null,
  changedAt: number,
  absentAt: number,
  first_failed_at: number | null,
]

/** A change's time and size as the journal counts with them: a feed may give fractions, or nothing that is a number. */
const whole = (value: number, otherwise: number): number => (Number.isFinite(value) ? Math.floor(value) : otherwise)
const wholeSize = (size: number | null): number | null =>
  size === null || !Number.isFinite(size) ? null : Math.max(0, Math.floor(size))

const bypassCode = ({ bypassGovernance }: NewTask): number => (bypassGovernance === true ? 1 : 0)

const isDelete = (op: string): string => `${op} IN (${operationCode.deleteMarker}, ${operationCode.deleteVersion})`

/**
 * ?1 is that of the later task. Of a write an event may tell after what came of it: a delete that waits stays one. Whoever carries it
 * out asks the source, and brings what is there all the same.
 */
const mergedOperation = `CASE WHEN ${isDelete('op')} AND NOT ${isDelete('?1')} THEN op ELSE ?1 END`

class Enqueuer {
  readonly #links: LinkTable
  readonly #history: History
  readonly #now: () => number
  readonly #insertOne
  readonly #insertMany
  readonly #present
  readonly #pending
  readonly #merge
  readonly #raiseMark
  #lastSeq: number

  constructor(database: DatabaseSync, links: LinkTable, history: History, now: () => number) {
    this.#links = links
    this.#history = history
    this.#now = now
    const insert = (tuples: string) =>
      database.prepare(`INSERT INTO task (${columns}) VALUES ${tuples} ON CONFLICT DO NOTHING`)
    this.#insertOne = insert(tuple)
    this.#insertMany = insert(Array.from({ length: AT_ONCE }, () => tuple).join(', '))
    this.#present = query<readonly [number]>(database, 'SELECT seq FROM task WHERE seq BETWEEN ? AND ?')
    this.#pending = query<Pending>(
      database,
      `SELECT seq, state, size, changed_at, absent_at, first_failed_at FROM task
       WHERE link = ? AND key = ? AND version_id = ?`,
    )
    this.#merge = database.prepare(
      `UPDATE task SET revision = revision + 1, op = ${mergedOperation}, size = ?, changed_at = ?, absent_at = ?, state = ?,
       bypass = max(bypass, ?) WHERE seq = ?`,
    )
    this.#raiseMark = database.prepare("UPDATE mark SET seq = ? WHERE name = 'enqueued'")
    // Kept apart from the rows: a number is never given twice, even when the journal was empty in between.
    this.#lastSeq = query<readonly [number]>(database, "SELECT seq FROM mark WHERE name = 'enqueued'").get()![0]
  }

  get lastSeq(): number {
    return this.#lastSeq
  }

  enqueue(tasks: readonly NewTask[]): readonly number[] {
    const now = this.#now()
    const seqs: number[] = []
    for (let start = 0; start < tasks.length; start += AT_ONCE) {
      const group = tasks.slice(start, start + AT_ONCE)
      const links = group.map((task) => this.#links.intern(task.linkId))
      this.#insertGroup(group, links, now, seqs)
    }
    this.#raiseMark.run(this.#lastSeq)
    return seqs
  }

  #insertGroup(group: readonly NewTask[], links: readonly LinkEntry[], now: number, seqs: number[]): void {
    const first = this.#lastSeq + 1
    this.#lastSeq += group.length
    const fresh = this.#insert(group, links, first, now)
    group.forEach((task, index) => {
      const seq = first + index
      if (fresh === 'all' || fresh.has(seq)) {
        const changedAt = whole(task.changedAt, now)
        this.#links.arrive(links[index]!, {
          seq,
          state: stateCode.ready,
          size: wholeSize(task.sizeBytes),
          changedAt,
          failed: false,
        })
        seqs.push(seq)
      } else seqs.push(this.#raise(task, links[index]!, now))
    })
  }

  /** Returns which of the group's numbers were used; the others met a task of the same dedupe key. */
  #insert(
    group: readonly NewTask[],
    links: readonly LinkEntry[],
    first: number,
    now: number,
  ): 'all' | ReadonlySet<number> {
    const values: Value[] = []
    group.forEach((task, index) => {
      const { key, versionId, operation, sizeBytes, changedAt, absentSeenAt } = task
      values.push(first + index, links[index]!.id, key, storedVersion(versionId), operationCode[operation])
      values.push(wholeSize(sizeBytes), whole(changedAt, now), whole(absentSeenAt, 0), now, bypassCode(task))
    })
    let inserted = 0
    if (group.length === AT_ONCE) inserted = Number(this.#insertMany.run(...values).changes)
    else {
      const width = values.length / group.length
      for (let at = 0; at < values.length; at += width) {
        inserted += Number(this.#insertOne.run(...values.slice(at, at + width)).changes)
      }
    }
    if (inserted === group.length) return 'all'
    return new Set(this.#present.all(first, first + group.length - 1).map(([seq]) => seq))
  }

  /** The same version again: one task, looked at once more. Keeps the older change, for the lag, and the stricter sight. */
  #raise(task: NewTask, link: LinkEntry, now: number): number {
    const version = storedVersion(task.versionId)
    const [seq, state, size, changedAt, absentAt, failedAt] = this.#pending.get(link.id, task.key, version)!
    const failed = failedAt !== null
    const isDone = state === stateCode.lingering
    const since = whole(task.changedAt, now)
    const merged = {
      seq,
      failed,
      state: state === stateCode.parked || isDone ? stateCode.ready : state,
      size: wholeSize(task.sizeBytes) ?? size,
      // The change of before is at the target.
      changedAt: isDone ? since : Math.min(changedAt, since),
    }
    const absent = Math.min(absentAt, whole(task.absentSeenAt, 0))
    const { size: mergedSize, changedAt: oldest, state: next } = merged
    this.#merge.run(operationCode[task.operation], mergedSize, oldest, absent, next, bypassCode(task), seq)
    this.#links.leave(link, { seq, state, size, changedAt, failed })
    this.#links.arrive(link, merged)
    if (failed && merged.state !== state) {
      const what = { what: 'queued', attempt: null, fault: null, did: null } as const
      this.#history.add({ seq, link: link.id, key: task.key, version }, { at: now, ...what })
    }
    return seq
  }
}

export function openEnqueue(
  database: DatabaseSync,
  commit: GroupCommit,
  links: LinkTable,
  history: History,
  now: () => number,
): Pick<TaskStore, 'enqueue'> & Pick<ReadsAtOnce, 'lastSeq'> {
  const enqueuer = new Enqueuer(database, links, history, now)
  return {
    lastSeq: () => enqueuer.lastSeq,
    async enqueue(tasks, urgent) {
      if (urgent !== undefined) return commit.submit(tasks.length, () => enqueuer.enqueue(tasks), urgent)
      const writes: Promise<readonly number[]>[] = []
      for (let start = 0; start < tasks.length; start += PER_WRITE) {
        const chunk = tasks.slice(start, start + PER_WRITE)
        writes.push(commit.submit(chunk.length, () => enqueuer.enqueue(chunk)))
      }
      return (await Promise.all(writes)).flat()
    },
  }
}

import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { Links } from '../tables/links.ts'
import type { ReadsAtOnce, TaskRow } from '../../port/tasks.ts'
import { isApart, operationCode, stateCode, taskColumns, taskRow, type StoredTask } from '../tables/task-row.ts'

type TaskReads = Pick<
  ReadsAtOnce,
  | 'ready'
  | 'readyApart'
  | 'due'
  | 'delayedKeys'
  | 'unsettled'
  | 'task'
  | 'isParked'
  | 'isPendingUpTo'
  | 'anyTask'
  | 'openSeqs'
  | 'totals'
>

const nothing = {
  backlogCount: 0,
  backlogBytes: 0,
  oldestPendingAt: null,
  delayed: 0,
  failing: 0,
  parked: 0,
  settledCount: 0,
  settledBytes: 0,
}

/** What the queue and the screens ask of the tasks. */
export function openTaskReads(database: DatabaseSync, links: Links): TaskReads {
  const select = `SELECT ${taskColumns} FROM task`
  const { ready, delayed, parked } = stateCode
  // The states are written out: only then does SQLite use the partial indexes.
  const readyAfter = query<StoredTask>(
    database,
    `${select} WHERE link = ? AND state = ${ready} AND seq > ? ORDER BY seq LIMIT ?`,
  )
  const apartAfter = query<StoredTask>(
    database,
    `${select} INDEXED BY task_apart WHERE link = ? AND state = ${ready} AND ${isApart} AND seq > ? ORDER BY seq LIMIT ?`,
  )
  const dueBy = query<StoredTask>(
    database,
    `${select} WHERE link = ? AND state = ${delayed} AND due_at <= ? ORDER BY due_at, seq LIMIT ?`,
  )
  const keysOf = query<readonly [string]>(
    database,
    `SELECT DISTINCT key FROM task INDEXED BY task_due WHERE link = ? AND state = ${delayed}`,
  )
  const ofKey = query<StoredTask>(
    database,
    `${select} INDEXED BY task_dedupe WHERE link = ? AND key = ? AND state <> ${parked} ORDER BY seq LIMIT ?`,
  )
  const parkedOne = query<readonly [number]>(
    database,
    `SELECT op FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? AND version_id = ? AND state = ${parked}`,
  )
  const readyUpTo = query<readonly [number]>(
    database,
    `SELECT seq FROM task WHERE link = ? AND state = ${ready} AND seq <= ? LIMIT 1`,
  )
  const delayedUpTo = query<readonly [number]>(
    database,
    `SELECT seq FROM task INDEXED BY task_waiting WHERE link = ? AND state <> ${ready} AND seq <= ? AND state = ${delayed}
     LIMIT 1`,
  )
  const anyOf = query<readonly [number]>(
    database,
    'SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? LIMIT 1',
  )
  const seqsOf = query<readonly [number]>(
    database,
    'SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? ORDER BY seq DESC LIMIT 1000',
  )
  const bySeq = query<StoredTask>(database, `${select} WHERE seq = ?`)
  const rows = (linkId: string, read: (link: number) => readonly StoredTask[]): readonly TaskRow[] => {
    const link = links.named(linkId)
    return link === undefined ? [] : read(link.id).map((row) => taskRow(row, linkId))
  }
  return {
    ready: (linkId, afterSeq, limit) => rows(linkId, (link) => readyAfter.all(link, afterSeq, limit)),
    readyApart: (linkId, afterSeq, limit) => rows(linkId, (link) => apartAfter.all(link, afterSeq, limit)),
    due: (linkId, now, limit) => rows(linkId, (link) => dueBy.all(link, now, limit)),
    unsettled: (linkId, key, limit) => rows(linkId, (link) => ofKey.all(link, key, limit)),
    *delayedKeys(linkId) {
      const link = links.named(linkId)
      if (link !== undefined) for (const [key] of keysOf.iterate(link.id)) yield key
    },
    task(seq) {
      const row = bySeq.get(seq)
      const link = row === undefined ? undefined : links.numbered(row[1])
      return row === undefined || link === undefined ? null : taskRow(row, link.name)
    },
    isParked(linkId, key, versionId, operation = 'put') {
      const link = links.named(linkId)
      if (link === undefined || link.parked === 0) return false
      const parked = parkedOne.get(link.id, key, versionId ?? '')
      return parked !== undefined && (operation !== 'deleteVersion' || parked[0] === operationCode.deleteVersion)
    },
    isPendingUpTo(linkId, seq) {
      const link = links.named(linkId)
      if (link === undefined) return false
      return readyUpTo.get(link.id, seq) !== undefined || delayedUpTo.get(link.id, seq) !== undefined
    },
    anyTask(linkId, key) {
      const link = links.named(linkId)
      return link !== undefined && anyOf.get(link.id, key) !== undefined
    },
    openSeqs(linkId, key) {
      const link = links.named(linkId)
      return link === undefined ? [] : seqsOf.all(link.id, key).map(([seq]) => seq)
    },
    totals(linkId) {
      const link = links.named(linkId)
      if (link === undefined) return nothing
      const { pending, bytes, delayed, failing, parked, settledCount, settledBytes } = link
      const oldestPendingAt = links.oldestPendingAt(link)
      return {
        backlogCount: pending,
        backlogBytes: bytes,
        oldestPendingAt,
        delayed,
        failing,
        parked,
        settledCount,
        settledBytes,
      }
    },
  }
}

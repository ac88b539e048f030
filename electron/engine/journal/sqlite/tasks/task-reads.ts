import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { LinkTable } from '../tables/links.ts'
import type { LineReads, LinkTotals, ReadsAtOnce, TaskRow, TaskStore } from '../../port/tasks.ts'
import {
  isApart,
  isPending,
  operationCode,
  stateCode,
  taskColumns,
  taskRow,
  type StoredTask,
} from '../tables/task-row.ts'

type LinkReads = LineReads & Pick<ReadsAtOnce, 'isPendingUpTo'>
type KeyReads = Pick<ReadsAtOnce, 'unsettled' | 'isParked' | 'isUnderWay' | 'anyTask'>

export interface TaskReads {
  /** In the turn in which something is decided by them. */
  readonly atOnce: LinkReads & KeyReads & Pick<ReadsAtOnce, 'task' | 'totals'>
  /** For who tells of tasks. */
  readonly told: Pick<TaskStore, 'find' | 'waiting' | 'parked' | 'lingersUntil'>
  /** Numbers of all tasks of the key, the parked ones too; of more than 1,000 the highest. */
  readonly openSeqs: (linkId: string, key: string) => readonly number[]
}

const select = `SELECT ${taskColumns} FROM task`
// The states are written out in each query: only then does SQLite use the partial indexes.
const { ready, delayed, parked, lingering } = stateCode

export function openTaskReads(database: DatabaseSync, links: LinkTable): TaskReads {
  const ofKey = openKeyReads(database, links)
  const task = openTask(database, links)
  const atOnce = {
    ...openLinkReads(database, links),
    ...ofKey,
    task,
    totals: (linkId: string) => totalsOf(linkId, links),
  }
  const told = {
    find: async (seq: number) => task(seq),
    waiting: openWaiting(database, links),
    lingersUntil: openLingersUntil(database),
    parked: openParked(database, links),
  }
  return { atOnce, told, openSeqs: openSeqsOf(database, links) }
}

function openLinkReads(database: DatabaseSync, links: LinkTable): LinkReads {
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
  const readyUpTo = query<readonly [number]>(
    database,
    `SELECT seq FROM task WHERE link = ? AND state = ${ready} AND seq <= ? LIMIT 1`,
  )
  const delayedUpTo = query<readonly [number]>(
    database,
    `SELECT seq FROM task INDEXED BY task_waiting WHERE link = ? AND state <> ${ready} AND seq <= ? AND state = ${delayed}
     LIMIT 1`,
  )
  return {
    ready: (linkId, afterSeq, limit) => rowsOf(linkId, links, (link) => readyAfter.all(link, afterSeq, limit)),
    readyApart: (linkId, afterSeq, limit) => rowsOf(linkId, links, (link) => apartAfter.all(link, afterSeq, limit)),
    due: (linkId, now, limit) => rowsOf(linkId, links, (link) => dueBy.all(link, now, limit)),
    *delayedKeys(linkId) {
      const link = links.named(linkId)
      if (link !== undefined) for (const [key] of keysOf.iterate(link.id)) yield key
    },
    isPendingUpTo(linkId, seq) {
      const link = links.named(linkId)
      if (link === undefined) return false
      return readyUpTo.get(link.id, seq) !== undefined || delayedUpTo.get(link.id, seq) !== undefined
    },
  }
}

function openKeyReads(database: DatabaseSync, links: LinkTable): KeyReads {
  const ofKey = query<StoredTask>(
    database,
    `${select} INDEXED BY task_dedupe WHERE link = ? AND key = ? AND ${isPending} ORDER BY seq LIMIT ?`,
  )
  const parkedOne = query<readonly [number]>(
    database,
    `SELECT op FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? AND version_id = ? AND state = ${parked}`,
  )
  const underWay = query<readonly [number]>(
    database,
    `SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? AND state <> ${parked} LIMIT 1`,
  )
  const anyOf = query<readonly [number]>(
    database,
    'SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? LIMIT 1',
  )
  return {
    unsettled: (linkId, key, limit) => rowsOf(linkId, links, (link) => ofKey.all(link, key, limit)),
    isParked(linkId, key, versionId, operation = 'put') {
      const link = links.named(linkId)
      if (link === undefined || link.parked === 0) return false
      const found = parkedOne.get(link.id, key, versionId ?? '')
      return found !== undefined && (operation !== 'deleteVersion' || found[0] === operationCode.deleteVersion)
    },
    isUnderWay(linkId, key) {
      const link = links.named(linkId)
      return link !== undefined && underWay.get(link.id, key) !== undefined
    },
    anyTask(linkId, key) {
      const link = links.named(linkId)
      return link !== undefined && anyOf.get(link.id, key) !== undefined
    },
  }
}

function openWaiting(database: DatabaseSync, links: LinkTable): TaskStore['waiting'] {
  const ofKey = query<StoredTask>(
    database,
    `${select} INDEXED BY task_dedupe WHERE link = ? AND key = ? AND state <> ${parked} ORDER BY seq LIMIT ?`,
  )
  return async (linkId, key, limit) => rowsOf(linkId, links, (link) => ofKey.all(link, key, limit))
}

function openLingersUntil(database: DatabaseSync): TaskStore['lingersUntil'] {
  const first = query<readonly [number | null]>(database, `SELECT min(due_at) FROM task WHERE state = ${lingering}`)
  return async () => first.get()?.[0] ?? null
}

function openParked(database: DatabaseSync, links: LinkTable): TaskStore['parked'] {
  const ofKey = query<StoredTask>(
    database,
    `${select} INDEXED BY task_dedupe WHERE link = ? AND key = ? AND state = ${parked} ORDER BY seq DESC LIMIT 1000`,
  )
  return async (linkId, key) => rowsOf(linkId, links, (link) => ofKey.all(link, key))
}

function openSeqsOf(database: DatabaseSync, links: LinkTable): TaskReads['openSeqs'] {
  const ofKey = query<readonly [number]>(
    database,
    'SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? AND key = ? ORDER BY seq DESC LIMIT 1000',
  )
  return (linkId, key) => {
    const link = links.named(linkId)
    return link === undefined ? [] : ofKey.all(link.id, key).map(([seq]) => seq)
  }
}

function openTask(database: DatabaseSync, links: LinkTable): ReadsAtOnce['task'] {
  const bySeq = query<StoredTask>(database, `${select} WHERE seq = ?`)
  return (seq) => {
    const row = bySeq.get(seq)
    const link = row === undefined ? undefined : links.numbered(row[1])
    return row === undefined || link === undefined ? null : taskRow(row, link.name)
  }
}

const nothing: LinkTotals = {
  backlogCount: 0,
  backlogBytes: 0,
  oldestPendingAt: null,
  delayed: 0,
  failing: 0,
  parked: 0,
  lingering: 0,
  settledCount: 0,
  settledBytes: 0,
}

function totalsOf(linkId: string, links: LinkTable): LinkTotals {
  const link = links.named(linkId)
  if (link === undefined) return nothing
  const { pending, bytes, settledCount, settledBytes } = link
  const oldestPendingAt = links.oldestPendingAt(link)
  const waiting = { delayed: link.delayed, failing: link.failing, parked: link.parked, lingering: link.lingering }
  return { backlogCount: pending, backlogBytes: bytes, oldestPendingAt, ...waiting, settledCount, settledBytes }
}

function rowsOf(linkId: string, links: LinkTable, read: (link: number) => readonly StoredTask[]): readonly TaskRow[] {
  const link = links.named(linkId)
  return link === undefined ? [] : read(link.id).map((row) => taskRow(row, linkId))
}

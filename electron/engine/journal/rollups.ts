import type { DatabaseSync } from 'node:sqlite'
import { query } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Journal, Rollup } from './port.ts'

export interface Rollups {
  readonly port: Pick<Journal, 'addRollups' | 'rollups'>
  /** Only inside a transaction. */
  drop(linkId: string): void
}

type Row = readonly [string, number, number, number, number, number, number, number, number | null]

const rollupOf = ([
  linkId,
  at,
  backlogCount,
  backlogBytes,
  lagSeconds,
  objects,
  bytes,
  failures,
  rttMs,
]: Row): Rollup => ({
  linkId,
  at,
  backlogCount,
  backlogBytes,
  lagSeconds,
  objects,
  bytes,
  failures,
  rttMs,
})

/** The stored samples of the charts, `ageMs` back from the newest of each link. */
export function openRollups(database: DatabaseSync, commit: GroupCommit, ageMs: number): Rollups {
  const add = database.prepare('INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const prune = database.prepare('DELETE FROM rollup WHERE link = ? AND at < ?')
  const drop = database.prepare('DELETE FROM rollup WHERE link = ?')
  const since = query<Row>(database, 'SELECT * FROM rollup WHERE link = ? AND at >= ? ORDER BY at')
  const addOne = (row: Rollup): void => {
    const { linkId, at, backlogCount, backlogBytes, lagSeconds, objects, bytes, failures, rttMs } = row
    add.run(linkId, at, backlogCount, backlogBytes, lagSeconds, objects, bytes, failures, rttMs)
    prune.run(linkId, at - ageMs)
  }
  return {
    drop: (linkId) => void drop.run(linkId),
    port: {
      addRollups: (rows) => commit.submit(rows.length, () => rows.forEach(addOne)),
      rollups: (linkId, sinceAt) => since.all(linkId, sinceAt).map(rollupOf),
    },
  }
}

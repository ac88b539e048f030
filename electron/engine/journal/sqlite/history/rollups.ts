import type { DatabaseSync } from 'node:sqlite'
import type { GroupCommit } from '../file/group-commit.ts'
import type { HistoryStore, Rollup } from '../../port/history.ts'

export interface Rollups {
  readonly port: Pick<HistoryStore, 'addRollups' | 'rollups'>
  /** Only inside a transaction. */
  drop(linkId: string): void
}

const columns = `link AS linkId, at, backlog_count AS backlogCount, backlog_bytes AS backlogBytes,
  lag_seconds AS lagSeconds, objects, bytes, failures, rtt_ms AS rttMs, full_ms AS fullMs, full_objects AS fullObjects, full_bytes AS fullBytes`

/** The stored samples of the charts, `ageMs` back from the newest of each link. */
export function openRollups(database: DatabaseSync, commit: GroupCommit, ageMs: number): Rollups {
  const add = database.prepare(`INSERT OR REPLACE INTO rollup VALUES
    (:linkId, :at, :backlogCount, :backlogBytes, :lagSeconds, :objects, :bytes, :failures, :rttMs,
    :fullMs, :fullObjects, :fullBytes)`)
  const prune = database.prepare('DELETE FROM rollup WHERE link = ? AND at < ?')
  const drop = database.prepare('DELETE FROM rollup WHERE link = ?')
  const since = database.prepare(`SELECT ${columns} FROM rollup WHERE link = ? AND at >= ? ORDER BY at`)
  const addOne = (row: Rollup): void => {
    add.run({ ...row })
    prune.run(row.linkId, row.at - ageMs)
  }
  return {
    drop: (linkId) => void drop.run(linkId),
    port: {
      addRollups: (rows) => commit.submit(rows.length, () => rows.forEach(addOne)),
      rollups: async (linkId, sinceAt) => since.all(linkId, sinceAt) as readonly unknown[] as readonly Rollup[],
    },
  }
}

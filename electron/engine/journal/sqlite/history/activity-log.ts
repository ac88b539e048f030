import type { DatabaseSync } from 'node:sqlite'
import type { Activity } from '../../../../../shared/model/activity.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { HistoryStore } from '../../port/history.ts'
import { storedFault } from '../tables/task-row.ts'

type Row = readonly [
  number,
  number,
  Activity['level'],
  Activity['subject'],
  string | null,
  string | null,
  string,
  string | null,
]

const activityOf = ([id, at, level, subject, ruleId, siteId, text, fault]: Row): Activity => ({
  id,
  at,
  level,
  subject,
  ruleId,
  siteId,
  text,
  fault: storedFault(fault),
})

/** What the Activity page tells, newest first; `before` is an id. Only the newest `kept` entries stay. */
export function openActivity(
  database: DatabaseSync,
  commit: GroupCommit,
  kept: number,
): Pick<HistoryStore, 'addActivity' | 'activity'> {
  const add = database.prepare(
    'INSERT INTO activity (at, level, subject, rule_id, site_id, text, fault) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const prune = database.prepare('DELETE FROM activity WHERE id <= ?')
  const list = query<Row>(
    database,
    `SELECT id, at, level, subject, rule_id, site_id, text, fault FROM activity
     WHERE id < ?1 AND (?2 IS NULL OR rule_id = ?2) AND (?3 IS NULL OR level = ?3) ORDER BY id DESC LIMIT ?4`,
  )
  return {
    addActivity({ at, level, subject, ruleId, siteId, text, fault }) {
      const json = fault === null ? null : JSON.stringify(fault)
      return commit.submit(1, () => {
        const { lastInsertRowid } = add.run(at, level, subject, ruleId, siteId, text, json)
        prune.run(Number(lastInsertRowid) - kept)
      })
    },
    activity: async ({ ruleId, level, before, limit }) =>
      list.all(before ?? Number.MAX_SAFE_INTEGER, ruleId, level, limit).map(activityOf),
  }
}

import type { DatabaseSync } from 'node:sqlite'
import type { HistoryStore } from '../../port/history.ts'
import { openActivity } from './activity-log.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { History } from './history.ts'
import type { LinkTable } from '../tables/links.ts'
import type { NotKept } from './not-kept.ts'
import type { Rollups } from './rollups.ts'

interface Tables {
  readonly links: LinkTable
  readonly history: History
  readonly rollups: Rollups
  readonly notKept: NotKept
}

export function openHistoryStore(
  database: DatabaseSync,
  commit: GroupCommit,
  { links, history, rollups, notKept }: Tables,
  activityKept: number,
): HistoryStore {
  return {
    ...openActivity(database, commit, activityKept),
    ...rollups.port,
    ...notKept.port,
    async itemEvents(linkId, key, versionId) {
      const link = links.named(linkId)
      return link === undefined ? [] : history.of(link.id, key, versionId)
    },
    async ended(seq) {
      const ended = history.ended(seq)
      const link = ended === null ? undefined : links.numbered(ended.link)
      if (ended === null || link === undefined) return null
      const { key, version, at, did } = ended
      return { linkId: link.name, key, versionId: version === '' ? null : version, at, did }
    },
  }
}

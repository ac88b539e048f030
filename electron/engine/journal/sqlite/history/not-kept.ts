import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { LinkTable } from '../tables/links.ts'
import type { HistoryStore } from '../../port/history.ts'

export interface NotKept {
  readonly port: Pick<HistoryStore, 'notKept'>
  /** Only inside a transaction. */
  count(link: number, properties: readonly string[]): void
  /** Only inside a transaction. */
  drop(link: number): void
}

/** What copies went without, counted per link and property. */
export function openNotKept(database: DatabaseSync, links: LinkTable): NotKept {
  const add = database.prepare(
    'INSERT INTO not_kept VALUES (?, ?, 1) ON CONFLICT (link, property) DO UPDATE SET versions = versions + 1',
  )
  const drop = database.prepare('DELETE FROM not_kept WHERE link = ?')
  const of = query<readonly [string, number]>(database, 'SELECT property, versions FROM not_kept WHERE link = ?')
  return {
    count: (link, properties) => properties.forEach((property) => void add.run(link, property)),
    drop: (link) => void drop.run(link),
    port: {
      async notKept(linkId) {
        const link = links.named(linkId)
        return new Map(link === undefined ? [] : of.all(link.id))
      },
    },
  }
}

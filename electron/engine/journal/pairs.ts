import type { DatabaseSync } from 'node:sqlite'
import { query } from './database.ts'
import type { Links } from './links.ts'
import type { Journal, Settlement, VersionPair } from './port.ts'

export interface Pairs {
  readonly port: Pick<Journal, 'pairs' | 'pairsBetween'>
  /** Only inside a transaction. */
  record(link: number, key: string, settlement: Pick<Settlement, 'learned' | 'forgotten'>): void
}

/** The version map: which version of the target stands for which of the source. Keys compare by their UTF-8 bytes. */
export function openPairs(database: DatabaseSync, links: Links): Pairs {
  const save = database.prepare('INSERT OR REPLACE INTO pair VALUES (?, ?, ?, ?)')
  const drop = database.prepare('DELETE FROM pair WHERE link = ? AND key = ? AND source_version = ?')
  const ofKey = query<readonly [string, string]>(
    database,
    'SELECT source_version, target_version FROM pair WHERE link = ? AND key = ?',
  )
  const between = query<readonly [string, string, string]>(
    database,
    'SELECT key, source_version, target_version FROM pair WHERE link = ? AND key BETWEEN ? AND ?',
  )
  return {
    record(link, key, { learned, forgotten }) {
      for (const version of forgotten) drop.run(link, key, version)
      for (const pair of learned) save.run(link, key, pair.sourceVersionId, pair.targetVersionId)
    },
    port: {
      pairs(linkId, key) {
        const link = links.named(linkId)
        if (link === undefined) return []
        return ofKey
          .all(link.id, key)
          .map(([sourceVersionId, targetVersionId]) => ({ sourceVersionId, targetVersionId }))
      },
      pairsBetween(linkId, fromKey, toKey) {
        const found = new Map<string, VersionPair[]>()
        const link = links.named(linkId)
        if (link === undefined) return found
        for (const [key, sourceVersionId, targetVersionId] of between.iterate(link.id, fromKey, toKey)) {
          const pairs = found.get(key)
          if (pairs === undefined) found.set(key, [{ sourceVersionId, targetVersionId }])
          else pairs.push({ sourceVersionId, targetVersionId })
        }
        return found
      },
    },
  }
}

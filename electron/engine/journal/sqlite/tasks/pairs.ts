import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { Links } from '../tables/links.ts'
import type { Settlement } from '../../port/tasks.ts'
import type { VersionPair, VersionStore } from '../../port/versions.ts'

export interface Pairs {
  readonly port: VersionStore
  readonly of: (linkId: string, key: string) => readonly VersionPair[]
  /** Only inside a transaction. */
  record(link: number, key: string, settlement: Pick<Settlement, 'learned' | 'forgotten'>): void
}

/** The version map: which version of the target stands for which of the source. Keys compare by their UTF-8 bytes. */
export function openPairs(database: DatabaseSync, links: Links): Pairs {
  const save = database.prepare('INSERT OR REPLACE INTO pair VALUES (?, ?, ?, ?, ?)')
  const drop = database.prepare('DELETE FROM pair WHERE link = ? AND key = ? AND source_version = ?')
  const ofKey = query<StoredPair>(
    database,
    'SELECT source_version, target_version, proof FROM pair WHERE link = ? AND key = ?',
  )
  const between = query<readonly [...StoredPair, key: string]>(
    database,
    'SELECT source_version, target_version, proof, key FROM pair WHERE link = ? AND key BETWEEN ? AND ?',
  )
  const of = (linkId: string, key: string): readonly VersionPair[] => {
    const link = links.named(linkId)
    return link === undefined ? [] : ofKey.all(link.id, key).map(pairOf)
  }
  return {
    record(link, key, { learned, forgotten }) {
      for (const version of forgotten) drop.run(link, key, version)
      for (const { sourceVersionId, targetVersionId, proof } of learned)
        save.run(link, key, sourceVersionId, targetVersionId, codeOf(proof))
    },
    of,
    port: {
      pairs: async (linkId, key) => of(linkId, key),
      async pairsBetween(linkId, fromKey, toKey) {
        const found = new Map<string, VersionPair[]>()
        const link = links.named(linkId)
        if (link === undefined) return found
        for (const [source, target, proof, key] of between.iterate(link.id, fromKey, toKey)) {
          const pair = pairOf([source, target, proof])
          const pairs = found.get(key)
          if (pairs === undefined) found.set(key, [pair])
          else pairs.push(pair)
        }
        return found
      },
    },
  }
}

type StoredPair = readonly [source: string, target: string, proof: number]

/** By their place; absent in the second. */
const proofs: readonly VersionPair['proof'][] = ['untold', undefined, 'found']
const codeOf = (proof: VersionPair['proof']): number => proofs.indexOf(proof)

function pairOf([sourceVersionId, targetVersionId, code]: StoredPair): VersionPair {
  const proof = proofs[code]
  return proof === undefined ? { sourceVersionId, targetVersionId } : { sourceVersionId, targetVersionId, proof }
}

import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { LinkTable } from '../tables/links.ts'
import type { Settlement } from '../../port/tasks.ts'
import type { VersionPair, VersionStore } from '../../port/versions.ts'

export interface Pairs {
  readonly port: VersionStore
  readonly of: (linkId: string, key: string) => readonly VersionPair[]
  readonly tombstonesOf: (linkId: string, key: string) => readonly VersionPair[]
  /** Only inside a transaction. */
  record(link: number, key: string, settlement: Pick<Settlement, 'learned' | 'forgotten'>): void
  /** A task of the key was removed: with the last one its tombstones go. Only inside a transaction. */
  bury(link: number, key: string): void
}

/** The version map: which version of the target stands for which of the source. Keys compare by their UTF-8 bytes. */
export function openPairs(database: DatabaseSync, links: LinkTable): Pairs {
  const save = database.prepare(
    `INSERT INTO pair (link, key, source_version, target_version, proof, written_by) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET target_version = excluded.target_version, proof = excluded.proof, written_by =
       CASE target_version WHEN excluded.target_version THEN coalesce(excluded.written_by, written_by) ELSE excluded.written_by END`,
  )
  const forget = database.prepare(
    `UPDATE pair SET proof = ${tombstone} WHERE link = ? AND key = ? AND source_version = ?`,
  )
  const dropTombstones = database.prepare(
    `DELETE FROM pair WHERE link = ?1 AND key = ?2 AND proof = ${tombstone}
     AND NOT EXISTS (SELECT 1 FROM task WHERE link = ?1 AND key = ?2)`,
  )
  const ofKey = query<StoredPair>(
    database,
    `SELECT ${columns} FROM pair WHERE link = ? AND key = ? AND proof <> ${tombstone}`,
  )
  const forgotten = query<StoredPair>(
    database,
    `SELECT ${columns} FROM pair WHERE link = ? AND key = ? AND proof = ${tombstone}`,
  )
  const between = query<readonly [...StoredPair, key: string]>(
    database,
    `SELECT ${columns}, key FROM pair
     WHERE link = ? AND key BETWEEN ? AND ? AND proof <> ${tombstone}`,
  )
  const reader = (rows: typeof ofKey) => (linkId: string, key: string) => {
    const link = links.named(linkId)
    return link === undefined ? [] : rows.all(link.id, key).map(pairOf)
  }
  const of = reader(ofKey)
  return {
    record(link, key, settlement) {
      for (const version of settlement.forgotten) forget.run(link, key, version)
      for (const { sourceVersionId, targetVersionId, proof, writtenBy = null } of settlement.learned)
        save.run(link, key, sourceVersionId, targetVersionId, codeOf(proof), writtenBy)
    },
    bury: (link, key) => void dropTombstones.run(link, key),
    of,
    tombstonesOf: reader(forgotten),
    port: {
      pairs: async (linkId, key) => of(linkId, key),
      async pairsBetween(linkId, fromKey, toKey) {
        const found = new Map<string, VersionPair[]>()
        const link = links.named(linkId)
        if (link === undefined) return found
        for (const [source, target, proof, writtenBy, key] of between.iterate(link.id, fromKey, toKey)) {
          const pair = pairOf([source, target, proof, writtenBy])
          const pairs = found.get(key)
          if (pairs === undefined) found.set(key, [pair])
          else pairs.push(pair)
        }
        return found
      },
    },
  }
}

const columns = 'source_version, target_version, proof, written_by'
type StoredPair = readonly [source: string, target: string, proof: number, writtenBy: string | null]

/** By their place; absent in the second. */
const proofs: readonly VersionPair['proof'][] = ['untold', undefined, 'found']
const codeOf = (proof: VersionPair['proof']): number => proofs.indexOf(proof)
/** In the place of a proof: the pair is forgotten, and some task of its key is open still. */
const tombstone = 3

function pairOf([sourceVersionId, targetVersionId, code, writtenBy]: StoredPair): VersionPair {
  const proof = proofs[code]
  return {
    sourceVersionId,
    targetVersionId,
    ...(proof !== undefined && { proof }),
    ...(writtenBy !== null && { writtenBy }),
  }
}

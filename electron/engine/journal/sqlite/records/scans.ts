import type { DatabaseSync } from 'node:sqlite'
import { scanMarks, type ScanMark, type ScanStore } from '../../port/scans.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'

export interface ScanTable {
  readonly port: ScanStore
  /** Only inside a transaction. */
  drop(linkId: string): void
}

/** Names in the table of small values: those of the first release. */
const prefixes: Readonly<Record<ScanMark, string>> = {
  checkpoint: 'scan/',
  started: 'scanned/',
  held: 'held/',
  doubted: 'doubted/',
  'first-copy': 'first-copy-ended/',
  attributes: 'attributes/',
  apart: 'apart/',
}

/** What scans left behind, among the small values. */
export function openScans(database: DatabaseSync, commit: GroupCommit): ScanTable {
  const read = query<readonly [string]>(database, 'SELECT json FROM value WHERE name = ?')
  const all = query<readonly [string, string]>(
    database,
    'SELECT substr(name, length(?1) + 1), json FROM value WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name',
  )
  const write = database.prepare('INSERT OR REPLACE INTO value VALUES (?, ?)')
  const erase = database.prepare('DELETE FROM value WHERE name = ?')
  return {
    port: {
      async read(linkId, mark) {
        const row = read.get(prefixes[mark] + linkId)
        return row === undefined ? null : JSON.parse(row[0])
      },
      all: async (mark) => new Map(all.all(prefixes[mark]).map(([linkId, json]) => [linkId, JSON.parse(json)])),
      write(linkId, mark, value) {
        const json = JSON.stringify(value ?? null)
        return commit.submit(1, () => void write.run(prefixes[mark] + linkId, json))
      },
      erase: (linkId, mark) => commit.submit(1, () => void erase.run(prefixes[mark] + linkId)),
    },
    drop(linkId) {
      for (const mark of scanMarks) erase.run(prefixes[mark] + linkId)
    },
  }
}

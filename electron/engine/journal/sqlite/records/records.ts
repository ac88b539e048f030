import type { DatabaseSync } from 'node:sqlite'
import type { RecordStore } from '../../port/records.ts'
import { nameOfJournal } from '../file/commit-count.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { LinkTable } from '../tables/links.ts'

/** Only inside a transaction: what goes with a link. `sweep`: its rows can be taken away now. */
export interface WithLink {
  readonly drop: (linkId: string) => void
  readonly sweep: () => void
}

export function openRecords(
  database: DatabaseSync,
  commit: GroupCommit,
  links: LinkTable,
  withLink: WithLink,
): RecordStore {
  const read = query<readonly [string]>(database, 'SELECT json FROM value WHERE name = ?')
  const write = database.prepare('INSERT OR REPLACE INTO value VALUES (?, ?)')
  const erase = database.prepare('DELETE FROM value WHERE name = ?')
  // A range and not LIKE: the prefix may hold % and _, and the range uses the primary key.
  const all = query<readonly [string, string]>(
    database,
    `SELECT name, json FROM value WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 AND name <> '${nameOfJournal}' ORDER BY name`,
  )
  return {
    async read(name) {
      const row = read.get(name)
      return row === undefined ? null : JSON.parse(row[0])
    },
    all: async (prefix) => new Map(all.all(prefix).map(([name, json]) => [name, JSON.parse(json)])),
    write(name, value) {
      const json = JSON.stringify(value ?? null)
      return commit.submit(1, () => void write.run(name, json))
    },
    erase: (name) => commit.submit(1, () => void erase.run(name)),
    links: async () => new Map(links.all().map(({ name, identity }) => [name, identity])),
    openLink: (identity) => commit.submit(1, () => links.open(identity)),
    async forgetLink(linkId) {
      await commit.submit(1, () => {
        links.forget(linkId)
        withLink.drop(linkId)
      })
      withLink.sweep()
    },
  }
}

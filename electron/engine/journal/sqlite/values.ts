import type { DatabaseSync } from 'node:sqlite'
import { query } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Journal } from '../port/journal.ts'

/** Small values by name, as JSON. */
export function openValues(
  database: DatabaseSync,
  commit: GroupCommit,
): Pick<Journal, 'read' | 'write' | 'names' | 'erase'> {
  const read = query<readonly [string]>(database, 'SELECT json FROM value WHERE name = ?')
  const write = database.prepare('INSERT OR REPLACE INTO value VALUES (?, ?)')
  const erase = database.prepare('DELETE FROM value WHERE name = ?')
  // A range and not LIKE: the prefix may hold % and _, and the range uses the primary key.
  const names = query<readonly [string]>(
    database,
    'SELECT name FROM value WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name',
  )
  return {
    read(name) {
      const row = read.get(name)
      return row === undefined ? null : JSON.parse(row[0])
    },
    write(name, value) {
      const json = JSON.stringify(value ?? null)
      return commit.submit(1, () => void write.run(name, json))
    },
    names: (prefix) => names.all(prefix).map(([name]) => name),
    erase: (name) => commit.submit(1, () => void erase.run(name)),
  }
}

import { DatabaseSync } from 'node:sqlite'

/** Names begin with one of these, or are one of these. */
const ranges = (prefix: string): readonly string[] => [
  `SELECT name, json FROM value WHERE name >= '${prefix}' AND name < '${prefix}\u{10ffff}' ORDER BY name`,
  `SELECT name, json FROM value WHERE name >= '${prefix}' AND name < '${prefix}\u{10ffff}' ORDER BY name DESC`,
]

/**
 * The small values that can still be read from a damaged journal, by name; those under one of `prefixes`. What one way to a row
 * does not reach, another may. Opens the file for reading only. Empty when nothing can be read.
 */
export function salvageValues(path: string, prefixes: readonly string[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>()
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      for (const prefix of prefixes) for (const sql of ranges(prefix)) readInto(found, database, sql)
    } finally {
      database.close()
    }
  } catch {
    // Its beginning is gone: no value can be found in it.
  }
  return found
}

function readInto(found: Map<string, unknown>, database: DatabaseSync, sql: string): void {
  try {
    for (const { name, json } of database.prepare(sql).iterate()) {
      const value = parsed(json)
      if (typeof name === 'string' && value !== undefined) found.set(name, value)
    }
  } catch {
    // The rows up to the damaged page are in.
  }
}

function parsed(json: unknown): unknown {
  try {
    return JSON.parse(String(json))
  } catch {
    return undefined
  }
}

import type { SQLOutputValue } from 'node:sqlite'

export type SqlRow = Readonly<Record<string, SQLOutputValue>>

/** A column that the schema declares as TEXT. */
export function sqlText(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`${column} is not text`)
  return value
}

/** A column that the schema declares as INTEGER. */
export function sqlNumber(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`${column} is not a number`)
  return value
}

import { randomUUID } from 'node:crypto'
import { damaged } from './damage.ts'
import { query, type JournalDatabase, type PreparedQuery } from './database.ts'
import type { WitnessRecord } from './witness.ts'

/** Among the small values, and no record of anybody else's. */
export const nameOfJournal = 'journal-id'

/** Counts transactions in the transactions themselves, and knows the journal by its name: what the witness is told. */
export class CommitCount {
  readonly journal: string
  readonly #read: PreparedQuery<readonly [number]>
  readonly #write
  #count: number

  constructor(database: JournalDatabase) {
    this.#read = query(database, "SELECT seq FROM mark WHERE name = 'commits'")
    this.#write = database.prepare("UPDATE mark SET seq = ? WHERE name = 'commits'")
    const row = this.#read.get()
    if (row === undefined) throw damaged(database.path, 'its tables are not what they were')
    this.#count = row[0]
    this.journal = journalName(database)
  }

  get commits(): number {
    return this.#count
  }

  /** Within the transaction that it counts. */
  raise(): void {
    this.#write.run(++this.#count)
  }

  reload(): void {
    this.#count = this.#read.get()![0]
  }

  /** Throws JOURNAL_DAMAGED when the journal is older than what the witness saw of it, or another one. */
  compare({ path }: JournalDatabase, witness: WitnessRecord | null): void {
    if (witness === null) return
    if (witness.journal !== this.journal) throw damaged(path, 'it is not the journal that was in this directory')
    const missing = witness.commits - this.#count
    if (missing > 0)
      throw damaged(
        path,
        `its last ${missing.toLocaleString('en')} transactions are missing: its log was cut or an older copy put back`,
      )
  }
}

function journalName(database: JournalDatabase): string {
  const known = query<readonly [string]>(database, 'SELECT json FROM value WHERE name = ?').get(nameOfJournal)
  if (known !== undefined) return String(JSON.parse(known[0]))
  const made = randomUUID()
  database.prepare('INSERT INTO value VALUES (?, ?)').run(nameOfJournal, JSON.stringify(made))
  return made
}

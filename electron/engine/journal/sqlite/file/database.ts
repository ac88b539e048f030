import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { fault, FaultError } from '../../../../../shared/model/fault.ts'
import { makePrivateFile } from '../../../base/private-files.ts'
import { damaged, isDamage } from './damage.ts'
import { refusal } from './thread-messages.ts'

/** The journal's file, opened. Reads that find it damaged are told to whoever writes to it. */
export class JournalDatabase extends DatabaseSync {
  readonly path: string
  #onDamage: (fault: FaultError) => void = () => undefined

  constructor(path: string) {
    super(path)
    this.path = path
  }

  onDamage(listener: (fault: FaultError) => void): void {
    this.#onDamage = listener
  }

  /** What a read met, as something to throw. Told after this turn: a write may be under way in it. */
  met(error: unknown): unknown {
    if (!isDamage(error)) return error
    const found = journalFault(error, this.path)
    queueMicrotask(() => this.#onDamage(found))
    return found
  }
}

/**
 * Opens the journal's file; {@link commitWithoutSync} follows when it has its tables. `maxPages` bounds the file's size; null leaves it to the disk.
 */
export function openDatabase(path: string, maxPages: number | null): JournalDatabase {
  // SQLite gives the file what the umask leaves, and the log and its index the mode of the file.
  makePrivateFile(path)
  const database = new JournalDatabase(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
  // What is replaced may have been a secret; overwriting it costs no write of its own.
  database.exec('PRAGMA secure_delete = FAST')
  // 32 MiB holds the hot ends of the indexes; the log is cut back to 64 MiB after a burst.
  database.exec('PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864')
  if (maxPages !== null) database.exec(`PRAGMA max_page_count = ${maxPages}`)
  return database
}

/**
 * From here on a commit goes to the log without a sync, and nothing is copied from there by the way: both are the
 * `WriteAheadLog`'s, off this thread. A power cut may take the last commits, but never tears the file.
 */
export function commitWithoutSync(database: DatabaseSync): void {
  // The first commit to a new log syncs its name in the directory too, and only under FULL: so one is made here.
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
  database.exec(`PRAGMA user_version = ${version}`)
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
}

/** What SQLite, the disk or the file system refused, as the fault that stops the engine's writes. */
export function journalFault(error: unknown, path: string): FaultError {
  if (error instanceof FaultError) return error
  const words = refusal(error).errstr ?? (error instanceof Error ? error.message : 'unknown error')
  if (isDamage(error)) return damaged(path, words, error)
  return new FaultError(fault('JOURNAL_UNWRITABLE', `The journal could not be written: ${words}.`), { cause: error })
}

/** The statements of one subject: prepared once, rows come back as arrays in the order of their columns. */
export interface PreparedQuery<Row extends readonly unknown[]> {
  all(...values: SQLInputValue[]): Row[]
  get(...values: SQLInputValue[]): Row | undefined
  iterate(...values: SQLInputValue[]): IterableIterator<Row>
}

/** Rows as arrays cost half of what rows as objects cost; the caller names the tuple that its SELECT returns. */
export function query<Row extends readonly unknown[]>(database: DatabaseSync, sql: string): PreparedQuery<Row> {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of a row are in the SQL, which nothing reads
  const rows = statement as unknown as PreparedQuery<Row>
  const met = (error: unknown): unknown => (database instanceof JournalDatabase ? database.met(error) : error)
  return {
    all(...values) {
      try {
        return rows.all(...values)
      } catch (error) {
        throw met(error)
      }
    },
    get(...values) {
      try {
        return rows.get(...values)
      } catch (error) {
        throw met(error)
      }
    },
    *iterate(...values) {
      try {
        yield* rows.iterate(...values)
      } catch (error) {
        throw met(error)
      }
    },
  }
}

import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs'
import { damaged } from './damage.ts'
import type { FileWatch } from './file-watch.ts'
import { JournalThread } from './journal-thread.ts'
import type { Witness } from './witness.ts'

/** Rows committed before their pages are copied from the log into the file: about 2 MiB of log. */
const rowsPerCheckpoint = 2_000
/** A log that steady writing has let grow this far, bytes: the writer waits for one checkpoint, and it begins anew. */
const longestLogBytes = 64 * 1024 * 1024

/** What follows a commit. */
export interface Copying {
  /** Resolves when the log was copied into the file; rejects when the disk, or the file, refuses. */
  readonly done: Promise<void>
  /** No other commit may follow before it is done. */
  readonly isUrgent: boolean
}

/**
 * What takes the disk's own time, kept off the thread that serves the console: a commit writes its pages to SQLite's log
 * and does not wait; the log is synced by Node's thread pool before anybody hears that the commit is durable; another
 * thread copies the log into the file.
 */
export class WriteAheadLog {
  readonly path: string
  readonly #watch: FileWatch
  readonly #witness: Pick<Witness, 'note'>
  readonly #commits: () => number
  readonly #thread: JournalThread
  #descriptor: number | null = null
  #rows = 0
  #copying: Promise<void> | null = null

  /** `commits`: transactions so far. What is proved to be on disk is told to the witness. */
  constructor(path: string, watch: FileWatch, witness: Pick<Witness, 'note'>, commits: () => number) {
    this.path = path
    this.#watch = watch
    this.#witness = witness
    this.#commits = commits
    this.#thread = new JournalThread(path)
  }

  /** When `done` is called without an error, all that was committed before this call survives a power cut. */
  sync(done: (error: Error | null) => void): void {
    try {
      // The log is there from the first commit on, and stays the same file until the database is closed.
      this.#descriptor ??= openSync(`${this.path}-wal`, 'r+')
      const covered = this.#commits()
      fdatasync(this.#descriptor, (error) => done(error ?? this.#proved(covered)))
    } catch (error) {
      process.nextTick(done, error)
    }
  }

  /** What is synced to a file that nobody will find again is not durable. */
  #proved(commits: number): Error | null {
    try {
      const words = this.#watch.place(this.#descriptor, longestLogBytes)
      if (words !== null) return damaged(this.path, words)
      this.#witness.note(commits)
      return null
    } catch (error) {
      return error instanceof Error ? error : new Error('unknown error')
    }
  }

  /** To be told of every commit. null while the log need not be copied; whoever gets a copy hears how it ends. */
  committed(rows: number): Copying | null {
    this.#rows += rows
    if (this.#rows < rowsPerCheckpoint || this.#descriptor === null) return null
    this.#copying ??= this.#copy()
    return { done: this.#copying, isUrgent: fstatSync(this.#descriptor).size > longestLogBytes }
  }

  async close(): Promise<void> {
    await this.#copying?.catch(() => undefined)
    await this.#thread.end()
    if (this.#descriptor !== null) closeSync(this.#descriptor)
  }

  async #copy(): Promise<void> {
    this.#rows = 0
    try {
      await this.#thread.tell('checkpoint')
    } finally {
      this.#copying = null
    }
  }
}

import type { DatabaseSync } from 'node:sqlite'
import { fault, FaultError, type Fault } from '../../../../../shared/model/fault.ts'
import { journalFault } from './database.ts'
import type { Timers } from '../../../base/timers.ts'
import type { Copying, WriteAheadLog } from './write-ahead-log.ts'

type Log = Pick<WriteAheadLog, 'path' | 'sync' | 'committed'>

export interface CommitLimits {
  /** A transaction takes no further write once it has this many rows: bounds how long one flush blocks the thread. */
  readonly rowsPerFlush: number
  /** …or once its writes took this long: rows whose keys come in no order cost ten times those in order. */
  readonly flushBudgetMs: number
  /** How long the first write waits for company. */
  readonly flushDelayMs: number
}

/** What belongs to every transaction besides the writes themselves. */
export interface CommitHooks {
  /** Counters that are kept in memory, written in the transaction that changed them. Returns what to tell once that is on the disk. */
  readonly beforeCommit: () => (() => void) | null
  /** The transaction came to nothing: memory goes back to what the disk holds. */
  readonly afterRollback: () => void
}

export interface CommitTime {
  readonly timers: Timers
  /** Milliseconds since some instant, never going back. */
  readonly elapsedMs: () => number
}

interface Waiting {
  readonly rows: number
  readonly run: () => RunWrite
  readonly reject: (error: unknown) => void
}

/** What follows a write that was run. */
interface RunWrite {
  readonly committed: () => void
  readonly settled: () => void
}

/** For a write that somebody waits for: it does not wait for company. */
export interface Urgent<T> {
  /** The write outlives this process, though not a power cut yet. Called within a flush: must not throw. */
  readonly committed?: (value: T) => void
}

/** One transaction: committed, and not yet known to be on the disk. */
interface Batch {
  readonly waiting: Waiting[]
  written: readonly RunWrite[]
  onDisk: (() => void) | null
}

/**
 * Many writers, one transaction per flush. A write is a synchronous function that only runs SQL; its promise resolves with
 * what it returned, after COMMIT and a sync of the log that began after it. The first flush that fails ends all writing: what was not proved to be on disk is
 * rejected, and nothing is tried again, because a failed sync may have dropped pages that a second one reports as written.
 */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #log: Log
  readonly #hooks: CommitHooks
  readonly #time: CommitTime
  readonly #limits: CommitLimits
  readonly #listeners: ((fault: Fault) => void)[] = []
  #queue: Waiting[] = []
  #head = 0
  #rows = 0
  #cancel: (() => void) | null = null
  #urgent = false
  /** The log must be copied before more is written. */
  #held = false
  #unsynced: Batch[] = []
  #syncing = false
  #end: FaultError | null = null
  #fault: Fault | null = null

  constructor(database: DatabaseSync, log: Log, hooks: CommitHooks, time: CommitTime, limits: CommitLimits) {
    this.#database = database
    this.#log = log
    this.#hooks = hooks
    this.#time = time
    this.#limits = limits
  }

  submit<T>(rows: number, write: () => T, urgent?: Urgent<T>): Promise<T> {
    if (this.#end !== null) return Promise.reject(this.#end)
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const value = write()
        return { committed: () => urgent?.committed?.(value), settled: () => resolve(value) }
      }
      this.#queue.push({ rows, run, reject })
      this.#rows += rows
      this.#schedule(urgent !== undefined || this.#rows >= this.#limits.rowsPerFlush)
    })
  }

  onUnwritable(listener: (fault: Fault) => void): void {
    this.#listeners.push(listener)
  }

  /** What somebody else found ends writing just as a failed commit does. */
  refuse(end: FaultError): void {
    this.#fail([], end)
  }

  /** Why it writes no more; null while it does, and when it was closed in order. */
  get fault(): Fault | null {
    return this.#fault
  }

  get isEnded(): boolean {
    return this.#end !== null
  }

  async flush(): Promise<void> {
    const last = this.submit(0, () => undefined)
    this.#schedule(true)
    await last
  }

  /** Writes what waits, then refuses everything. */
  async close(): Promise<void> {
    if (this.#end === null) await this.flush().catch(() => undefined)
    this.#end ??= new FaultError(fault('JOURNAL_UNWRITABLE', 'The journal is closed.'))
    this.#cancel?.()
  }

  #schedule(urgent: boolean): void {
    if (this.#held || (this.#cancel !== null && (this.#urgent || !urgent))) return
    this.#cancel?.()
    this.#urgent = urgent
    this.#cancel = this.#time.timers.after(urgent ? 0 : this.#limits.flushDelayMs, () => this.#flush())
  }

  #flush(): void {
    this.#cancel = null
    const batch: Batch = { waiting: [], written: [], onDisk: null }
    if (!this.#commit(batch)) return
    this.#unsynced.push(batch)
    try {
      for (const { committed } of batch.written) committed()
      this.#sync()
      const copying = this.#log.committed(batch.waiting.reduce((rows, one) => rows + one.rows, 0))
      if (copying !== null) this.#watch(copying)
    } catch (error) {
      // What this transaction made of memory is not known any more: nothing is written on top of it.
      this.#fail([], journalFault(error, this.#log.path))
      return
    }
    // A full transaction left others behind: they go next, after the sockets had their turn.
    if (this.#queue.length > 0) this.#schedule(true)
  }

  /** Fills `batch` with what it took; false when that came to nothing. */
  #commit(batch: Batch): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      batch.written = this.#runInto(batch.waiting)
      batch.onDisk = this.#hooks.beforeCommit()
      this.#database.exec('COMMIT')
      return true
    } catch (error) {
      this.#fail(batch.waiting, journalFault(error, this.#log.path))
      return false
    }
  }

  /** One sync at a time: what is committed meanwhile shares the next. */
  #sync(): void {
    if (this.#syncing || this.#unsynced.length === 0) return
    const covered = this.#unsynced
    this.#unsynced = []
    this.#syncing = true
    this.#log.sync((error) => {
      this.#syncing = false
      if (error !== null)
        this.#fail(
          covered.flatMap(({ waiting }) => waiting),
          journalFault(error, this.#log.path),
        )
      else
        for (const { written, onDisk } of covered) {
          for (const { settled } of written) settled()
          onDisk?.()
        }
      this.#sync()
    })
  }

  /** A copy that is refused ends writing, waited for or not: the log could only grow from here on, until it is refused too. */
  #watch({ done, isUrgent }: Copying): void {
    if (isUrgent) this.#held = true
    done.then(
      () => {
        if (!isUrgent) return
        this.#held = false
        if (this.#queue.length > 0) this.#schedule(true)
      },
      (error: unknown) => this.#fail([], journalFault(error, this.#log.path)),
    )
  }

  #runInto(batch: Waiting[]): readonly RunWrite[] {
    const { rowsPerFlush, flushBudgetMs } = this.#limits
    const until = this.#time.elapsedMs() + flushBudgetMs
    const written: RunWrite[] = []
    let rows = 0
    for (let next = this.#queue[this.#head]; next !== undefined; next = this.#queue[this.#head]) {
      if (rows >= rowsPerFlush || (rows > 0 && this.#time.elapsedMs() > until)) break
      this.#head++
      batch.push(next)
      rows += next.rows
      written.push(next.run())
    }
    this.#rows -= rows
    if (this.#head * 2 >= this.#queue.length) this.#compact()
    return written
  }

  #compact(): void {
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }

  #fail(batch: readonly Waiting[], end: FaultError): void {
    const isFirst = this.#end === null
    this.#end ??= end
    this.#rollBack()
    const unproved = this.#unsynced.flatMap(({ waiting }) => waiting)
    for (const waiting of [...batch, ...unproved, ...this.#queue.slice(this.#head)]) waiting.reject(this.#end)
    this.#unsynced = []
    this.#queue = []
    this.#head = 0
    if (!isFirst) return
    this.#fault = end.fault
    for (const listener of this.#listeners) listener(end.fault)
  }

  #rollBack(): void {
    try {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#hooks.afterRollback()
    } catch {
      // The disk is gone altogether; every write is refused from here on, and reads answer as far as they can.
    }
  }
}

import { once } from 'node:events'
import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

/** Rows committed before their pages are copied from the log into the file: about 2 MiB of log. */
const rowsPerCheckpoint = 2_000
/** A log that steady writing has let grow this far, bytes: the writer waits for one checkpoint, and it begins anew. */
const longestLogBytes = 64 * 1024 * 1024

/**
 * What takes the disk's own time, kept off the thread that serves the console: a commit writes its pages to SQLite's log
 * and does not wait; the log is synced by Node's thread pool before anybody hears that the commit is durable; another
 * thread copies the log into the file.
 */
export class WriteAheadLog {
  readonly #path: string
  #descriptor: number | null = null
  #thread: Worker | null = null
  #rows = 0
  #checkpointing: Promise<void> | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** When `done` is called without an error, all that was committed before this call survives a power cut. */
  sync(done: (error: Error | null) => void): void {
    try {
      // The log is there from the first commit on, and stays the same file until the database is closed.
      this.#descriptor ??= openSync(`${this.#path}-wal`, 'r+')
      fdatasync(this.#descriptor, done)
    } catch (error) {
      process.nextTick(done, error)
    }
  }

  /** To be told of every commit. A promise when no other may follow before it resolves; it rejects when the disk refuses. */
  committed(rows: number): Promise<void> | null {
    this.#rows += rows
    if (this.#rows < rowsPerCheckpoint || this.#descriptor === null) return null
    this.#checkpointing ??= this.#checkpoint()
    return fstatSync(this.#descriptor).size > longestLogBytes ? this.#checkpointing : null
  }

  async close(): Promise<void> {
    await this.#checkpointing?.catch(() => undefined)
    await this.#thread?.terminate()
    if (this.#descriptor !== null) closeSync(this.#descriptor)
  }

  async #checkpoint(): Promise<void> {
    this.#rows = 0
    this.#thread ??= startThread(this.#path)
    try {
      const answer = once(this.#thread, 'message')
      this.#thread.postMessage('checkpoint')
      const [refusal]: unknown[] = await answer
      if (typeof refusal === 'string') throw new Error(refusal)
    } finally {
      this.#checkpointing = null
    }
  }
}

/** Beside this file when run from source, beside the bundle when packaged. */
function startThread(path: string): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = isSource ? './checkpoint-thread.ts' : './checkpoint-thread.js'
  const thread = new Worker(new URL(entry, import.meta.url), { workerData: path })
  thread.unref()
  return thread
}

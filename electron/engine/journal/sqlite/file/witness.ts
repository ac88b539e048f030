import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { z } from 'zod'

const recordSchema = z.object({
  journal: z.string(),
  commits: z.int(),
  closed: z.object({ sizeBytes: z.int(), crc32: z.int() }).nullable(),
})

/** What is known of the journal outside of it. */
export type WitnessRecord = Readonly<z.infer<typeof recordSchema>>

/** Within one sector, so that a power cut leaves the old record or the new one. */
const recordBytes = 256

/**
 * A small file beside the journal that says what the journal must hold at least, and what a stop left of it. A log that was cut
 * is a shorter log to SQLite, an emptied file a new one, and changed bytes within a row are no error: only somebody else can tell.
 */
export class Witness {
  /** As it was found; null when there was none, or none that can be read. */
  readonly found: WitnessRecord | null
  readonly #path: string
  #descriptor: number | null = null
  #journal = ''

  constructor(path: string) {
    this.#path = path
    this.found = readRecord(path)
  }

  /**
   * Before the journal is opened: what the last stop left of it may change from here on, whatever becomes of this start. Durable
   * when it returns.
   */
  reopen(): void {
    if (this.found === null || this.found.closed === null) return
    this.#journal = this.found.journal
    this.#begin(this.found.commits)
  }

  /** From here on the journal counts as being written. Durable when it returns. */
  begin(journal: string, commits: number): void {
    this.#journal = journal
    this.#begin(commits)
  }

  /**
   * So many transactions are on the disk. Not synced: the system keeps it through the death of this process, and after a power
   * cut an older record is true as well.
   */
  note(commits: number): void {
    if (this.#descriptor !== null) this.#write(commits, null)
  }

  /** What the stop left of the file; null when it may still change. */
  end(commits: number, closed: WitnessRecord['closed']): void {
    if (this.#descriptor === null) return
    this.#write(commits, closed)
    fsyncSync(this.#descriptor)
    this.close()
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #begin(commits: number): void {
    this.#descriptor ??= openForWriting(this.#path)
    this.#write(commits, null)
    fsyncSync(this.#descriptor)
  }

  #write(commits: number, closed: WitnessRecord['closed']): void {
    const text = JSON.stringify({ journal: this.#journal, commits, closed } satisfies WitnessRecord)
    writeSync(this.#descriptor!, `${text.padEnd(recordBytes - 1)}\n`, 0)
  }
}

/** Made when it is not there, and not emptied. */
function openForWriting(path: string): number {
  closeSync(openSync(path, 'a+', 0o600))
  return openSync(path, 'r+')
}

function readRecord(path: string): WitnessRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // The first start, a power cut in it, or damage to this file: the journal itself is looked through then.
    return null
  }
}

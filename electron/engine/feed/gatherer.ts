import type { Change, ChangeSink } from './port.ts'

/** Changes held in memory at most; MinIO drops events for a reader that is slower, and so the reader says so by a gap. */
const roomForChanges = 50_000

/** Offers together what came in while the last offer was being written: one durable write for many events. */
export class Gatherer {
  readonly #intake: ChangeSink
  readonly #onFault: (error: unknown) => void
  #waiting: Change[] = []
  #writing: Promise<void> | null = null

  /** `onFault`: an offer failed, and what it held is lost to this feed. */
  constructor(intake: ChangeSink, onFault: (error: unknown) => void) {
    this.#intake = intake
    this.#onFault = onFault
  }

  /** Returns a promise to wait for when too much is waiting. */
  add(changes: readonly Change[]): Promise<void> | null {
    for (const change of changes) this.#waiting.push(change)
    this.#writing ??= this.#write()
    return this.#waiting.length > roomForChanges ? this.#writing : null
  }

  /** Resolves when everything added is durable, or given up with a fault. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting
        this.#waiting = []
        await this.#intake.offer(batch, { kind: 'event' })
      }
    } catch (error) {
      this.#waiting = []
      this.#onFault(error)
    } finally {
      this.#writing = null
    }
  }
}

import { damaged } from './damage.ts'
import type { FileWatch } from './file-watch.ts'
import { lookThrough } from './soundness.ts'

export interface ChecksOptions {
  readonly path: string
  readonly watch: FileWatch
  /** How often the beginning of the file is looked at. */
  readonly glanceEveryMs: number
  /** A look through the whole file is not repeated within this many times its own duration, nor within a minute. */
  readonly restPerLook: number
  readonly elapsedMs: () => number
  /** A look that is under way already. */
  readonly first: Promise<void> | null
  readonly onRefused: (error: unknown) => void
}

const leastRestMs = 60_000

/** Looks at the journal's file again and again while it is written. Most of it is in memory, so reads alone would not meet damage. */
export class FileChecks {
  readonly #options: ChecksOptions
  readonly #timer: NodeJS.Timeout
  #look: Promise<void> | null = null
  #nextAt: number
  #isStopped = false

  constructor(options: ChecksOptions) {
    this.#options = options
    // The first look soon: what was damaged in the log was copied by the last stop as if it were whole.
    this.#nextAt = options.elapsedMs()
    if (options.first !== null) this.#follow(options.first)
    this.#timer = setInterval(() => this.#glance(), options.glanceEveryMs).unref()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#look
  }

  #glance(): void {
    const { path, watch, elapsedMs, onRefused } = this.#options
    try {
      const words = watch.place(null, 0) ?? watch.beginning()
      if (words !== null) return onRefused(damaged(path, words))
    } catch (error) {
      return onRefused(error)
    }
    if (this.#look === null && elapsedMs() >= this.#nextAt) this.#follow(lookThrough(path))
  }

  #follow(look: Promise<void>): void {
    const { elapsedMs, onRefused, restPerLook } = this.#options
    const startedAt = elapsedMs()
    this.#look = look
      .catch((error: unknown) => {
        if (!this.#isStopped) onRefused(error)
      })
      .finally(() => {
        this.#look = null
        this.#nextAt = elapsedMs() + Math.max(leastRestMs, restPerLook * (elapsedMs() - startedAt))
      })
  }
}

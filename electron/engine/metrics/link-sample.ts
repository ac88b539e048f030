import { sampleEveryMs } from '../../../shared/model/overview.ts'
import type { ReadsAtOnce } from '../journal/port/tasks.ts'
import type { QueueCounts } from '../queue/port.ts'
import type { RateBook } from './rates.ts'
import type { LinkSample } from './series.ts'

export interface LinkSamplerParts {
  readonly atOnce: Pick<ReadsAtOnce, 'totals'>
  readonly counts: (linkId: string) => QueueCounts
  readonly rates: RateBook
}

/** Reads one link after the other, once in `sampleEveryMs`. */
export class LinkSampler {
  readonly #parts: LinkSamplerParts
  /** Links that were full when they were last read. */
  readonly #full = new Set<string>()

  constructor(parts: LinkSamplerParts) {
    this.#parts = parts
  }

  /** One link at `at`. Takes the counts since the call before. */
  sample(linkId: string, rttMs: number | null, at: number): LinkSample {
    const { atOnce, rates } = this.#parts
    const { backlogCount, backlogBytes, oldestPendingAt } = atOnce.totals(linkId)
    const lagSeconds = oldestPendingAt === null ? 0 : Math.max(0, (at - oldestPendingAt) / 1000)
    const { objects, bytes, failures } = rates.takeCounts(linkId)
    const full = this.#wasFull(linkId)
      ? { fullMs: sampleEveryMs, fullObjects: objects, fullBytes: bytes }
      : { fullMs: 0, fullObjects: 0, fullBytes: 0 }
    return { linkId, backlogCount, backlogBytes, lagSeconds, objects, bytes, failures, rttMs, ...full }
  }

  /** Full at both ends of the time since it was last read: what waits for a held link or for its next attempt fills none. */
  #wasFull(linkId: string): boolean {
    const { ready, leased } = this.#parts.counts(linkId)
    const isFull = ready > 0 && leased > 0
    const before = this.#full.has(linkId)
    if (isFull) this.#full.add(linkId)
    else this.#full.delete(linkId)
    return isFull && before
  }
}

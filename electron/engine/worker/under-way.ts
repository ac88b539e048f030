import type { Lane } from '../../../shared/model/task.ts'
import type { Lease } from '../queue/port.ts'

/**
 * Where an attempt stands. `briefing`: the journal is asked what to tell a thread. `taken back`: while it was asked; no thread
 * gets it. `with a thread`: what becomes of it comes from there.
 */
type Stage = 'briefing' | 'taken back' | 'with a thread'

/** One attempt, from its lease until its outcome is known. */
export interface Attempt {
  readonly lease: Lease
  /** Epoch ms. */
  readonly startedAt: number
  stage: Stage
}

/** The attempts under way, by the seq of their task. What is out longer, until its end is durable, the queue knows. */
export class UnderWay {
  readonly #attempts = new Map<number, Attempt>()
  readonly #busy: Record<Lane, number> = { small: 0, large: 0, mrf: 0 }

  get size(): number {
    return this.#attempts.size
  }

  /** How many of the lane. */
  busy(lane: Lane): number {
    return this.#busy[lane]
  }

  begin(lease: Lease, startedAt: number): void {
    this.#attempts.set(lease.task.seq, { lease, startedAt, stage: 'briefing' })
    this.#busy[lease.lane]++
  }

  /** null for one that ended before. */
  get(seq: number): Attempt | null {
    return this.#attempts.get(seq) ?? null
  }

  /** Takes it out; null for one that ended before. */
  end(seq: number): Attempt | null {
    const attempt = this.get(seq)
    if (attempt === null) return null
    this.#attempts.delete(seq)
    this.#busy[attempt.lease.lane]--
    return attempt
  }

  /** In the order in which they began. */
  all(): readonly Attempt[] {
    return [...this.#attempts.values()]
  }

  ofLink(linkId: string): readonly Attempt[] {
    return this.all().filter(({ lease }) => lease.task.linkId === linkId)
  }
}

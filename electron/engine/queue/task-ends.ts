import type { Fault } from '../../../shared/model/fault.ts'
import type { Outcome } from '../worker/port.ts'

/** How a task left the queue's hands: it is in step, or nothing more is tried until somebody mends the cause. */
export type TaskEnd =
  | { readonly kind: 'settled'; readonly did: Extract<Outcome, { kind: 'settled' }>['did'] }
  | { readonly kind: 'parked'; readonly fault: Fault }

type Listener = (end: TaskEnd) => void

/** Tells who waits for a task how it ended, at the moment when the journal has it. Nobody needs to ask again and again. */
export class TaskEnds {
  readonly #waiting = new Map<number, Set<Listener>>()

  /** To be called in the turn in which the task was enqueued; the returned function ends the wait. */
  watch(seq: number, listener: Listener): () => void {
    const listeners = this.#waiting.get(seq) ?? new Set()
    this.#waiting.set(seq, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#waiting.get(seq) === listeners) this.#waiting.delete(seq)
    }
  }

  tell(seq: number, end: TaskEnd): void {
    const listeners = this.#waiting.get(seq)
    if (listeners === undefined) return
    // A parked task may be retried while its client still waits.
    if (end.kind === 'settled') this.#waiting.delete(seq)
    for (const listener of listeners) listener(end)
  }
}

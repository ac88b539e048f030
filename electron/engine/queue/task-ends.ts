import type { Fault } from '../../../shared/model/fault.ts'
import type { Outcome } from '../replicate/port.ts'

/** How a task left the queue's hands: it is in step, or nothing more is tried until somebody mends the cause. */
export type TaskEnd =
  | { readonly kind: 'settled'; readonly did: Extract<Outcome, { kind: 'settled' }>['did'] }
  | { readonly kind: 'parked'; readonly fault: Fault }

type Listener = (end: TaskEnd) => void

/** A task may end before the one who placed it has begun to wait: both may come of one sync of the journal. */
const kept = 4_096

/** Tells who waits for a task how it ended, at the moment when the journal has it. Nobody needs to ask again and again. */
export class TaskEnds {
  readonly #isPending: (seq: number) => boolean
  readonly #waiting = new Map<number, Set<Listener>>()
  /** Settled tasks that nobody waited for, oldest first. */
  readonly #settled = new Map<number, TaskEnd>()

  /** `isPending`: the journal has the task for an attempt. One that lingers may be offered again under its number: its end of before says nothing. */
  constructor(isPending: (seq: number) => boolean) {
    this.#isPending = isPending
  }

  /** To be called soon after the task was enqueued. The listener is called in a later turn; the returned function ends the wait. */
  watch(seq: number, listener: Listener): () => void {
    const listeners = this.#waiting.get(seq) ?? new Set()
    this.#waiting.set(seq, listeners.add(listener))
    const settled = this.#settled.get(seq)
    if (settled !== undefined && !this.#isPending(seq)) queueMicrotask(() => this.tell(seq, settled))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#waiting.get(seq) === listeners) this.#waiting.delete(seq)
    }
  }

  tell(seq: number, end: TaskEnd): void {
    const listeners = this.#waiting.get(seq)
    if (end.kind === 'settled') this.#keep(seq, end)
    if (listeners === undefined) return
    // A parked task may be retried while its client still waits.
    if (end.kind === 'settled') this.#waiting.delete(seq)
    for (const listener of listeners) listener(end)
  }

  #keep(seq: number, end: TaskEnd): void {
    this.#settled.set(seq, end)
    if (this.#settled.size <= kept) return
    for (const oldest of this.#settled.keys()) {
      this.#settled.delete(oldest)
      break
    }
  }
}

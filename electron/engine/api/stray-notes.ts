import type { Tell } from '../log/activity.ts'
import type { Fault } from '../../../shared/model/fault.ts'

/** Told at most this often: an error that comes with every request must not fill the Activity page. */
const tellEveryMs = 60_000

/** Errors that no code caught and that the engine survived: counted, and told to the operator. */
export class StrayNotes {
  readonly #tell: Tell
  readonly #now: () => number
  #count = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(tell: Tell, now: () => number) {
    this.#tell = tell
    this.#now = now
  }

  /** Since the start. */
  get count(): number {
    return this.#count
  }

  note(fault: Fault): void {
    this.#count++
    if (this.#now() - this.#toldAt < tellEveryMs) return
    this.#toldAt = this.#now()
    const since = this.#count === 1 ? '' : ` That makes ${this.#count.toLocaleString('en')} since the start.`
    this.#tell('error', 'engine', `Lockstep met an error of its own and goes on.${since}`, { fault })
  }
}

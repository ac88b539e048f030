const secondsPerMs = 1 / 1000

/** The sum of what was added during a moving window. Memory is one number per slot; instants must not go backwards far. */
export class WindowedSum {
  readonly #slots: Float64Array
  readonly #slotMs: number
  #latest = Number.NEGATIVE_INFINITY

  constructor(windowMs: number, slotMs: number) {
    this.#slots = new Float64Array(Math.ceil(windowMs / slotMs))
    this.#slotMs = slotMs
  }

  add(at: number, amount: number): void {
    const slot = this.#turn(at)
    this.#slots[slot % this.#slots.length]! += amount
  }

  total(at: number): number {
    this.#turn(at)
    return this.#slots.reduce((sum, amount) => sum + amount, 0)
  }

  /** The slot under way counts only for the part that has passed, so that a steady stream reads as a steady rate. */
  perSecond(at: number): number {
    const coveredMs = (this.#slots.length - 1) * this.#slotMs + Math.max(1, at % this.#slotMs)
    return this.total(at) / (coveredMs * secondsPerMs)
  }

  /** Empties the slots that the clock passed since the last call. A clock set back adds to the slot it last knew. */
  #turn(at: number): number {
    const slot = Math.max(Math.floor(at / this.#slotMs), this.#latest)
    const passed = Math.min(slot - this.#latest, this.#slots.length)
    for (let back = 0; back < passed; back++) this.#slots[(slot - back) % this.#slots.length] = 0
    this.#latest = slot
    return slot
  }
}

import type { Timers } from '../../electron/engine/base/timers.ts'

/** A clock that stands still until it is wound; timers that fall due on the way fire in their order. */
export class WoundClock implements Timers {
  #at: number
  #next = 0
  readonly #due = new Map<number, { readonly at: number; readonly call: () => void }>()

  constructor(at = 1_700_000_000_000) {
    this.#at = at
  }

  readonly now = (): number => this.#at

  after(delayMs: number, call: () => void): () => void {
    const id = this.#next++
    this.#due.set(id, { at: this.#at + delayMs, call })
    return () => void this.#due.delete(id)
  }

  /** Time goes on, and the timers have not noticed yet. */
  setForward(byMs: number): void {
    this.#at += byMs
  }

  /** Between two timers the promises that the first one settled get their turn. */
  async wind(byMs: number): Promise<void> {
    const until = this.#at + byMs
    for (;;) {
      await turn()
      const [id, first] = [...this.#due].sort(([, a], [, b]) => a.at - b.at)[0] ?? []
      if (id === undefined || first === undefined || first.at > until) break
      this.#due.delete(id)
      this.#at = first.at
      first.call()
    }
    this.#at = until
    await turn()
  }
}

const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume))

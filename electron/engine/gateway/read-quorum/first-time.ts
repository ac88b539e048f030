/** Keys that are remembered: a client that reads one again and again is told of once. */
const remembered = 1000

/** Lets the first of the same words through. */
export class FirstTime {
  readonly #seen = new Set<string>()

  of(words: string): boolean {
    if (this.#seen.has(words)) return false
    if (this.#seen.size >= remembered) this.#seen.clear()
    this.#seen.add(words)
    return true
  }
}

/** Beyond these the oldest are forgotten, and count as seen for the first time when they are met again. */
const remembered = 10_000

/** Remembers from one comparison to the next since when something is seen. */
export class FirstSeen {
  readonly #at = new Map<string, number>()

  /** Epoch ms at which this was seen first. */
  since(name: string, now: number): number {
    const known = this.#at.get(name)
    if (known !== undefined) return known
    this.#at.set(name, now)
    for (const oldest of this.#at.keys()) {
      if (this.#at.size <= remembered) break
      this.#at.delete(oldest)
    }
    return now
  }
}

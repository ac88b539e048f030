/**
 * Remembers when a key of a link was last handed out or given back, for a bounded number of keys. What was forgotten
 * counts as handed out at the time of the youngest forgotten entry, so forgetting costs a look at the target, never a
 * second copy.
 */
export class Recency {
  readonly #limit: number
  readonly #handedOutAt = new Map<string, number>()
  #floor = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  note(linkId: string, key: string, at: number): void {
    const name = nameOf(linkId, key)
    // Deleted first: a Map keeps the place of its first insertion, and eviction takes the oldest place.
    this.#handedOutAt.delete(name)
    this.#handedOutAt.set(name, at)
    if (this.#handedOutAt.size > this.#limit) this.#evict()
  }

  /** Whether nothing of the key was handed out or given back at that instant or after it. */
  untouchedSince(linkId: string, key: string, at: number): boolean {
    return at > (this.#handedOutAt.get(nameOf(linkId, key)) ?? this.#floor)
  }

  #evict(): void {
    for (const [name, at] of this.#handedOutAt) {
      this.#handedOutAt.delete(name)
      this.#floor = Math.max(this.#floor, at)
      return
    }
  }
}

/** A link id has no line break; a key may have one, but comes last. */
const nameOf = (linkId: string, key: string): string => `${linkId}\n${key}`

/**
 * What is known of a key within the window: there; gone; or written, and only its copy will tell whether it was there
 * before (`written`), and so it is when it was deleted in between (`unsure`).
 */
type KeyState = 'there' | 'gone' | 'written' | 'unsure'

/** Keys that are known by name; beyond these a delete takes one, and a copy of a new key brings one. */
const mostKeys = 20_000

/**
 * Says by how many objects a change makes a bucket fuller or emptier. Changes come in the source's order, long before it is
 * known whether a write made a new key; so what is written and deleted again takes nothing that was there.
 */
export class LiveKeys {
  readonly #states = new Map<string, KeyState>()

  written(key: string): number {
    const state = this.#states.get(key)
    if (state === 'gone') return this.#put(key, 'there', 1)
    if (state === undefined || state === 'unsure') return this.#put(key, 'written', 0)
    return 0
  }

  deleted(key: string): number {
    const state = this.#states.get(key)
    if (state === 'written') return this.#put(key, 'unsure', 0)
    if (state === 'gone' || state === 'unsure') return 0
    return this.#put(key, 'gone', -1)
  }

  /** A write has reached the target: was its key new there? null: of a key that nothing is known of. */
  copied(key: string, isNew: boolean): number | null {
    const state = this.#states.get(key)
    if (state === undefined) return null
    if (state === 'written') return this.#put(key, 'there', isNew ? 1 : 0)
    if (state === 'unsure') return this.#put(key, 'gone', isNew ? 0 : -1)
    return 0
  }

  /** A scan has counted everything anew. */
  scanned(): void {
    for (const [key, state] of this.#states) {
      if (state === 'written') this.#states.set(key, 'there')
      if (state === 'unsure') this.#states.set(key, 'gone')
    }
    if (this.#states.size >= mostKeys) this.#states.clear()
  }

  #put(key: string, state: KeyState, change: number): number {
    if (this.#states.has(key) || this.#states.size < mostKeys) this.#states.set(key, state)
    return change
  }
}

import { z } from 'zod'
import { twoSidedKeySchema, type TwoSidedKey } from '../../../../shared/model/rule.ts'

const keptSchema = z.object({ count: z.number(), keys: z.array(twoSidedKeySchema) })

/** What a restart finds: how many keys, and the first of them. */
export type KeptDiverged = z.infer<typeof keptSchema>

/** Keys that are counted one by one, and those of them that a restart still names. */
const counted = 100_000
const kept = 1000

/** The keys of one link that do not converge, and those that may not. Bounded; what it cannot hold is told. */
export class DivergedKeys {
  /** Each with when it was last seen so. */
  readonly #apart = new Map<string, TwoSidedKey & { readonly seenAt: number }>()
  /** Each with the number of the last sign that put it in doubt. */
  readonly #doubts = new Map<string, number>()
  #signs = 0
  /** Keys that this link brought something of lately, oldest first. */
  readonly #written = new Set<string>()
  #last: number
  #isKnown = false
  #isOver = false

  /** `found`: what {@link kept} returned before a restart. */
  constructor(found: unknown) {
    const { count, keys } = keptSchema.catch({ count: 0, keys: [] }).parse(found)
    this.#last = count
    for (const key of keys) this.#apart.set(key.key, { ...key, seenAt: 0 })
  }

  /** Until a whole scan has ended, what was known before the start counts too. */
  get count(): number {
    return this.#isKnown ? this.#apart.size : Math.max(this.#last, this.#apart.size)
  }

  /** There may be more than {@link count}. */
  get isOver(): boolean {
    return this.#isOver
  }

  get isKnown(): boolean {
    return this.#isKnown
  }

  get doubts(): number {
    return this.#doubts.size
  }

  /** The first in the order of their keys. */
  first(most: number): readonly TwoSidedKey[] {
    return [...this.#apart.values()]
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, most)
      .map(({ key, source, target }) => ({ key, source, target }))
  }

  kept(): KeptDiverged {
    return { count: this.count, keys: [...this.first(kept)] }
  }

  has(key: string): boolean {
    return this.#apart.has(key)
  }

  seen(key: string, at: number): void {
    const known = this.#apart.get(key)
    if (known !== undefined) this.#apart.set(key, { ...known, seenAt: at })
  }

  doubt(key: string): void {
    if (this.#doubts.size < counted || this.#doubts.has(key)) this.#doubts.set(key, ++this.#signs)
    else this.#isOver = true
  }

  /** Up to `most` keys to look at; they go to the end of the line. */
  next(most: number): readonly string[] {
    const some: string[] = []
    for (const key of this.#doubts.keys()) {
      if (some.length === most) break
      some.push(key)
    }
    for (const key of some) {
      const sign = this.#doubts.get(key)!
      this.#doubts.delete(key)
      this.#doubts.set(key, sign)
    }
    return some
  }

  wrote(key: string): void {
    this.#written.delete(key)
    this.#written.add(key)
    if (this.#written.size <= counted) return
    const [oldest] = this.#written
    this.#written.delete(oldest!)
  }

  hasWritten(key: string): boolean {
    return this.#written.has(key)
  }

  /** All signs up to now; a look that begins here answers these and no later one. */
  get signs(): number {
    return this.#signs
  }

  /** Somebody looked from `sign` on, with nothing pending: null for a key that has come together. */
  looked(key: string, apart: TwoSidedKey | null, at: number, sign: number): void {
    // What was written while somebody looked is not seen: the key stays in doubt.
    if ((this.#doubts.get(key) ?? 0) <= sign) {
      this.#doubts.delete(key)
      this.#written.delete(key)
    }
    if (apart === null) this.#apart.delete(key)
    else if (this.#apart.size < counted || this.#apart.has(key)) this.#apart.set(key, { ...apart, seenAt: at })
    else this.#isOver = true
  }

  /** A scan of all keys has ended: what it did not meet as apart is looked at once more. */
  scanned(startedAt: number): void {
    this.#isKnown = true
    this.#isOver = this.#apart.size >= counted
    for (const { key, seenAt } of this.#apart.values()) if (seenAt < startedAt) this.doubt(key)
  }
}

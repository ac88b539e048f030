import type { ObjectStore } from '../store/port.ts'
import type { CompareParts, SideName } from './port.ts'

/**
 * What a HEAD that says nothing means at each side. A site may keep silent about tags and locks because there are none, because the key
 * may not read them, or because it never tells: until a side was seen to tell of one, silence is asked about.
 */
export class SilentSides {
  readonly #parts: CompareParts
  readonly #tellsTags = new Set<SideName>()
  readonly #tellsLocks = new Set<SideName>()
  readonly #hasLocks = new Map<SideName, Promise<boolean>>()

  constructor(parts: CompareParts) {
    this.#parts = parts
  }

  saw(side: SideName, what: 'tags' | 'locks'): void {
    ;(what === 'tags' ? this.#tellsTags : this.#tellsLocks).add(side)
  }

  tellsTags(side: SideName): boolean {
    return this.#tellsTags.has(side)
  }

  /** Only a bucket made with object lock holds any. */
  async tellsLocks(side: SideName): Promise<boolean> {
    if (this.#tellsLocks.has(side)) return true
    const known = this.#hasLocks.get(side) ?? this.#askBucket(side)
    this.#hasLocks.set(side, known)
    return !(await known)
  }

  async #askBucket(side: SideName): Promise<boolean> {
    const { link, signal } = this.#parts
    const store: ObjectStore = this.#parts[side]
    const view = await store.bucket(link[side].bucket, { signal })
    return view === null || view.objectLock || view.lockUntold === true
  }
}

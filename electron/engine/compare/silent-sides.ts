import type { BucketView } from '../../../shared/model/site.ts'
import type { ObjectStore, VersionEntry } from '../store/port.ts'
import type { SideName } from './findings.ts'
import type { LinkOrder } from '../replicate/port.ts'

export interface SidesParts {
  readonly link: Pick<LinkOrder, SideName>
  readonly source: ObjectStore
  readonly target: ObjectStore
  readonly signal: AbortSignal
}

type Age = Pick<VersionEntry, 'isLatest'>
const nameOf = (side: SideName, isLatest: boolean): string => `${side} ${isLatest ? 'current' : 'older'}`

/**
 * What a HEAD that says nothing means at each side. A site may keep silent about tags and locks because there are none, because the key
 * may not read them, or because it never tells: until a side was seen to tell of one, silence is asked about. Of older versions apart
 * from current ones: versitygw tells nothing of the locks of the former.
 */
export class SilentSides {
  readonly #parts: SidesParts
  readonly #tellsTags = new Set<string>()
  readonly #tellsLocks = new Set<string>()
  readonly #buckets = new Map<SideName, Promise<BucketView | null>>()

  constructor(parts: SidesParts) {
    this.#parts = parts
  }

  saw(side: SideName, { isLatest }: Age, what: 'tags' | 'locks'): void {
    ;(what === 'tags' ? this.#tellsTags : this.#tellsLocks).add(nameOf(side, isLatest))
  }

  tellsTags(side: SideName, { isLatest }: Age): boolean {
    return this.#tellsTags.has(nameOf(side, isLatest))
  }

  /** Only a bucket made with object lock holds any. */
  async tellsLocks(side: SideName, { isLatest }: Age): Promise<boolean> {
    if (this.#tellsLocks.has(nameOf(side, isLatest))) return true
    const view = await this.#bucket(side)
    return view !== null && !view.objectLock && view.lockUntold !== true
  }

  /** Did the bucket never keep versions? False where the site does not tell. */
  async isUnversioned(side: SideName): Promise<boolean> {
    // Who may not ask hears nothing of it; what else is wrong with the site, the listings meet by themselves.
    return (await this.#bucket(side).catch(() => null))?.versioning === 'Off'
  }

  #bucket(side: SideName): Promise<BucketView | null> {
    const { link, signal } = this.#parts
    const store: ObjectStore = this.#parts[side]
    const known = this.#buckets.get(side) ?? store.bucket(link[side].bucket, { signal })
    this.#buckets.set(side, known)
    return known
  }
}

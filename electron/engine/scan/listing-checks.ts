import { FaultError } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { bucketKey } from '../rule/link.ts'
import { everyPage, type CheckRate } from '../store/current-keys.ts'

/** Between the scans that check all pages, one page in so many is checked, others each time. */
const sampled = 16

/** Is it a fault that says that a listing is not to be trusted? */
const isListingFault = (error: unknown): boolean =>
  error instanceof FaultError && (error.fault.code === 'LISTING_INCOMPLETE' || error.fault.code === 'LISTING_UNORDERED')

/**
 * How much of a link's listings is checked. All of it by the first scan, by a resync, and as long as a scan has found that a
 * listing is not to be trusted: one that skips pages of the check must not end what another has found.
 */
export class ListingChecks {
  #scans = 0
  #isDistrusted = false
  /** Listings that no scan could check, by name: since the last whole scan, and in the one under way. */
  #unchecked: ReadonlyMap<string, BucketAt> = new Map()
  #found = new Map<string, BucketAt>()
  readonly #onUnchecked: (unchecked: readonly BucketAt[]) => void

  constructor(onUnchecked: (unchecked: readonly BucketAt[]) => void) {
    this.#onUnchecked = onUnchecked
  }

  get isDistrusted(): boolean {
    return this.#isDistrusted
  }

  rate(isThorough: boolean): CheckRate {
    if (isThorough || this.#isDistrusted) return everyPage
    return { every: sampled, offset: this.#scans++ % sampled }
  }

  /** A site refuses the listing that this one is checked by. */
  cannotCheck({ site, bucket }: BucketAt): void {
    this.#found.set(bucketKey({ site, bucket }), { site, bucket })
    this.#onUnchecked([...new Map([...this.#unchecked, ...this.#found]).values()])
  }

  /** Remembers whether the scan met a listing that is not to be trusted. `isWhole`: it looks at everything, from the first key on. */
  async during<T>(isWhole: boolean, scan: () => Promise<T>): Promise<T> {
    this.#found = new Map()
    try {
      const result = await scan()
      if (!isWhole) return result
      this.#isDistrusted = false
      this.#unchecked = this.#found
      this.#onUnchecked([...this.#found.values()])
      return result
    } catch (error) {
      if (isListingFault(error)) this.#isDistrusted = true
      throw error
    }
  }
}

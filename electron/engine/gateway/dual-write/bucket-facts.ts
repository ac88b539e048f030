import type { BucketView } from '../../../../shared/model/site.ts'
import type { Clock } from '../../base/clock.ts'

/** Versioning and object lock of a bucket change rarely, and never without an operator. */
const believedMs = 60_000
const againMs = 10_000

interface KnownBucket {
  view: BucketView | null
  askAgainAt: number
}

/** What is known of buckets without asking: the answer to an older question, renewed behind the back of who wants it. */
export class BucketFacts {
  readonly #ask: (siteId: string, bucket: string) => Promise<BucketView | null>
  readonly #clock: Pick<Clock, 'now'>
  readonly #known = new Map<string, KnownBucket>()

  constructor(ask: (siteId: string, bucket: string) => Promise<BucketView | null>, clock: Pick<Clock, 'now'>) {
    this.#ask = ask
    this.#clock = clock
  }

  /** null while nobody knows. */
  of(siteId: string, bucket: string): BucketView | null {
    const name = `${siteId}/${bucket}`
    const now = this.#clock.now()
    const known = this.#known.get(name)
    if (known !== undefined && known.askAgainAt > now) return known.view
    const asked = { view: known?.view ?? null, askAgainAt: now + againMs }
    this.#known.set(name, asked)
    void this.#renew(asked, siteId, bucket)
    return asked.view
  }

  async #renew(asked: KnownBucket, siteId: string, bucket: string): Promise<void> {
    asked.view = await this.#ask(siteId, bucket).catch(() => null)
    if (asked.view !== null) asked.askAgainAt = this.#clock.now() + believedMs
  }
}

import {
  compareLevels,
  shownBy,
  type BytesRead,
  type CompareException,
  type CompareReport,
  type Counted,
  type Difference,
  type ExceptionKind,
  type NestedUnseen,
  type NotSeen,
  type OnItsWay,
} from '../../../shared/model/compare.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { bucketKey } from '../rule/link.ts'
import type { Exception } from './findings.ts'

const keptRows = 1000
const keptExamples = 20

export type TallyTotals = Pick<
  CompareReport,
  | 'keys'
  | 'versions'
  | 'differenceCount'
  | 'differences'
  | 'differsBy'
  | 'onItsWay'
  | 'exceptions'
  | 'notSeen'
  | 'bytesRead'
  | 'judgedOnce'
  | 'unchecked'
  | 'nestedUnseen'
>

/** Counts what a comparison finds, over all links of its rule, and keeps the first of each kind. */
export class Tally {
  readonly #differences = new Rows<Difference>()
  readonly #onItsWay = new Rows<OnItsWay>()
  readonly #notSeen = new Rows<NotSeen>()
  readonly #exceptions = new Map<ExceptionKind, Rows<Exception>>()
  readonly #levels = new Set<number>()
  readonly #unchecked = new Map<string, BucketAt>()
  readonly #nestedUnseen = new Map<string, NestedUnseen>()
  #oldestSince: number | null = null
  #keys = 0
  #once = 0
  #versions = 0
  #bytesRead: BytesRead | null = null

  /** One key with so many versions at the source. */
  key(versions: number): void {
    this.#keys++
    this.#versions += versions
  }

  differs(difference: Difference): void {
    this.#differences.add(difference)
    this.#levels.add(compareLevels.indexOf(shownBy[difference.kind]))
  }

  onItsWay(one: OnItsWay): void {
    this.#onItsWay.add(one)
    this.#oldestSince = Math.min(this.#oldestSince ?? one.since, one.since)
  }

  notSeen(one: NotSeen): void {
    this.#notSeen.add(one)
  }

  except(one: Exception): void {
    const rows = this.#exceptions.get(one.kind) ?? new Rows<Exception>(keptExamples)
    this.#exceptions.set(one.kind, rows)
    rows.add(one)
  }

  /** The listing of this bucket could not be held against the site's other listing. */
  unchecked(at: BucketAt): void {
    this.#unchecked.set(bucketKey(at), { site: at.site, bucket: at.bucket })
  }

  /** The listing of this bucket shows no keys below other objects’ keys; not `isKnown`: or it does. */
  nestedUnseen(at: BucketAt, isKnown: boolean): void {
    this.#nestedUnseen.set(bucketKey(at), { site: at.site, bucket: at.bucket, isKnown })
  }

  /** Something that was not alike was judged by one look alone. */
  once(): void {
    this.#once++
  }

  /** A version was read whole on both sides at this time. */
  read(sizeBytes: number, at: number): void {
    const before = this.#bytesRead ?? { versions: 0, sizeBytes: 0, from: at }
    this.#bytesRead = {
      versions: before.versions + 1,
      sizeBytes: before.sizeBytes + sizeBytes,
      from: before.from,
      to: at,
    }
  }

  get totals(): TallyTotals {
    const exceptions = [...this.#exceptions].map(([kind, { count, items }]): CompareException => {
      return { kind, count, examples: items.map(({ key, versionId }) => ({ key, versionId })) }
    })
    const [first] = [...this.#levels].toSorted((a, b) => a - b)
    return {
      keys: this.#keys,
      versions: this.#versions,
      differenceCount: this.#differences.count,
      differences: this.#differences.items,
      differsBy: first === undefined ? null : compareLevels[first]!,
      onItsWay: { ...this.#onItsWay.counted, oldestSince: this.#oldestSince },
      exceptions,
      notSeen: this.#notSeen.counted,
      bytesRead: this.#bytesRead,
      judgedOnce: this.#once,
      unchecked: [...this.#unchecked.values()],
      nestedUnseen: [...this.#nestedUnseen.values()],
    }
  }
}

class Rows<T> {
  readonly #most: number
  readonly #items: T[] = []
  count = 0

  constructor(most = keptRows) {
    this.#most = most
  }

  add(item: T): void {
    this.count++
    if (this.#items.length < this.#most) this.#items.push(item)
  }

  get items(): readonly T[] {
    return [...this.#items]
  }

  get counted(): Counted<T> {
    return { count: this.count, items: this.items }
  }
}

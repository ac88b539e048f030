import type { FidelityProperty } from './fidelity.ts'
import type { Fault } from './fault.ts'
import type { BucketAt, LinkId } from './rule.ts'

/**
 * How thoroughly two sides are compared; each level sees what the one before it sees, and more. `listing`: keys, versions,
 * their order, sizes, ETags where both sides make them in the same way, delete markers. `attributes`: headers, metadata, tags,
 * retention and hold, encryption, checksums of every version too, and the ACL where the rule carries it. `bytes`: every version is read on both sides too.
 */
export const compareLevels = ['listing', 'attributes', 'bytes'] as const
export type CompareLevel = (typeof compareLevels)[number]

/** What differs, and the first level that shows it. */
export const shownBy = {
  'missing-at-target': 'listing',
  'extra-at-target': 'listing',
  order: 'listing',
  'not-latest': 'listing',
  content: 'listing',
  metadata: 'attributes',
  tags: 'attributes',
  lock: 'attributes',
  acl: 'attributes',
  encryption: 'attributes',
  checksum: 'attributes',
  'storage-class': 'attributes',
  bytes: 'bytes',
} as const satisfies Record<string, CompareLevel>
export type DifferenceKind = keyof typeof shownBy

/** One place where two sides are not equal. */
export interface Difference {
  readonly linkId: string
  readonly kind: DifferenceKind
  readonly key: string
  readonly versionId: string | null
  /** In plain words, with both values. */
  readonly detail: string
}

/** A difference that is being worked on, or that nobody can have noticed yet. */
export interface OnItsWay extends Difference {
  /** Epoch ms of the change at the source that waits the longest. */
  readonly since: number
  /** What it waits for, in plain words. */
  readonly why: string
}

/** What is not the same on both sides because the rule leaves it out. */
export type LeftOut =
  | 'outside-filter'
  | 'canary'
  | 'other-tags'
  | 'before-rule'
  | 'markers-not-carried'
  | 'markers-of-deletes'
  | 'deletes-not-carried'
  | 'changes-not-carried'
  | 'of-another-rule'
  | 'etag-not-comparable'

/** What is not the same on both sides and is meant to be so: by the rule, or because the copy does not keep that property. */
export type ExceptionKind = LeftOut | FidelityProperty

export interface CompareException {
  readonly kind: ExceptionKind
  /** Versions; keys for `outside-filter` and `canary`. */
  readonly count: number
  /** The first 20. */
  readonly examples: readonly { readonly key: string; readonly versionId: string | null }[]
}

/** A version, or a key, that could not be looked at. */
export interface NotSeen {
  readonly linkId: string
  readonly key: string
  readonly versionId: string | null
  readonly fault: Fault
}

/**
 * A bucket whose listings show no key that lies below another object’s (`c/1` where `c` is an object): what is there was not seen.
 * `isKnown` false: nobody tried whether they do.
 */
export interface NestedUnseen extends BucketAt {
  readonly isKnown: boolean
}

/** All of a kind, and the first 1,000 by name. */
export interface Counted<T> {
  readonly count: number
  readonly items: readonly T[]
}

/** What a comparison asks of both sites together; null where nothing is known yet. */
export interface CompareCost {
  readonly level: CompareLevel
  readonly requests: number | null
  readonly readBytes: number | null
  /** Milliseconds, at least; from the round trip and the bandwidth that were measured. */
  readonly durationMs: number | null
  /** What it was reckoned from, in one sentence. */
  readonly basis: string
  /** Epoch ms of the count that it stands on. */
  readonly countedAt: number | null
}

/** `on-its-way`: all that differs waits for a copy. `unknown`: nothing that was seen differs, and not all could be seen. */
export type CompareVerdict = 'equal' | 'different' | 'on-its-way' | 'unknown'

/** The bytes that were read at both sides and held against each other by SHA-256. */
export interface BytesRead {
  readonly versions: number
  readonly sizeBytes: number
  /** Epoch ms of the first and of the last version read. */
  readonly from: number
  readonly to: number
}

export interface CompareReport {
  readonly jobId: string
  readonly ruleId: string
  /** Those that were compared: what the rows name by their ids. */
  readonly links: readonly LinkId[]
  readonly prefix: string
  readonly level: CompareLevel
  readonly verdict: CompareVerdict
  /** What may be said after this comparison and no more, in one or two sentences. */
  readonly statement: string
  readonly startedAt: number
  /** null while it runs; the verdict is `unknown` until then. */
  readonly endedAt: number | null
  readonly cost: CompareCost
  readonly keys: number
  /** Of the source. */
  readonly versions: number
  readonly differenceCount: number
  /** The first 1,000. */
  readonly differences: readonly Difference[]
  /** The first level at which the two sides differ; null when they do not. */
  readonly differsBy: CompareLevel | null
  readonly onItsWay: Counted<OnItsWay> & { readonly oldestSince: number | null }
  readonly exceptions: readonly CompareException[]
  readonly notSeen: Counted<NotSeen>
  /** null below the level `bytes`. */
  readonly bytesRead: BytesRead | null
  /** Differing keys beyond the first 10,000, which were not looked at again: some may have been on their way. */
  readonly judgedOnce: number
  /** Listings of several pages that could not be held against the site’s other listing: what they leave out was not seen. */
  readonly unchecked: readonly BucketAt[]
  /** Of either side. */
  readonly nestedUnseen: readonly NestedUnseen[]
  /** Why the comparison ended before its end. */
  readonly fault: Fault | null
}

/** Did the listings that it stands on show all that is there, as far as anybody can know? Where not, *equal* is said of what is listed. */
export const listsAll = ({ unchecked, nestedUnseen }: Pick<CompareReport, 'unchecked' | 'nestedUnseen'>): boolean =>
  unchecked.length === 0 && nestedUnseen.length === 0

/** The target of a link that a row of the report names, `site/bucket`; its id where the report does not know it. */
export function targetName(links: CompareReport['links'], linkId: string): string {
  const link = links.find((one) => one.linkId === linkId)
  return link === undefined ? linkId : `${link.target.site}/${link.target.bucket}`
}

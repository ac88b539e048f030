import type { CompareLevel, Difference, DifferenceKind } from '../../../shared/model/compare.ts'
import { align } from '../replicate/versions/align.ts'
import { partsInEtag } from '../replicate/copy/part-layout.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { VersionEntry } from '../store/port.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { Exception, PairOfVersions } from './findings.ts'

/** One key as both sides list it, newest first, and what the journal knows of it. */
export interface KeyToCompare {
  readonly key: string
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly known: readonly VersionPair[]
  /** Those {@link extrasOf} it of which this link had a task once; asked only where the target keeps the source's ids. */
  readonly copied: ReadonlySet<string>
  /** Those {@link extrasOf} it that a link from elsewhere brought to the target, as the journal knows. */
  readonly ofAnotherRule: ReadonlySet<string>
  /** The source bucket never kept versions: it shows no markers for what was deleted there. */
  readonly isUnversioned: boolean
}

/** What only a closer look decides: by the tags, by the mark of a replica, by the encryption. */
export type Doubt =
  | { readonly about: 'missing' | 'extra'; readonly entry: VersionEntry }
  | { readonly about: 'etag'; readonly pair: PairOfVersions }

export interface KeyDifferences {
  readonly differences: readonly Difference[]
  readonly exceptions: readonly Exception[]
  readonly doubts: readonly Doubt[]
  /** Versions that belong together, for a deeper look. */
  readonly pairs: readonly PairOfVersions[]
  /** The source's latest that the rule carries and the target has, and its replica; null when there is none. */
  readonly top: PairOfVersions | null
  /** Versions at the target that are meant to be there though the source has them no more. */
  readonly excused: ReadonlySet<string>
}

/**
 * What the listings of one key tell. What the rule leaves out on purpose is an exception; everything else that is not the same on
 * both sides is a difference, or a doubt. Pure.
 */
export function differencesOfKey(view: KeyToCompare, link: LinkOrder, level: CompareLevel): KeyDifferences {
  const found = new KeyFindings(view, link)
  const { wanted, leftOut, pairs, missing, extra, misplaced } = aligned(view, link)
  for (const entry of leftOut) found.leftOut(entry)
  for (const entry of missing) found.missing(entry)
  for (const entry of extra) found.extra(entry)
  // Whatever is missing: it may be that on purpose.
  if (misplaced !== null) found.differs('order', null, 'The versions are in another order at the target.')
  for (const pair of pairs) found.pair(pair, level)
  const top = pairs.find(([here]) => here === wanted[0]) ?? null
  return { ...found.total, pairs, top }
}

/** Versions at the target without a partner among those of the source that the rule carries. Pure. */
export const extrasOf = (view: ListedKey, link: LinkOrder): readonly VersionEntry[] => aligned(view, link).extra

type ListedKey = Pick<KeyToCompare, 'source' | 'target' | 'known'>

function aligned({ source, target, known }: ListedKey, link: LinkOrder) {
  const all = align(source, target, known)
  const leftOut = new Set(all.missing.filter((entry) => whyLeftOut(entry, link) !== null))
  if (leftOut.size === 0) return { ...all, wanted: source, leftOut }
  const wanted = source.filter((entry) => !leftOut.has(entry))
  return { ...align(wanted, target, known), wanted, leftOut }
}

/** Does the rule leave this version of the source out, whatever it holds? */
function whyLeftOut(entry: VersionEntry, { copySince, rule }: LinkOrder): Exception['kind'] | null {
  if (entry.modifiedAt < copySince) return 'before-rule'
  return entry.deleteMarker && !rule.deleteMarkers ? 'markers-not-carried' : null
}

/** Whether the source's latest is the latest at the target too, once it is known what is meant to lie there. */
export function latestDifference(
  { key, target }: KeyToCompare,
  { top }: Pick<KeyDifferences, 'top'>,
  excused: ReadonlySet<string>,
  { linkId }: LinkOrder,
): Difference | null {
  const latest = target.find(({ versionId }) => !excused.has(versionId))
  if (top === null || latest === undefined || latest === top[1]) return null
  return {
    linkId,
    kind: 'not-latest',
    key,
    versionId: top[0].versionId,
    detail: `The source’s latest version is not the latest at the target: ${describe(latest)} lies above it.`,
  }
}

class KeyFindings {
  readonly #view: KeyToCompare
  readonly #link: LinkOrder
  readonly #differences: Difference[] = []
  readonly #exceptions: Exception[] = []
  readonly #doubts: Doubt[] = []
  readonly #excused = new Set<string>()

  constructor(view: KeyToCompare, link: LinkOrder) {
    this.#view = view
    this.#link = link
  }

  get total(): Pick<KeyDifferences, 'differences' | 'exceptions' | 'doubts' | 'excused'> {
    return {
      differences: this.#differences,
      exceptions: this.#exceptions,
      doubts: this.#doubts,
      excused: this.#excused,
    }
  }

  differs(kind: DifferenceKind, versionId: string | null, detail: string): void {
    this.#differences.push({ linkId: this.#link.linkId, kind, key: this.#view.key, versionId, detail })
  }

  leftOut(entry: VersionEntry): void {
    const why = whyLeftOut(entry, this.#link)
    if (why !== null) this.#except(why, entry)
  }

  missing(entry: VersionEntry): void {
    const isFiltered = !entry.deleteMarker && Object.keys(this.#link.rule.filter.tags).length > 0
    if (isFiltered) this.#doubts.push({ about: 'missing', entry })
    else this.differs('missing-at-target', entry.versionId, describe(entry))
  }

  /** The target has more: a version that was deleted at the source, under a rule that does not repeat that, or somebody else's. */
  extra(entry: VersionEntry): void {
    const { source, known, copied, ofAnotherRule } = this.#view
    const isThere = (versionId: string): boolean => source.some((one) => one.versionId === versionId)
    const pair = known.find((one) => one.targetVersionId === entry.versionId)
    const original = pair?.sourceVersionId ?? entry.versionId
    if (this.#standsForDelete(entry)) return this.#excuse('markers-of-deletes', entry)
    const isReplica = pair !== undefined || (this.#link.identity !== 'mints' && copied.has(entry.versionId))
    if (isReplica && !this.#link.rule.versionDeletes && !isThere(original)) this.#excuse('deletes-not-carried', entry)
    else if (ofAnotherRule.has(entry.versionId)) this.#excuse('of-another-rule', entry)
    else if (isReplica || entry.deleteMarker) this.differs('extra-at-target', entry.versionId, describe(entry))
    else this.#doubts.push({ about: 'extra', entry })
  }

  /** Where the source keeps no versions, only the target has a marker for what was deleted: it hides nothing that the source shows. */
  #standsForDelete(entry: VersionEntry): boolean {
    const { source, target, isUnversioned } = this.#view
    return isUnversioned && entry.deleteMarker && (entry !== target[0] || source.length === 0)
  }

  pair(pair: PairOfVersions, level: CompareLevel): void {
    const [here, there] = pair
    if (here.deleteMarker) return
    if (here.sizeBytes !== there.sizeBytes) this.differs('content', here.versionId, contentDetail(pair))
    else if (here.etag === there.etag || level !== 'listing') return
    else if (isPlain(here.etag) && isPlain(there.etag)) this.#doubts.push({ about: 'etag', pair })
    else this.#except('etag-not-comparable', here)
  }

  #excuse(kind: Exception['kind'], entry: VersionEntry): void {
    this.#except(kind, entry)
    this.#excused.add(entry.versionId)
  }

  #except(kind: Exception['kind'], { versionId }: VersionEntry): void {
    this.#exceptions.push({ kind, key: this.#view.key, versionId })
  }
}

/** The MD5 of the bytes, unless the site encrypted them: then it may be anything of that form. */
export const isPlain = (etag: string): boolean => etag !== '' && partsInEtag(etag) === null

export const contentDetail = ([here, there]: PairOfVersions): string =>
  `${describe(here)} at the source, ${describe(there)} at the target.`

export function describe(entry: VersionEntry): string {
  const when = new Date(entry.modifiedAt).toISOString()
  return entry.deleteMarker
    ? `Delete marker of ${when}`
    : `${entry.sizeBytes.toLocaleString('en')} bytes, ETag ${entry.etag}, ${when}`
}

import type { VersionEntry } from '../../store/port.ts'
import type { VersionPair } from '../../journal/port/versions.ts'

/** How the versions of one key on both sides belong together. Computed, never stored. */
export interface Alignment {
  readonly pairs: readonly (readonly [source: VersionEntry, target: VersionEntry])[]
  /** Source versions that the target lacks, oldest first. */
  readonly missing: readonly VersionEntry[]
  /** Target versions without a partner, newest first. */
  readonly extra: readonly VersionEntry[]
  /** Some missing version is older than a paired one: a plain copy would come out on top of its successor. */
  readonly disorder: boolean
  /** The oldest source version whose partner lies below that of an elder; null when those that are there are in order. */
  readonly misplaced: VersionEntry | null
}

/** The same bytes as far as a listing tells; two delete markers are always the same. */
export const sameContent = (a: VersionEntry, b: VersionEntry): boolean =>
  a.deleteMarker === b.deleteMarker && (a.deleteMarker || (a.etag === b.etag && a.sizeBytes === b.sizeBytes))

/**
 * Pairs the versions of one key, both lists newest first. First by identity (the same id, or a pair in the version map),
 * then, between two identified neighbours, by kind and content in order: that finds delete markers (which carry no
 * metadata) and objects that another tool copied before. Never pairs across an identified pair.
 */
export function align(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  known: readonly VersionPair[],
): Alignment {
  const partnerOf = identified(source, target, known)
  const ofOthers = replicasOfGone(source, known)
  const pairs: (readonly [VersionEntry, VersionEntry])[] = []
  const missing: VersionEntry[] = []
  const taken = new Set<number>(partnerOf.values())
  let floor = target.length
  let disorder = false
  let misplaced: VersionEntry | null = null
  let oldestUnpaired = -1
  for (let s = source.length - 1; s >= 0; s--) {
    const version = source[s]!
    let t = partnerOf.get(s)
    if (t === undefined) {
      t = nextSame(version, target, floor, taken, ofOthers)
      if (t !== undefined && isCovered(source, s, t)) t = undefined
      if (t !== undefined) taken.add(t)
    }
    if (t === undefined) {
      missing.push(version)
      oldestUnpaired = s
      continue
    }
    if (oldestUnpaired > s || t > floor) disorder = true
    if (t > floor) misplaced ??= version
    pairs.push([version, target[t]!])
    floor = Math.min(floor, t)
  }
  return { pairs, missing, extra: target.filter((_, index) => !taken.has(index)), disorder, misplaced }
}

function identified(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  known: readonly VersionPair[],
): Map<number, number> {
  const targetIndex = new Map(target.map((entry, index) => [entry.versionId, index]))
  const mapped = new Map(known.map((pair) => [pair.sourceVersionId, pair]))
  const found = new Map<number, number>()
  const claimed = new Set<number>()
  const claim = (entry: VersionEntry, index: number): void => {
    const at = targetIndex.get(mapped.get(entry.versionId)?.targetVersionId ?? entry.versionId)
    if (at === undefined || claimed.has(at) || !mayBeOne(entry, target[at]!) || isCovered(source, index, at)) return
    claimed.add(at)
    found.set(index, at)
  }
  // Of two that are paired with one version, it is the replica of that which it was written for: else that one is missing for ever.
  const isWritten = ({ versionId }: VersionEntry): boolean => {
    const pair = mapped.get(versionId)
    return pair !== undefined && pair.proof === undefined
  }
  source.forEach((entry, index) => isWritten(entry) && claim(entry, index))
  source.forEach((entry, index) => isWritten(entry) || claim(entry, index))
  return found
}

/**
 * Identified versions are one version whatever their ETags say, except `null`: every site may reuse that id for other
 * content, so neither the id nor a remembered pair proves anything about it.
 */
function mayBeOne(source: VersionEntry, target: VersionEntry): boolean {
  if (source.versionId === 'null' || target.versionId === 'null') return sameContent(source, target)
  return source.deleteMarker === target.deleteMarker
}

/**
 * The source's latest is a `null` version, and its look-alike lies below something at the target: then that is the replica of
 * a former `null` version of the same content, hidden or deleted since. A version with an id of its own is written once.
 */
function isCovered(source: readonly VersionEntry[], s: number, t: number): boolean {
  return s === 0 && t > 0 && source[s]!.versionId === 'null'
}

/**
 * The oldest free target version above `floor` with the same content, before any identified one is crossed. Of two markers one stands for
 * the other; the one that is known as another's, whose delete has still to be repeated, only where there is no other.
 */
function nextSame(
  version: VersionEntry,
  target: readonly VersionEntry[],
  floor: number,
  taken: ReadonlySet<number>,
  ofOthers: ReadonlySet<string>,
): number | undefined {
  let ofAnother: number | undefined
  for (let t = floor - 1; t >= 0 && !taken.has(t); t--) {
    const there = target[t]!
    if (!sameContent(version, there)) continue
    if (!ofOthers.has(there.versionId)) return t
    if (there.deleteMarker) ofAnother ??= t
  }
  return ofAnother
}

/**
 * What was written as the replica of a version that the source has let go of is that one's and no other's: the same bytes may have had
 * other metadata, and it goes when that delete is repeated. Markers have nothing but their place.
 */
function replicasOfGone(source: readonly VersionEntry[], known: readonly VersionPair[]): ReadonlySet<string> {
  const here = new Set(source.map(({ versionId }) => versionId))
  const gone = known.filter(({ sourceVersionId, proof }) => proof === undefined && !here.has(sourceVersionId))
  return new Set(gone.map(({ targetVersionId }) => targetVersionId))
}

import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import { sameContent } from './align.ts'

/** One key, versions newest first; of an opposite pair the pairs of both directions, as `source` and `target` are here. */
export interface BothSides {
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly pairs: readonly VersionPair[]
}

/**
 * The one definition of a key that does not converge, once nothing is pending for it in either direction: its two sides do
 * not show the same current version. What lies below may stay in another order, and tags and locks are not looked at: a
 * comparison tells of those.
 */
export function isDiverged({ source, target, pairs }: BothSides): boolean {
  const ours = source[0]
  const theirs = target[0]
  if (isAbsent(ours) || isAbsent(theirs)) return isAbsent(ours) !== isAbsent(theirs)
  return !isOne(ours, theirs, pairs)
}

/**
 * Of a one-way rule: does the target show something else than the source, which has the key? What the rule itself brought there
 * is no write of others, also when its version is gone at the source since: the rule left it on purpose.
 */
export function isCoveredAtTarget(sides: BothSides): boolean {
  const current = sides.target[0]
  if (sides.source.length === 0 || current === undefined) return false
  const isPaired = sides.pairs.some(({ targetVersionId }) => targetVersionId === current.versionId)
  return !(isPaired && current.versionId !== 'null') && isDiverged(sides)
}

/** A client finds nothing there: no version, or a delete marker above them. Some sites write no marker where nothing is. */
const isAbsent = (current: VersionEntry | undefined): current is undefined =>
  current === undefined || current.deleteMarker

function isOne(ours: VersionEntry, theirs: VersionEntry, pairs: readonly VersionPair[]): boolean {
  if (sameContent(ours, theirs)) return true
  if (ours.versionId === 'null' || theirs.versionId === 'null') return false
  return (
    ours.versionId === theirs.versionId ||
    pairs.some((pair) => pair.sourceVersionId === ours.versionId && pair.targetVersionId === theirs.versionId)
  )
}

import type { VersionPair } from '../journal/port.ts'
import { align, sameContent } from '../replicate/align.ts'
import type { VersionEntry } from '../store/port.ts'
import type { KeyView } from './scan-key.ts'

/** One key of an opposite pair, versions newest first; `pairs` of both directions, as `source` and `target` are here. */
export type BothSides = Pick<KeyView, 'source' | 'target' | 'pairs'>

/**
 * The one definition of a key that does not converge, once nothing is pending for it in either direction: its two sides do
 * not show the same current version. What lies below may stay in another order, and tags and locks are not looked at: a
 * comparison tells of those.
 */
export function isApart({ source, target, pairs }: BothSides): boolean {
  const ours = source[0]
  const theirs = target[0]
  if (isAbsent(ours) || isAbsent(theirs)) return isAbsent(ours) !== isAbsent(theirs)
  return !isOne(ours, theirs, pairs)
}

/**
 * May the key be apart, by two listings that are not of one instant? While something is pending for it, only where the
 * target has what the source does not know: then both sides were written.
 */
export function maySeemApart(sides: BothSides, isPending: boolean): boolean {
  if (!isPending) return isApart(sides)
  const { extra, misplaced } = align(sides.source, sides.target, sides.pairs)
  return extra.length > 0 || misplaced !== null
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

/** The pairs of the opposite link, seen from this one. */
export const turned = (pairs: readonly VersionPair[]): readonly VersionPair[] =>
  pairs.map(({ sourceVersionId, targetVersionId }) => ({
    sourceVersionId: targetVersionId,
    targetVersionId: sourceVersionId,
  }))

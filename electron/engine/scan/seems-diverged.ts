import type { VersionPair } from '../journal/port/versions.ts'
import { align } from '../replicate/versions/align.ts'
import { isDiverged, type BothSides } from '../replicate/versions/both-sides.ts'

/**
 * May the key be apart, by two listings that are not of one instant? While something is pending for it, only where the
 * target has what the source does not know: then both sides were written.
 */
export function maySeemDiverged(sides: BothSides, isPending: boolean): boolean {
  if (!isPending) return isDiverged(sides)
  const { extra, misplaced } = align(sides.source, sides.target, sides.pairs)
  return extra.length > 0 || misplaced !== null
}

/** The pairs of the opposite link, seen from this one. */
export const turned = (pairs: readonly VersionPair[]): readonly VersionPair[] =>
  pairs.map(({ sourceVersionId, targetVersionId }) => ({
    sourceVersionId: targetVersionId,
    targetVersionId: sourceVersionId,
  }))

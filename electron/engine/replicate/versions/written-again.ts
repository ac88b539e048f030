import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import { align, type Alignment } from './align.ts'
import { restoresOrder } from './restores-order.ts'
import { isSentMarker } from './noted-markers.ts'
import type { ReplicationContext } from '../context.ts'

/** A delete marker that stands at the target in the place of the one that the journal knows. */
export interface WrittenAgain {
  readonly pair: VersionPair
  readonly alignment: Alignment
  /** The one that the journal knows: Lockstep's own. */
  readonly former: VersionEntry
}

/**
 * A marker was written once more to lie on top, and the attempt ended before its former went. No mark says so: it is one that nothing
 * else explains, in the very place where the other one is missing. null where there is none.
 */
export function markerWrittenAgain(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  known: readonly VersionPair[],
  context: ReplicationContext,
): WrittenAgain | null {
  const { order, link } = context
  const { misplaced, pairs } = align(source, target, known)
  if (misplaced?.deleteMarker !== true || !restoresOrder(link)) return null
  const former = pairs.find(([version]) => version === misplaced)?.[1]
  const sourceVersionId = misplaced.versionId
  const isOwn = order.pairs.some(
    (pair) =>
      pair.sourceVersionId === sourceVersionId &&
      pair.targetVersionId === former?.versionId &&
      pair.proof === undefined,
  )
  if (former === undefined || !isOwn) return null
  const alignment = align(
    source,
    target.filter((entry) => entry !== former),
    known.filter((pair) => pair.sourceVersionId !== sourceVersionId),
  )
  const there = alignment.pairs.find(([version]) => version === misplaced)?.[1]
  if (there === undefined || alignment.misplaced === misplaced) return null
  const pair = { sourceVersionId, targetVersionId: there.versionId }
  // One that was not sent again may be a client's delete.
  const isSent = isSentMarker(sourceVersionId, there, { target, known }, context)
  return { pair: isSent ? pair : { ...pair, proof: 'found' }, alignment, former }
}

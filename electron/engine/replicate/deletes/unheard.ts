import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { Outcome } from '../port.ts'
import type { ComparedKey } from '../versions/compare-key.ts'
import { isMinted, noteOf } from '../versions/noted-markers.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * The pairs that were learned, and one of the version that the task was for, if the source has let go of it and an earlier attempt,
 * of which nobody heard, has brought it. What carries a seal was recognised by that; this is for what carries none.
 */
export function withUnheard(seen: ComparedKey, context: ReplicationContext): readonly VersionPair[] {
  const { order, link } = context
  const sourceVersionId = order.versionId
  if (sourceVersionId === null || sourceVersionId === 'null' || order.mayHaveRun !== true) return seen.learned
  if (!link.rule.versionDeletes || isKnown(sourceVersionId, seen, context)) return seen.learned
  // Sites that mint let nobody choose an id, and nothing on a marker says whose it is: a client may have deleted the key there.
  if (link.identity === 'mints' || !seen.target.some(({ versionId }) => versionId === sourceVersionId))
    return seen.learned
  return [...seen.learned, { sourceVersionId, targetVersionId: sourceVersionId }]
}

const isKnown = (versionId: string, { learned }: ComparedKey, { order }: ReplicationContext): boolean =>
  [...order.pairs, ...learned, ...(order.came ?? [])].some((pair) => pair.sourceVersionId === versionId)

/**
 * An earlier attempt may have brought this version, which the source has let go of, and what lies at the target does not say for sure:
 * several versions bear the same mark, a seal speaks of another ETag than the target's, there are too many to ask them all, or a marker
 * may be anybody's. No later look would find it, so that is told, not passed over.
 */
export function refuseUnproven(sourceVersionId: string, seen: ComparedKey, context: ReplicationContext): void {
  const { order, link } = context
  refuseMarkers(sourceVersionId, seen, context)
  if (order.mayHaveRun !== true || !link.rule.versionDeletes) return
  const mayBeThere = seen.claimed.has(sourceVersionId) || (seen.hasUnasked && link.identity === 'mints')
  if (mayBeThere && !isThere(sourceVersionId, seen, context)) throw unproven(sourceVersionId, context)
}

/** Of a delete marker that may have been written: the journal may know one, and an attempt may have written another to lie on top. */
export function refuseMarkers(sourceVersionId: string, seen: ComparedKey, context: ReplicationContext): void {
  const { order, link } = context
  if (noteOf(sourceVersionId, order) === null || !isMinted(sourceVersionId, context)) return
  if (!link.rule.versionDeletes || link.opposite !== undefined) return
  if (unexplained(seen, context).some(({ deleteMarker }) => deleteMarker)) throw unproven(sourceVersionId, context)
}

function unproven(sourceVersionId: string, { link }: ReplicationContext): FaultError {
  const { site, bucket } = link.target
  const message = `Nothing proves which version of this key in bucket “${bucket}” is the replica of version ${sourceVersionId}.`
  return new FaultError(fault('DELETE_UNPROVEN', message, { site }))
}

/** What is known as its replica is at the target. */
const isThere = (versionId: string, { target, learned }: ComparedKey, { order }: ReplicationContext): boolean =>
  [...order.pairs, ...learned, ...(order.came ?? [])].some(
    ({ sourceVersionId, targetVersionId }) =>
      sourceVersionId === versionId && target.some((there) => there.versionId === targetVersionId),
  )

/** A look-alike explains a marker where it lies in its order; elsewhere another comes to lie above it. */
function unexplained(
  { alignment, target, learned }: ComparedKey,
  { order }: ReplicationContext,
): readonly VersionEntry[] {
  const paired = new Set([...order.pairs, ...learned].map(({ targetVersionId }) => targetVersionId))
  const left = alignment.disorder ? target : alignment.extra
  return left.filter(({ versionId }) => !paired.has(versionId))
}

/** Says of an outcome that a scan has to conclude what becomes of versions that came to light. */
export function toldOfLeft(
  outcome: Outcome,
  { source, target }: ComparedKey,
  { link, order }: ReplicationContext,
): Outcome {
  if (outcome.kind !== 'settled') return outcome
  const isLeft = ({ sourceVersionId, targetVersionId, proof }: VersionPair): boolean =>
    proof === undefined &&
    (link.rule.versionDeletes || sourceVersionId === 'null') &&
    !source.some(({ versionId }) => versionId === sourceVersionId) &&
    target.some(({ versionId }) => versionId === targetVersionId) &&
    !order.pairs.some((pair) => pair.sourceVersionId === sourceVersionId && pair.targetVersionId === targetVersionId)
  return outcome.learned.some(isLeft) ? { ...outcome, leftBehind: true } : outcome
}

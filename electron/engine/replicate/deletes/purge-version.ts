import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { Outcome } from '../port.ts'
import { isGone } from '../versions/absence.ts'
import type { ComparedKey } from '../versions/compare-key.ts'
import { isReplicaOf, markOf, sealOf } from '../marks/origin.ts'
import { isOwnReplica } from './ownership.ts'
import { identityFor } from '../copy/replica.ts'
import { settled } from '../outcomes.ts'
import { refuseMarkers, refuseUnproven } from './unheard.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * Repeats the permanent delete of one version that the source's listing has not got. Only a version known to be the replica of exactly
 * that one is removed, and only when the source itself says that it is gone: an event, or a scan that missed it, is a claim.
 */
export async function purgeVersion(
  versionId: string,
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<Outcome> {
  const replica = replicaOf(versionId, seen, context)
  if (replica === undefined) {
    refuseUnproven(versionId, seen, context)
    return { ...settled('already-there', seen.learned), forgotten: pairedNoMore(versionId, context) }
  }
  const original = isOriginal(versionId, replica, context)
  if (original && context.order.isWrittenAtSource === true) throw notKnownYet(context)
  const mayGo = original || (await isRemovable(versionId, replica, seen, context))
  if (!mayGo && !isPaired(versionId, replica, context)) return settled('not-wanted', seen.learned)
  if (!(await isGone(versionId, context, seen.sourceListing))) return settled('not-wanted', seen.learned)
  if (!mayGo) throw unproven('DELETE_UNPROVEN', replica, context)
  // A copy that a client makes now would be alone with the mark when this is carried out unheard: first the journal knows the replica.
  if (isOnlyLearned(versionId, replica, seen, context)) return settled('source-gone', seen.learned)
  const identity = identityFor(context.link.identity, versionId, context.now(), '')
  await context.target.deleteVersion(
    { bucket: context.link.target.bucket, key: context.order.key, versionId: replica.versionId },
    identity,
    { signal: context.signal, bypassGovernance: context.order.bypassGovernance },
  )
  if (replica.deleteMarker) refuseMarkers(versionId, seen, context)
  return {
    kind: 'settled',
    did: 'purged',
    bytes: 0,
    learned: seen.learned.filter((pair) => pair.sourceVersionId !== versionId),
    forgotten: [versionId],
  }
}

/**
 * Neither side has it any more: an earlier attempt removed it, and nobody heard of that. A pair that stayed would stand for a version that
 * may be anywhere. The id of a null version is written again.
 */
const pairedNoMore = (versionId: string, { order }: ReplicationContext): readonly string[] =>
  versionId !== 'null' && order.pairs.some((pair) => pair.sourceVersionId === versionId) ? [versionId] : []

/** Its mark alone says that it is the replica; a scan concludes what becomes of it, when the pair is on record. */
const isOnlyLearned = (
  versionId: string,
  { versionId: there }: VersionEntry,
  { learned }: ComparedKey,
  { order }: ReplicationContext,
): boolean => {
  const isPair = (pair: VersionPair): boolean => pair.sourceVersionId === versionId && pair.targetVersionId === there
  return learned.some(isPair) && !order.pairs.some(isPair)
}

/** The source had a replica of what was first written here: the opposite link brought it there, and its delete comes back. */
const isOriginal = (versionId: string, there: VersionEntry, { order }: ReplicationContext): boolean =>
  order.came?.some((pair) => pair.sourceVersionId === versionId && pair.targetVersionId === there.versionId) === true

function replicaOf(versionId: string, seen: ComparedKey, { order }: ReplicationContext): VersionEntry | undefined {
  const pairs = [...order.pairs, ...seen.learned, ...(order.came ?? [])].filter(
    (pair) => pair.sourceVersionId === versionId,
  )
  const ids = pairs.length === 0 ? [versionId] : pairs.map((pair) => pair.targetVersionId)
  return seen.target.find((entry) => ids.includes(entry.versionId))
}

/** The id of a null version proves nothing, and no later look would find what was left: that is told, not passed over. */
async function isRemovable(
  versionId: string,
  replica: VersionEntry,
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<boolean> {
  if (replica.versionId === 'null' ? await isOurNull(context) : await isOwnReplica(versionId, replica, seen, context))
    return true
  if (versionId !== 'null') return false
  throw unproven('NULL_DELETE_UNPROVEN', replica, context)
}

/**
 * Does the journal hold it for the replica, though another may have written it? Then it is shown as in step for as long as the
 * source has its version. Where a rule leads back, it is the original of what the source had, or of the other rule's business.
 */
const isPaired = (
  versionId: string,
  { versionId: there }: VersionEntry,
  { order, link }: ReplicationContext,
): boolean =>
  link.opposite === undefined &&
  order.pairs.some((pair) => pair.sourceVersionId === versionId && pair.targetVersionId === there)

function unproven(
  code: 'DELETE_UNPROVEN' | 'NULL_DELETE_UNPROVEN',
  replica: VersionEntry,
  { link }: ReplicationContext,
): FaultError {
  const { site, bucket } = link.target
  const message = `Nothing proves that version ${replica.versionId} of bucket “${bucket}” is the replica.`
  return new FaultError(fault(code, message, { site }))
}

/** Lockstep's seal over this very content, or the mark that none but replicators may write. */
async function isOurNull({ link, order, target, signal }: ReplicationContext): Promise<boolean> {
  const ref = { bucket: link.target.bucket, key: order.key, versionId: 'null' }
  const head = await target.head(ref, { signal })
  if (head === null) return false
  if (isReplicaOf(head, 'null')) return true
  const place = { source: link.source, target: link.target, key: order.key }
  return markOf(head)?.versionId === 'null' && sealOf(head, place, head, link.seal ?? null) !== null
}

/**
 * The opposite link removes a replica of its own when it puts another in its place, and the journal hears of both when its task ends.
 * Until then nobody can tell that from a client's delete, which would take the original with it.
 */
const notKnownYet = ({ link }: ReplicationContext): FaultError =>
  new FaultError(
    fault(
      'SOURCE_CHANGED',
      'Another rule is writing this key at the source; whether it was a client who deleted the version is known when that has ended.',
      { site: link.source.site },
    ),
  )

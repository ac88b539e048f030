import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import { compileKeyMatch } from '../../rule/match.ts'
import type { Outcome, SettledOutcome } from '../port.ts'
import { isGone, afterNotFound } from '../versions/absence.ts'
import { carriedAcl } from '../fidelity/acl.ts'
import { markerPair } from '../deletes/delete-marker.ts'
import { copyOne, copyInOrder, sequence } from './in-order.ts'
import { restoresOrder } from '../versions/restores-order.ts'
import { isCoveredAtTarget } from '../versions/both-sides.ts'
import { compareKey, type ComparedKey } from '../versions/compare-key.ts'
import { detectInCopy, detectInDelete } from './detect-ransomware.ts'
import { hasLanded } from '../versions/has-landed.ts'
import { refuseUnlisted } from '../versions/unlisted.ts'
import { isSentMarker, knownPairs } from '../versions/noted-markers.ts'
import { withOwnMarkers } from '../versions/own-markers.ts'
import { removeLeftovers } from '../deletes/placeholder.ts'
import { withoutFormerNull } from '../deletes/former-null.ts'
import { syncMetadata } from '../copy/metadata.ts'
import { purgeVersion } from '../deletes/purge-version.ts'
import { settled } from '../outcomes.ts'
import { refuseUnproven, toldOfLeft, withUnheard } from '../deletes/unheard.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * Makes one version of one key equal at the target. Safe to repeat at any point: unless a scan has just seen that the
 * target lacks the version (`knownAbsent`), both sides are looked at first and only what is missing is done.
 */
export async function replicate(context: ReplicationContext): Promise<Outcome> {
  try {
    return withAttempt(await withoutFormerNull(await judged(context), context), context)
  } catch (error) {
    throw error instanceof FaultError ? await unlessGone(error, context) : error
  }
}

/**
 * Which attempt wrote what was brought, where another one, of this task or of another that is open, may land the same still. An upload that
 * goes on was begun by an earlier one, and bears its name.
 */
function withAttempt(outcome: Outcome, { order }: ReplicationContext): Outcome {
  const mayLand = order.mayHaveRun === true || order.open?.some((seq) => seq !== order.seq) === true
  if (outcome.kind === 'fault' || !mayLand || order.upload !== null) return outcome
  const writtenBy = order.attemptId
  const learned = outcome.learned.map((pair) => (pair.proof === undefined ? { writtenBy, ...pair } : pair))
  return { ...outcome, learned }
}

/** A version that was there a moment ago and is not found now went away under the attempt: the next one looks again. */
async function unlessGone(error: FaultError, context: ReplicationContext): Promise<FaultError> {
  const { code, message, site } = error.fault
  if (code !== 'NOT_FOUND' || (await afterNotFound(context.order.versionId, context)) === 'lost') return error
  return new FaultError(fault('SOURCE_CHANGED', message, { site }), { cause: error })
}

/** A delete is judged while what it puts out of use is there, a copy when its bytes have passed by. */
async function judged(context: ReplicationContext): Promise<Outcome> {
  const { judge } = context.order
  if (judge?.after === undefined) return detectInCopy(await attempt(context), context)
  const verdict = await detectInDelete(context)
  const outcome = await attempt(context)
  return outcome.kind === 'settled' ? { ...outcome, judged: verdict } : outcome
}

async function attempt(context: ReplicationContext): Promise<Outcome> {
  const { order, link } = context
  // A task may be older than the rule's filter: what was left out since is not touched any more.
  if (!compileKeyMatch(link.rule.filter)(order.key)) return settled('filtered')
  if (order.knownAbsent && order.versionId !== null) {
    const { versionId, operation, sizeBytes, changedAt } = order
    return copyOne({ versionId, deleteMarker: operation === 'deleteMarker', sizeBytes, modifiedAt: changedAt }, context)
  }
  if (order.operation === 'metadata' && order.mayHaveRun !== true && (await syncedBlind(context)))
    return settled('metadata')
  const seen = withOwnMarkers(await compareKey(context), context)
  const outcome = await withLanded(await replicateSeen(seen, context), seen, context)
  // Last, because a marker may just have been written on top of one.
  if (outcome.kind === 'settled') await removeLeftovers(seen.leftovers, context)
  return toldOfLeft(withWriters(outcome, seen, context), seen, context)
}

/** That nothing was to be done says of no earlier attempt that it is not under way any more; that what it wrote is known does. */
async function withLanded(outcome: Outcome, seen: ComparedKey, context: ReplicationContext): Promise<Outcome> {
  const mayLand = outcome.kind === 'settled' && outcome.did === 'already-there' && context.order.mayHaveRun === true
  return mayLand && (await hasLanded(seen, context)) ? { ...outcome, hasLanded: true } : outcome
}

/**
 * What was found of an open task is in step, and that task may have been set aside. As long as it is open, whatever bears its mark counts
 * as its own, a client's copy too, once the version itself is gone.
 */
function withWriters(outcome: Outcome, { learned, hasTaken }: ComparedKey, { order }: ReplicationContext): Outcome {
  if (outcome.kind === 'fault') return outcome
  const found = learned.filter(({ proof }) => proof === undefined).map(({ sourceVersionId }) => sourceVersionId)
  const others = [...found, ...(hasTaken ? [null] : [])].filter((versionId) => versionId !== order.versionId)
  return others.length === 0 ? outcome : { ...outcome, also: [...(outcome.also ?? []), ...others] }
}

async function replicateSeen(seen: ComparedKey, context: ReplicationContext): Promise<Outcome> {
  const { order, link } = context
  const named =
    order.versionId === null ? seen.source[0] : seen.source.find((entry) => entry.versionId === order.versionId)
  if (named === undefined)
    return order.operation === 'deleteVersion' && order.versionId !== null
      ? purgeVersion(order.versionId, seen, context)
      : withoutSource(seen, context)
  const pair = seen.alignment.pairs.find(([source]) => source === named)
  if (pair !== undefined && isCovered(named, seen, context)) return copyOnTop(named, pair[1], seen, context)
  if (pair !== undefined) return inOrder(await alreadyThere(named, pair[1], seen, context), seen, context)
  // A new write is never left out in silence: only what is done to a version of before the rule is none of its business.
  if (!wanted(named, context)) return settled(order.operation === 'put' ? 'not-wanted' : 'filtered', seen.learned)
  const steps = sequence(
    named,
    seen,
    (version) => wanted(version, context),
    link,
    (there) => isOriginal(there, context),
  )
  const again = steps.flatMap(({ version, former }) => (former === null ? [version] : []))
  await refuseUnlisted(again, seen, context)
  const outcome = withLearned(seen.learned, await copyInOrder(named, steps, seen, context))
  return isLive(seen.target) && outcome.kind === 'settled' ? { ...outcome, overwrote: true } : outcome
}

const isLive = ([newest]: ComparedKey['target']): boolean => newest?.deleteMarker === false

/** Did others write on top of the version that the source shows, and may the rule cover that? */
function isCovered(named: VersionEntry, seen: ComparedKey, { order, link }: ReplicationContext): boolean {
  const top = seen.target[0]
  if (link.identity !== 'mints' || named !== seen.source[0] || top === undefined) return false
  const pairs = [...order.pairs, ...seen.learned]
  return (
    top.modifiedAt < (link.coversBefore ?? 0) && isCoveredAtTarget({ source: seen.source, target: seen.target, pairs })
  )
}

/** Writes the version once more, above what others wrote; its former replica goes, if it is Lockstep's own. */
function copyOnTop(
  named: VersionEntry,
  former: VersionEntry,
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<Outcome> {
  const alignment = { ...seen.alignment, misplaced: named }
  return copyInOrder(named, [{ version: named, former }], { ...seen, alignment }, context)
}

/** The version is there; others of its key may lie below their elders, as an attempt that ended half way leaves them. */
async function inOrder(there: SettledOutcome, seen: ComparedKey, context: ReplicationContext): Promise<Outcome> {
  const { misplaced } = seen.alignment
  if (misplaced === null || !restoresOrder(context.link)) return there
  const steps = sequence(misplaced, seen, () => false, context.link)
  const moved = await copyInOrder(misplaced, steps, seen, context)
  return moved.kind === 'fault'
    ? moved
    : { ...there, bytes: moved.bytes, learned: [...there.learned, ...moved.learned] }
}

/** Was it first written at the target? The opposite link's pairs say so. */
const isOriginal = (there: VersionEntry, { order }: ReplicationContext): boolean =>
  order.came?.some((pair) => pair.targetVersionId === there.versionId) === true

const withLearned = (learned: readonly VersionPair[], outcome: Outcome): Outcome =>
  outcome.kind === 'fault' ? outcome : { ...outcome, learned: [...learned, ...outcome.learned] }

/** Where the replica's id is known, comparing tags and locks needs no look at the versions around it. */
async function syncedBlind(context: ReplicationContext): Promise<boolean> {
  const { order, link } = context
  if (order.versionId === null || order.versionId === 'null') return false
  const known = order.pairs.find((pair) => pair.sourceVersionId === order.versionId)?.targetVersionId
  const replica = known ?? (link.identity === 'mints' ? null : order.versionId)
  return replica !== null && (await syncMetadata(order.versionId, replica, context)) !== 'absent'
}

/** The source has no such version (any more). An unversioned source that lost its object loses it at the target too. */
async function withoutSource(seen: ComparedKey, context: ReplicationContext): Promise<Outcome> {
  const { order, link } = context
  const latest = seen.target[0]
  const gone = await isGone(order.versionId, context, seen.sourceListing)
  // It came between the two questions: the next attempt sees it.
  if (!gone) throw new FaultError(fault('SOURCE_CHANGED', 'The version came back.', { site: link.source.site }))
  const deleted = seen.source.length === 0 && order.operation === 'deleteMarker' && order.versionId === null
  if (!deleted || !link.rule.deleteMarkers || latest === undefined || !isReplicaOfNull(latest, seen, context)) {
    const learned = withUnheard(seen, context)
    if (order.versionId !== null) refuseUnproven(order.versionId, { ...seen, learned }, context)
    return settled('source-gone', learned)
  }
  await context.target.writeDeleteMarker({ bucket: link.target.bucket, key: order.key }, null, {
    signal: context.signal,
  })
  return settled('marker', seen.learned)
}

/**
 * An unversioned source has null versions only. One that keeps versions makes a marker of each delete that found something; of one
 * that found nothing (MinIO answers it all the same) there is nothing to repeat.
 */
function isReplicaOfNull(
  { versionId, deleteMarker }: VersionEntry,
  { learned }: ComparedKey,
  { order, link }: ReplicationContext,
): boolean {
  if (deleteMarker) return false
  if (link.identity !== 'mints' && versionId === 'null') return true
  const pairs = [...order.pairs, ...learned]
  return pairs.some((pair) => pair.sourceVersionId === 'null' && pair.targetVersionId === versionId)
}

async function alreadyThere(
  source: VersionEntry,
  target: VersionEntry,
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<SettledOutcome> {
  const { link, order } = context
  // An attempt that ended between the copy and its grants has left it less public than its source: that is no later change.
  const isUnfinished = carriedAcl(link) !== null && (order.mayHaveRun === true || order.attempt > 1)
  const compares = !source.deleteMarker && (link.rule.metadata || isUnfinished)
  const changed = compares && (await syncMetadata(source.versionId, target.versionId, context)) === 'changed'
  return settled(changed ? 'metadata' : 'already-there', withPair(seen, source, target, context))
}

/**
 * A pair found by content is worth remembering: it stays what it is. Only a marker that was sent, and of which nobody heard, is ours:
 * nothing on a marker could say so.
 */
function withPair(
  seen: ComparedKey,
  source: VersionEntry,
  target: VersionEntry,
  context: ReplicationContext,
): readonly VersionPair[] {
  const { order } = context
  const { learned } = seen
  const isTarget = (pair: VersionPair): boolean => pair.targetVersionId === target.versionId
  const isSource = (pair: VersionPair): boolean => pair.sourceVersionId === source.versionId
  if (source.versionId === target.versionId)
    return source.deleteMarker ? [...learned, ...markerPair(source.versionId, context)] : learned
  // The id of a null version is used again, and a marker may have been written once more: the journal knows the former.
  const mayBeRenewed = source.versionId === 'null' || source.deleteMarker
  const isRenewed = mayBeRenewed && !order.pairs.some((pair) => isSource(pair) && isTarget(pair))
  if ((order.pairs.some(isSource) && !isRenewed) || learned.some(isSource)) return learned
  const pair = { sourceVersionId: source.versionId, targetVersionId: target.versionId }
  const isOwn = isSentMarker(
    source.versionId,
    target,
    { target: seen.target, known: knownPairs(learned, context) },
    context,
  )
  return [...learned, isOwn ? pair : { ...pair, proof: 'found' }]
}

function wanted(version: VersionEntry, { link }: ReplicationContext): boolean {
  return version.modifiedAt >= link.copySince && (!version.deleteMarker || link.rule.deleteMarkers)
}

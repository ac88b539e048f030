import type { VersionPair } from '../../journal/port/versions.ts'
import type { ObjectHead, VersionEntry } from '../../store/port.ts'
import { isReplicaOf, markOf, sealOf, type Mark } from '../marks/origin.ts'
import { haveSameBytes, sameDescription } from './same-content.ts'
import type { Seal } from '../marks/seal.ts'
import type { ReplicationContext } from '../context.ts'

/** What was found out about versions at the target that the journal does not know. */
export interface Recognised {
  /** Replicas: proven ours where a task that is still open wrote them, found otherwise. */
  readonly learned: readonly VersionPair[]
  /** Placeholders of open tasks, and replicas that another has replaced. */
  readonly leftovers: readonly VersionEntry[]
  /** What an open task got at the target while the source was asked to take it too. */
  readonly pending: readonly VersionEntry[]
  /** Version ids of the source that some of them claim to be replicas of. */
  readonly claimed: ReadonlySet<string>
  /** Where ids are the source's own: replicas, by what the target says, of versions that the source has not got. */
  readonly ofGone: readonly VersionPair[]
  /** There were too many to ask all that an attempt of this task may have written. */
  readonly hasUnasked: boolean
}

/** Unknown replicas are asked for their mark one HEAD each; beyond this many their content must speak for them. */
const asked = 50
/** Of those that an attempt of this very task may have written. */
const askedOfOwn = 500
/** Sites refuse whose clock is 15 minutes off: so far apart two of them may be. */
const clocksApartMs = 1_800_000

interface Asked {
  readonly entry: VersionEntry
  readonly head: ObjectHead
  /** Every unknown version was asked for its mark: only then can one be the only one that bears it. */
  readonly isAmongAll: boolean
  /** Every one that is not older than the change of this task: a copy of what the task wrote is younger still. */
  readonly isAmongOwn: boolean
}

/** One version and what it claims to be. */
interface Claim extends Asked {
  readonly mark: Mark
  /** Its seal, where that holds. */
  readonly seal: Seal | null
}

/**
 * Looks into the marks of versions at the target. A mark is copied with its object and may be written by anybody: it is
 * believed only of one version alone, and only when the source has the version that it names, with the same content.
 */
export async function recognise(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  context: ReplicationContext,
): Promise<Recognised> {
  const unknown = unknownOf(source, target, context)
  const { heads, hasUnasked } = await ask(unknown, context)
  const claims = heads.flatMap((one) => claimOf(one, source, context))
  const single = claims.filter((claim) => claims.every((other) => other === claim || nameOf(other) !== nameOf(claim)))
  const found: FoundReplica[] = []
  const leftovers: VersionEntry[] = []
  const pending: VersionEntry[] = []
  for (const claim of single) {
    if (claim.mark.kind === 'replica') {
      const one = await replica(claim, source, target, context)
      if (one !== null) found.push(one)
    } else if (isOfOpenTask(claim, context)) {
      if (claim.mark.kind === 'placeholder') leftovers.push(claim.entry)
      // An unversioned source keeps no history to compare with: what was replaced there is no leftover here.
      else if (source[0]?.versionId !== 'null' && !(await hasPairedTwin(claim, target, context)))
        pending.push(claim.entry)
    }
  }
  const learned = onePerVersion(found, leftovers)
  const left = claims.filter(({ entry }) => !leftovers.includes(entry))
  const claimed = new Set(left.map(({ mark }) => mark.versionId))
  return { learned, leftovers, pending, claimed, ofGone: replicasOfGone(heads, context), hasUnasked }
}

/** What two attempts wrote of one version is two; a copy bears the name of what it was copied from. */
const nameOf = ({ mark, seal }: Claim): string =>
  `${mark.kind} ${mark.versionId} ${seal?.attempt == null ? '' : `${seal.journal} ${seal.seq} ${seal.attempt}`}`

function claimOf(asked: Asked, source: readonly VersionEntry[], { link, order }: ReplicationContext): readonly Claim[] {
  const { entry, head } = asked
  const mark = markOf(head)
  if (mark === null) return []
  // Of a version that the source has let go of, only a target with the same ETag shows that the content is still what was sealed.
  const etag = mark.kind === 'replica' ? (source.find(isOf(mark)) ?? entry).etag : ''
  const place = { source: link.source, target: link.target, key: order.key }
  const seal = sealOf(head, place, { etag, sizeBytes: entry.sizeBytes }, link.seal ?? null)
  return [{ ...asked, mark, seal }]
}

const isOf =
  (mark: Mark) =>
  ({ versionId }: VersionEntry): boolean =>
    versionId === mark.versionId

/**
 * The replicas, one for each version of the source; what is over goes to the leftovers. Of what several attempts brought the lowest
 * stays, which came first: what came late may lie above younger versions. What several claim that no open task wrote is nobody's.
 */
function onePerVersion(found: readonly FoundReplica[], leftovers: VersionEntry[]): readonly VersionPair[] {
  const learned: VersionPair[] = []
  for (const [index, { pair, entry, head, replaced }] of found.entries()) {
    leftovers.push(...replaced)
    if (pair === null) continue
    const others = found.filter((other, at) => at !== index && other.pair?.sourceVersionId === pair.sourceVersionId)
    const isOwn = pair.proof === undefined
    const lower = found.slice(index + 1).filter((other) => others.includes(other) && other.pair?.proof === undefined)
    if (isOwn && lower.length > 0) {
      if (lower.some((other) => sameDescription(other.head, head))) leftovers.push(entry)
    } else if (isOwn || others.length === 0) learned.push(pair)
  }
  return learned
}

/** What came under its source's id is that version, whatever has the same content. */
const replicasOfGone = (unknown: readonly Asked[], { link }: ReplicationContext): readonly VersionPair[] =>
  unknown
    .filter(({ entry, head }) => link.identity !== 'mints' && isReplicaOf(head, entry.versionId))
    .map(({ entry: { versionId } }) => ({ sourceVersionId: versionId, targetVersionId: versionId }))

function unknownOf(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  { order }: ReplicationContext,
): readonly VersionEntry[] {
  const mapped = new Set([
    ...order.pairs.map((pair) => pair.targetVersionId),
    ...(order.came ?? []).map((pair) => pair.targetVersionId),
  ])
  const sourceIds = new Set(source.map((entry) => entry.versionId))
  return target.filter(
    ({ deleteMarker, versionId }) =>
      !deleteMarker && !mapped.has(versionId) && (versionId === 'null' || !sourceIds.has(versionId)),
  )
}

/** Newest first, and beyond the first ones those that an attempt of this task may have written. */
async function ask(
  unknown: readonly VersionEntry[],
  { order, link, target, signal }: ReplicationContext,
): Promise<{ readonly heads: readonly Asked[]; readonly hasUnasked: boolean }> {
  const mayBeOwn = ({ modifiedAt }: VersionEntry): boolean =>
    order.mayHaveRun === true && modifiedAt >= order.changedAt - clocksApartMs
  const isAsked = (entry: VersionEntry, at: number): boolean => at < (mayBeOwn(entry) ? askedOfOwn : asked)
  const isAmongAll = unknown.every(isAsked)
  const hasUnasked = unknown.some((entry, at) => mayBeOwn(entry) && !isAsked(entry, at))
  const heads: Asked[] = []
  for (const entry of unknown.filter(isAsked)) {
    const ref = { bucket: link.target.bucket, key: entry.key, versionId: entry.versionId }
    const head = await target.head(ref, { signal })
    if (head !== null) heads.push({ entry, head, isAmongAll, isAmongOwn: !hasUnasked })
  }
  return { heads, hasUnasked }
}

/**
 * A write of the gateway keeps its mark when the journal pairs it, and its task may be open still, set aside: then a version that bears
 * the mark without a pair is a client's copy. A paired version that is gone from the target may have been the one.
 */
async function hasPairedTwin(
  claim: Claim,
  target: readonly VersionEntry[],
  { order, link, target: store, signal }: ReplicationContext,
): Promise<boolean> {
  const paired = new Set(onRecord(order).map(({ targetVersionId }) => targetVersionId))
  const there = target.filter(({ versionId }) => paired.has(versionId))
  const alike = there.filter(({ deleteMarker, sizeBytes }) => !deleteMarker && sizeBytes === claim.entry.sizeBytes)
  if (there.length < paired.size || alike.length > asked) return true
  for (const { key, versionId } of alike) {
    const head = await store.head({ bucket: link.target.bucket, key, versionId }, { signal })
    const mark = head === null ? null : markOf(head)
    if (mark?.kind === claim.mark.kind && mark.versionId === claim.mark.versionId) return true
  }
  return false
}

interface FoundReplica extends Pick<Claim, 'entry' | 'head'> {
  /** null: another attempt has brought the version, and was heard of. */
  readonly pair: VersionPair | null
  /** Itself then, or replicas of the same version that it was written to replace. */
  readonly replaced: readonly VersionEntry[]
}

/** The replica of a version that the source has; null where the claim does not hold. */
async function replica(
  claim: Claim,
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  context: ReplicationContext,
): Promise<FoundReplica | null> {
  const { entry, mark } = claim
  const of = source.find(isOf(mark))
  if (of === undefined) return ofGone(claim, target, context)
  if (of.versionId === 'null' || of.deleteMarker || of.sizeBytes !== entry.sizeBytes) return null
  const open = isOfOpenTask(claim, context)
  const known = onRecord(context.order).find(({ sourceVersionId }) => sourceVersionId === of.versionId)
  const former = target.find(({ versionId }) => versionId === known?.targetVersionId)
  // Another one is its replica already, unless a task that is not done yet wrote this one in its place.
  const isOwn = open && isInPlaceOf(known, mark)
  const isOver = former !== undefined && !isOwn
  if (isOver && !(open && isLate(known, claim))) return null
  // Sealed or not: a seal can be written over other content.
  if (!(await hasContentOf(of, claim, context))) return null
  if (isOver) return (await isDescribedAs(former, claim, context)) ? tooMany(claim) : null
  const pair = { sourceVersionId: of.versionId, targetVersionId: entry.versionId, ...writtenBy(claim) }
  if (!isOwn) return { ...claim, pair: { ...pair, proof: 'found' }, replaced: [] }
  return { ...claim, pair, replaced: former !== undefined && known?.proof === undefined ? [former] : [] }
}

/** What the journal knows, and what it knew when the tasks of this key that are open had begun. */
const onRecord = ({ pairs, tombstones = [] }: ReplicationContext['order']): readonly VersionPair[] => [
  ...pairs,
  ...tombstones,
]

/**
 * The version that the journal knew bears the same mark and seal as its copies. When it is gone, by a purge of whose answer nobody
 * heard or by a client, a copy is no proof: one that was written in its place says so.
 */
const isInPlaceOf = (known: VersionPair | undefined, { replaces }: Mark): boolean =>
  known === undefined || replaces === known.targetVersionId

/**
 * The source has let go of a version that an open task wrote, its own or one that it brought along, before anybody heard that it
 * was written. Once that task is settled nothing proves any more whose it is.
 */
async function ofGone(
  claim: Claim,
  target: readonly VersionEntry[],
  context: ReplicationContext,
): Promise<FoundReplica | null> {
  const { entry, mark } = claim
  const known = onRecord(context.order).find(({ sourceVersionId }) => sourceVersionId === mark.versionId)
  const former = target.find(({ versionId }) => versionId === known?.targetVersionId)
  if (!isOfOpenTask(claim, context)) return null
  if (!isInPlaceOf(known, mark)) {
    const isOver = isLate(known, claim) && (former === undefined || (await isDescribedAs(former, claim, context)))
    return isOver ? tooMany(claim) : null
  }
  const pair = { sourceVersionId: mark.versionId, targetVersionId: entry.versionId, ...writtenBy(claim) }
  return { ...claim, pair, replaced: former !== undefined && known?.proof === undefined ? [former] : [] }
}

/** Another attempt has brought the same. */
const tooMany = (claim: Claim): FoundReplica => ({ ...claim, pair: null, replaced: [claim.entry] })

/** What a client wrote anew with the marks that it read, and words of its own, is no attempt's: each writes what its source has. */
async function isDescribedAs(
  { key, versionId }: VersionEntry,
  { head }: Claim,
  { link, target, signal }: ReplicationContext,
): Promise<boolean> {
  const other = await target.head({ bucket: link.target.bucket, key, versionId }, { signal })
  return other !== null && sameDescription(other, head)
}

function hasContentOf(of: VersionEntry, { entry, head }: Claim, context: ReplicationContext): Promise<boolean> {
  const { source, target, link, signal } = context
  const at = (bucket: string, { key, versionId, etag, sizeBytes }: VersionEntry) => ({
    ref: { bucket, key, versionId },
    etag,
    sizeBytes,
  })
  return haveSameBytes(
    { store: source, ...at(link.source.bucket, of) },
    { store: target, ...at(link.target.bucket, entry) },
    head,
    signal,
  )
}

/**
 * Was it written by a task that has a number in this journal still? Then nobody has been told of it, or another attempt has brought the
 * same. Not said of one of so many that the true one may not have been asked.
 */
function isOfOpenTask(claim: Claim, { link, order }: ReplicationContext): boolean {
  const { seal } = claim
  if (seal === null || seal.journal !== link.seal?.journal) return false
  if (seal.seq === order.seq) return claim.isAmongAll || (claim.isAmongOwn && order.mayHaveRun === true)
  return claim.isAmongAll && order.open?.includes(seal.seq) === true
}

/**
 * Another attempt than the one that wrote the replica of which the journal knows: what it sent came late. A copy of the replica bears the
 * name of the same attempt.
 */
const isLate = (known: VersionPair | undefined, { seal }: Claim): boolean =>
  known?.writtenBy !== undefined && seal?.attempt != null && seal.attempt !== known.writtenBy

const writtenBy = ({ seal }: Claim): Pick<VersionPair, 'writtenBy'> =>
  seal?.attempt == null ? {} : { writtenBy: seal.attempt }

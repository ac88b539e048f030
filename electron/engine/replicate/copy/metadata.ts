import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { Rule } from '../../../../shared/model/rule.ts'
import type { Lock, ObjectHead, ObjectStore, Tags } from '../../store/port.ts'
import { aclChange, aclOf, carriedAcl, setAcl, setsAny, type AclChange, type CarriedAcl } from '../fidelity/acl.ts'
import { narrowed, putTagsTaken, sameTags } from '../fidelity/fallback.ts'
import { isKnownEcho } from './echo.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * Brings tags, retention, legal hold and, where the rule carries it, the ACL of a version that is at the target already in step. The rest of the metadata
 * cannot change within a version (S3), so it is not looked at. `absent`: one of the two versions is not there. Unless an event
 * told that they were changed here, they are right where the version was first written: a replica never changes its original.
 */
export async function syncMetadata(
  sourceVersionId: string,
  targetVersionId: string,
  context: ReplicationContext,
): Promise<'changed' | 'same' | 'absent'> {
  const { key } = context.order
  const from: ObjectRef = { bucket: context.link.source.bucket, key, versionId: sourceVersionId }
  const to: ObjectRef = { bucket: context.link.target.bucket, key, versionId: targetVersionId }
  const [there, here] = await Promise.all([
    context.source.head(from, { signal: context.signal }),
    context.target.head(to, { signal: context.signal }),
  ])
  if (there === null || here === null) return 'absent'
  if (context.order.operation !== 'metadata' && isKnownEcho(sourceVersionId, there, context)) return 'same'
  const { link, order, source, target, signal } = context
  const { objectLock, fidelity } = link.rule
  const sides = { from, to, source, target, objectLock, bypass: order.bypassGovernance === true }
  const { tags, acl, lock, bypassGovernance } = await metadataChanges(there, here, {
    ...sides,
    shortensGovernance: fidelity.shortenGovernance,
    leavesOutTags: link.fidelity['refused-tags'] === 'not-kept',
    acl: carriedAcl(link),
    now: context.now(),
    signal,
  })
  const tagged = tags !== null && (await putTagsTaken(to, tags.want, tags.have, context))
  if (lock !== null) await target.putLock(to, lock, { signal, bypassGovernance })
  const granted = acl !== null && (await setAcl(to, acl, context))
  return tagged || granted || lock !== null ? 'changed' : 'same'
}

/** One version and its replica, to be compared in what can change within a version. */
export interface MetadataSides {
  readonly from: ObjectRef
  readonly to: ObjectRef
  readonly source: Pick<ObjectStore, 'getTags' | 'getLock' | 'getAcl'>
  readonly target: Pick<ObjectStore, 'getTags' | 'getAcl'>
  readonly objectLock: Rule['objectLock']
  /** A client had the right to go past governance retention. */
  readonly bypass?: boolean
  /** A governance retention that the source shortened may be shortened at the target. */
  readonly shortensGovernance: boolean
  /** The target is known to refuse some tags, and the rule lets a copy go without those. */
  readonly leavesOutTags: boolean
  /** null: the rule leaves ACLs at the source. */
  readonly acl: CarriedAcl | null
  /** Epoch ms. */
  readonly now: number
  readonly signal: AbortSignal
}

/** What the replica has to be given so that it has the tags, locks and grants of its version; null of what is in step. */
export interface MetadataChanges {
  readonly tags: { readonly want: Tags; readonly have: Tags } | null
  readonly acl: AclChange | null
  readonly lock: Lock | null
  readonly bypassGovernance: boolean
}

/** Asks for tags only where there are any, for a lock only where one side told of one, and for ACLs only where the link carries any. Changes nothing. */
export async function metadataChanges(
  there: ObjectHead,
  here: ObjectHead,
  sides: MetadataSides,
): Promise<MetadataChanges> {
  const tags = await tagsToPut(there, here, sides)
  const acl = await aclToPut(sides)
  return { tags, acl, ...(await lockToPut(there.lock, here.lock, sides)) }
}

async function tagsToPut(
  there: ObjectHead,
  here: ObjectHead,
  { from, to, source, target, leavesOutTags, signal }: MetadataSides,
): Promise<MetadataChanges['tags']> {
  if (there.tagCount === 0 && here.tagCount === 0) return null
  const [want, have] = await Promise.all([
    there.tagCount === 0 ? {} : source.getTags(from, { signal }),
    here.tagCount === 0 ? {} : target.getTags(to, { signal }),
  ])
  const isEqual = sameTags(want, have) || (leavesOutTags && sameTags(narrowed(want), have))
  return isEqual ? null : { want, have }
}

async function aclToPut({ from, to, source, target, acl, signal }: MetadataSides): Promise<AclChange | null> {
  if (acl === null || !setsAny(acl)) return null
  const [there, here] = await Promise.all([aclOf(source, from, { signal }), aclOf(target, to, { signal })])
  return aclChange(there, here, acl)
}

async function lockToPut(
  told: Lock | null,
  have: Lock | null,
  sides: MetadataSides,
): Promise<Pick<MetadataChanges, 'lock' | 'bypassGovernance'>> {
  const { from, source, objectLock, now, signal } = sides
  const nothing = { lock: null, bypassGovernance: false }
  if (objectLock === 'ignore' || (told === null && have === null)) return nothing
  // HEAD says nothing both of a lock that was lifted and of one that this key may not read: asked for itself, it is clear.
  const want = told ?? (await source.getLock(from, { signal })) ?? unlocked
  const expired = want.retainUntil !== null && Date.parse(want.retainUntil) <= now
  const lock = expired ? { ...unlocked, legalHold: want.legalHold } : want
  if (sameLock(lock, have)) return nothing
  const bypass = have?.mode === 'GOVERNANCE' && (sides.bypass === true || mayShorten(lock, have, sides))
  // A retention that runs at the target alone cannot be taken back, unless a client had the right: it may be the bucket's own.
  if (!bypass && lock.mode === null && lock.legalHold === (have?.legalHold ?? false)) return nothing
  return { lock, bypassGovernance: bypass }
}

/** The source shortened a governance retention, which took that right there, and the rule lets it do so here. */
function mayShorten(want: Lock, have: Lock, { shortensGovernance }: MetadataSides): boolean {
  if (!shortensGovernance || want.retainUntil === null || have.retainUntil === null) return false
  return want.mode === 'GOVERNANCE' && Date.parse(want.retainUntil) < Date.parse(have.retainUntil)
}

export const unlocked: Lock = { mode: null, retainUntil: null, legalHold: false }

/** Equal to the second: sites differ in how many digits of a second they keep. */
export function sameLock(a: Lock, b: Lock | null): boolean {
  const second = (lock: Lock): number =>
    lock.retainUntil === null ? 0 : Math.floor(Date.parse(lock.retainUntil) / 1000)
  const other = b ?? unlocked
  return a.mode === other.mode && a.legalHold === other.legalHold && second(a) === second(other)
}

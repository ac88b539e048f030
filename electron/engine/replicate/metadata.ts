import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { Lock, ObjectHead, Tags } from '../store/port.ts'
import { isKnownEcho } from './echo.ts'
import type { World } from './world.ts'

/**
 * Brings tags, retention and legal hold of a version that is at the target already in step. The rest of the metadata
 * cannot change within a version (S3), so it is not looked at. `absent`: one of the two versions is not there. Unless an event
 * told that they were changed here, they are right where the version was first written: a replica never changes its original.
 */
export async function syncMetadata(
  sourceVersionId: string,
  targetVersionId: string,
  world: World,
): Promise<'changed' | 'same' | 'absent'> {
  const { key } = world.order
  const from: ObjectRef = { bucket: world.link.source.bucket, key, versionId: sourceVersionId }
  const to: ObjectRef = { bucket: world.link.target.bucket, key, versionId: targetVersionId }
  const [there, here] = await Promise.all([
    world.source.head(from, { signal: world.signal }),
    world.target.head(to, { signal: world.signal }),
  ])
  if (there === null || here === null) return 'absent'
  if (world.order.operation !== 'metadata' && isKnownEcho(sourceVersionId, there, world)) return 'same'
  const tagged = await syncTags(from, there, to, here, world)
  const locked = await syncLock(from, there.lock, to, here.lock, world)
  return tagged || locked ? 'changed' : 'same'
}

async function syncTags(
  from: ObjectRef,
  source: ObjectHead,
  to: ObjectRef,
  target: ObjectHead,
  world: World,
): Promise<boolean> {
  if (source.tagCount === 0 && target.tagCount === 0) return false
  const options = { signal: world.signal }
  const [want, have] = await Promise.all([
    source.tagCount === 0 ? {} : world.source.getTags(from, options),
    target.tagCount === 0 ? {} : world.target.getTags(to, options),
  ])
  if (sameTags(want, have)) return false
  await world.target.putTags(to, want, options)
  return true
}

export function sameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

async function syncLock(
  from: ObjectRef,
  told: Lock | null,
  to: ObjectRef,
  have: Lock | null,
  world: World,
): Promise<boolean> {
  if (world.link.rule.objectLock === 'ignore' || (told === null && have === null)) return false
  const { signal } = world
  // HEAD says nothing both of a lock that was lifted and of one that this key may not read: asked for itself, it is clear.
  const want = told ?? (await world.source.getLock(from, { signal })) ?? unlocked
  const expired = want.retainUntil !== null && Date.parse(want.retainUntil) <= world.now()
  const lock = expired ? { ...unlocked, legalHold: want.legalHold } : want
  if (sameLock(lock, have)) return false
  const bypass = world.order.bypassGovernance === true && have?.mode === 'GOVERNANCE'
  // A retention that runs at the target alone cannot be taken back, unless a client had the right: it may be the bucket's own.
  if (!bypass && lock.mode === null && lock.legalHold === (have?.legalHold ?? false)) return false
  await world.target.putLock(to, lock, { signal, bypassGovernance: bypass })
  return true
}

export const unlocked: Lock = { mode: null, retainUntil: null, legalHold: false }

/** Equal to the second: sites differ in how many digits of a second they keep. */
export function sameLock(a: Lock, b: Lock | null): boolean {
  const second = (lock: Lock): number =>
    lock.retainUntil === null ? 0 : Math.floor(Date.parse(lock.retainUntil) / 1000)
  const other = b ?? unlocked
  return a.mode === other.mode && a.legalHold === other.legalHold && second(a) === second(other)
}

import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { Lock, ObjectHead, Tags, VersionEntry } from '../store/port.ts'
import type { World } from './world.ts'

/**
 * Brings tags, retention and legal hold of a version that is at the target already in step; resolves with whether
 * anything was changed. The rest of the metadata cannot change within a version (S3), so it is not looked at.
 */
export async function syncMetadata(source: VersionEntry, target: VersionEntry, world: World): Promise<boolean> {
  const { key } = world.order
  const from: ObjectRef = { bucket: world.link.source.bucket, key, versionId: source.versionId }
  const to: ObjectRef = { bucket: world.link.target.bucket, key, versionId: target.versionId }
  const [there, here] = await Promise.all([
    world.source.head(from, { signal: world.signal }),
    world.target.head(to, { signal: world.signal }),
  ])
  if (there === null || here === null) return false
  const tagged = await syncTags(from, there, to, here, world)
  const locked = await syncLock(there.lock, to, here.lock, world)
  return tagged || locked
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

async function syncLock(want: Lock | null, to: ObjectRef, have: Lock | null, world: World): Promise<boolean> {
  if (world.link.rule.objectLock === 'ignore' || want === null || sameLock(want, have)) return false
  const expired = want.retainUntil !== null && Date.parse(want.retainUntil) <= world.now()
  const lock = expired ? { mode: null, retainUntil: null, legalHold: want.legalHold } : want
  if (sameLock(lock, have)) return false
  await world.target.putLock(to, lock, { signal: world.signal })
  return true
}

/** Equal to the second: sites differ in how many digits of a second they keep. */
export function sameLock(a: Lock, b: Lock | null): boolean {
  const second = (lock: Lock): number =>
    lock.retainUntil === null ? 0 : Math.floor(Date.parse(lock.retainUntil) / 1000)
  const other = b ?? { mode: null, retainUntil: null, legalHold: false }
  return a.mode === other.mode && a.legalHold === other.legalHold && second(a) === second(other)
}

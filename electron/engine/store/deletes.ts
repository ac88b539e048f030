import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import { faultAt } from '../base/errors.ts'
import { isUnknown } from './objects.ts'
import type { IdentityStamp, LockOptions, Stored, ToldOptions } from './port.ts'
import type { SignedCall, SignedCalls } from './signed-calls.ts'
import { bypassHeader, getLock } from './tags-and-locks.ts'
import { stamp } from './version-headers.ts'

interface KeyRef {
  readonly bucket: string
  readonly key: string
}

/** Writes a delete marker, with the source's id where the site adopts it. */
export async function writeDeleteMarker(
  calls: SignedCalls,
  { bucket, key }: KeyRef,
  identity: IdentityStamp | null,
  { signal, onSent, onAnswer }: ToldOptions = {},
): Promise<Stored> {
  const what = stamp(identity, 'delete-marker', 0)
  const call: SignedCall = { operation: 'DeleteObject', method: 'DELETE', bucket, key, ...what, signal, onSent }
  const answer = await calls.exchange(call)
  onAnswer?.(answer.status)
  if (answer.status >= 300) throw calls.refused(call, answer)
  return { versionId: answer.headers['x-amz-version-id'] ?? null, etag: '' }
}

/** Deletes exactly one version; one that is gone already is no fault. */
export async function deleteVersion(
  calls: SignedCalls,
  ref: KeyRef & { readonly versionId: string },
  identity: IdentityStamp | null,
  { signal, bypassGovernance }: LockOptions = {},
): Promise<void> {
  const { bucket, key, versionId } = ref
  const headers = [...stamp(identity, 'delete-version', 0).headers, ...bypassHeader(bypassGovernance)]
  const query = [['versionId', versionId]] as const
  const call: SignedCall = { operation: 'DeleteObject', method: 'DELETE', bucket, key, query, headers, signal }
  // Without an id this would write a delete marker over the object that was to be left alone.
  if (versionId === '') throw faultAt('INTERNAL', 'a version delete needs a version id', calls.context(call))
  const answer = await calls.exchange(call)
  if (answer.status < 300 || isUnknown(answer)) return
  const refused = calls.refused(call, answer)
  if (refused.fault.code === 'ACCESS_DENIED' && (await isLocked(calls, ref, signal))) {
    throw faultAt('OBJECT_LOCKED', 'the version is under retention or legal hold', calls.context(call))
  }
  throw refused
}

/** Most sites answer a plain AccessDenied for a locked version; whether it is locked can be read. */
async function isLocked(calls: SignedCalls, ref: ObjectRef, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const lock = await getLock(calls, ref, { signal })
    return lock !== null && (lock.legalHold || lock.mode !== null)
  } catch {
    // The lock cannot be read either: the refusal stands as it is.
    return false
  }
}

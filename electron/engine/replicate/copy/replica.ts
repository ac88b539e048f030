import type { Identity } from '../../../../shared/model/site.ts'
import type { IdentityStamp, Lock, NewVersion, ObjectHead, Tags } from '../../store/port.ts'
import { writerOf, type ReplicationContext } from '../context.ts'
import { isMinioId } from '../../store/version-headers.ts'
import { checksumProperty } from '../fidelity/fidelity.ts'
import { stamped } from '../marks/origin.ts'

/** What the target is asked to store for this version of the source: everything but the bytes. */
export function replicaOf(head: ObjectHead, versionId: string, tags: Tags, context: ReplicationContext): NewVersion {
  const { link, order, now } = context
  // A replica needs the stamp where its id does not tell, and where it must not be taken for the target's own and sent back.
  const stampless = link.identity === 'adopts-minio' && isMinioId(versionId) && link.opposite === undefined
  return {
    bucket: link.target.bucket,
    key: order.key,
    content: head.content,
    metadata: stampless
      ? head.metadata
      : stamped(head, versionId, { ...link, key: order.key }, context.replaces ?? null, writerOf(context)),
    tags,
    lock: link.rule.objectLock === 'replicate' ? stillLocked(head.lock, now()) : null,
    storageClass: link.rule.storageClass ?? (head.storageClass === 'STANDARD' ? null : head.storageClass),
    identity: identityFor(link.identity, versionId, head.modifiedAt, head.etag),
    checksum: head.checksums.find(({ type }) => link.fidelity[checksumProperty[type]] === 'kept'),
    sseCKeyMd5: head.encryption.kind === 'sse-c' ? (head.encryption.keyMd5 ?? '') : undefined,
    kmsKeyId: head.encryption.kind === 'sse-kms' ? (link.rule.fidelity.kmsKeyId ?? undefined) : undefined,
  }
}

export function identityFor(
  style: Identity,
  versionId: string,
  modifiedAt: number,
  etag: string,
): IdentityStamp | null {
  if (style === 'mints' || style === 'unknown') return null
  return { style, versionId, modifiedAt, etag }
}

/** A retention that has run out protects nothing, and sites refuse a date in the past. */
function stillLocked(lock: Lock | null, now: number): Lock | null {
  if (lock === null) return null
  const runs = lock.retainUntil !== null && Date.parse(lock.retainUntil) > now
  if (!runs && !lock.legalHold) return null
  return runs ? lock : { mode: null, retainUntil: null, legalHold: true }
}

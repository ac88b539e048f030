import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { IdentityStamp, ObjectStore, Stored } from '../store/port.ts'

/**
 * A store that refuses with BUCKET_UNVERSIONED when a bucket has stopped keeping versions: there every replica would
 * replace the one before it, and a delete marker the object. The write that found out has happened; no other follows.
 */
export function versionedTarget(store: ObjectStore, siteId: string): ObjectStore {
  /** A write without a version id of its own is the sign; some sites never name one, so the bucket has the last word. */
  const check = async (stored: Stored, bucket: string, identity: IdentityStamp | null): Promise<Stored> => {
    const named = stored.versionId !== null && stored.versionId !== 'null'
    if (named || identity?.versionId === 'null') return stored
    const view = await store.bucket(bucket)
    if (view === null) throw new FaultError(fault('BUCKET_MISSING', `There is no bucket ${bucket}.`, { site: siteId }))
    if (view.versioning === 'Enabled' || view.versioning === 'unknown') return stored
    throw new FaultError(
      fault('BUCKET_UNVERSIONED', `Versioning is not enabled on ${bucket} any more.`, { site: siteId }),
    )
  }
  return {
    ...store,
    put: async (version, body, options) =>
      check(await store.put(version, body, options), version.bucket, version.identity),
    completeUpload: async (upload, parts, identity, sizeBytes, options) =>
      check(await store.completeUpload(upload, parts, identity, sizeBytes, options), upload.bucket, identity),
    writeDeleteMarker: async (ref, identity, options) =>
      check(await store.writeDeleteMarker(ref, identity, options), ref.bucket, identity),
  }
}

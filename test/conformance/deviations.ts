import type { Deviations } from './site-promise.ts'

/** Ceph RADOS Gateway 16.2, by promise: what it does instead. */
export const cephDeviations: Deviations = {
  'a body that does not match its checksum is refused': 'takes checksums and ignores them',
  'a stream with a trailing checksum is taken, as the SDK sends it by default': '411: knows no trailers',
  'conditions of a write hold in versioned buckets too': 'ignores If-None-Match there',
  'user metadata beyond 2 KiB is refused': 'takes 8 KiB',
  'a copy takes new tags when told': 'ignores the tagging directive',
  'a delete of what is deleted puts one marker on the other': 'writes none, and names none',
  'a read behind a delete marker says so in its headers': 'a plain 404',
  'a delete marker cannot be read by its id: 405': 'a plain 404',
  'a version that is gone is refused as a version': 'NoSuchKey',
  'versions behind a key marker begin with the next key': 'begins with the marker’s own key',
  'completing tells the ETag': 'an empty ETag',
  'an upload keeps the tags that it was created with': 'drops them',
  'the parts of an object can be read one by one, and are counted': 'ignores partNumber',
  'a part that is not named when completing is not in the object': 'InvalidPart: wants every part',
  'parts out of order are refused as such': 'EntityTooSmall or InvalidPart',
  'a version without retention or hold says that there is none': 'ObjectLockConfigurationNotFoundError',
  'a bucket that is there is not made again for nothing': '200',
}

/** The same of promises about clients' keys. */
export const cephKeyDeviations: Deviations = {
  'what is under a client’s key opens with that key alone: 400 without one, 403 with another': '400 with another too',
  'a key for what is under none is refused': 'pays no heed to it',
  'what is under a client’s key is copied with that key alone': '501: copies nothing that it encrypted',
}

/** MinIO, by promise: what it does instead. */
export const minioDeviations: Deviations = {
  'keys of any legal shape come back as they went in': 'stores keys as paths',
  'keys with dots between slashes come back as they went in': 'stores keys as paths',
  'an object may have the name of a folder with others in it': 'hides what lies under the object',
  'tags may be written in any language': 'ASCII letters only',
  'a delete of a key that never was makes a marker too': 'makes none',
  'a delete of what is deleted puts one marker on the other': 'writes none, and names the one that is there',
  'who listens hears what changes under the prefix, with raw keys':
    'the build of 2026-02 gathers 4 KiB before it sends anything, pings included',
  'who listens hears nothing of replicas': 'the same',
  'to purge a retained version is access denied': '400 InvalidRequest',
  'a version without retention or hold says that there is none': 'the same code with status 400',
  'a canned ACL of a write is kept, and told in grants': 'takes it and forgets it',
  'an ACL is set on the version that is named, and on no other': '501 NotImplemented',
  'grants are set one by one, by a document or by headers': '501 NotImplemented',
}

/** For LOCKSTEP_CONFORMANCE_VENDOR. */
export const deviationsByVendor: Readonly<Record<string, Deviations>> = { ceph: cephDeviations, minio: minioDeviations }

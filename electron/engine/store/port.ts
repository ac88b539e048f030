/*
 * Object store port: one site as the engine uses it. Listing, reading and writing go over the own wire (`wire/`), rare bucket
 * administration over the SDK; made by `s3-store.ts`.
 */

import type { Readable } from 'node:stream'
import type { Pumped } from '../s3/pumped.ts'
import type { BucketView, Identity } from '../../../shared/model/site.ts'
import type { ChecksumAlgorithm } from '../s3/checksum.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'

/** Standard headers that travel with an object; values exactly as on the wire. */
export interface ContentHeaders {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  readonly expires?: string | undefined
  readonly websiteRedirectLocation?: string | undefined
}

export interface Lock {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE' | null
  /** ISO 8601, as the site wrote it. */
  readonly retainUntil: string | null
  readonly legalHold: boolean
}

export type AclPermission = 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP' | 'FULL_CONTROL'

/** `grantee`: a group's URI, a user's id at that site, or an e-mail address. */
export interface AclGrant {
  readonly kind: 'group' | 'user' | 'email'
  readonly grantee: string
  readonly permission: AclPermission
}

/** A version's access control list; the owner's own grant is among the others. */
export interface Acl {
  readonly ownerId: string
  readonly grants: readonly AclGrant[]
}

export type Encryption =
  | { readonly kind: 'none' | 'sse-s3' }
  | { readonly kind: 'sse-kms'; readonly keyId: string | null }
  /** `keyMd5`: base64, of the client's key. */
  | { readonly kind: 'sse-c'; readonly keyMd5: string | null }

/** A key of a client (SSE-C) with its bytes: lives in the main process and its transfer threads only. */
export interface SseCKey {
  readonly name: string
  /** Base64, 32 bytes. */
  readonly key: string
  /** Base64. */
  readonly md5: string
}

/** An additional checksum (`x-amz-checksum-*`) as the site tells it. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  /** Of the whole object, or of the checksums of its parts. */
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64; a composite one ends in `-` and the number of parts. */
  readonly value: string
}

/** What GET and HEAD tell of a version. ETags are without quotes everywhere in the engine. */
export interface ObjectHead {
  readonly versionId: string | null
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms; the header has a resolution of 1 s. */
  readonly modifiedAt: number
  readonly content: ContentHeaders
  /** `x-amz-meta-*` without that prefix, names in lower case, values raw as on the wire (latin1 header text). */
  readonly metadata: Readonly<Record<string, string>>
  readonly tagCount: number
  readonly lock: Lock | null
  readonly storageClass: string | null
  readonly encryption: Encryption
  /** Empty where the object has none, where the site tells none, and for a range. */
  readonly checksums: readonly Checksum[]
  /** `x-amz-mp-parts-count`, when the site says it. */
  readonly partsCount: number | null
  readonly replicationStatus: string | null
}

export interface ObjectBody {
  readonly head: ObjectHead
  /** Must be read to its end or destroyed; a watchdog ends it with a BODY_STALLED fault when it stops moving. */
  readonly body: Readable & Pumped
}

export type Presence = 'present' | 'absent'

export type Tags = Readonly<Record<string, string>>

/** One line of ListObjectVersions: a version or a delete marker. */
export interface VersionEntry {
  readonly key: string
  readonly versionId: string
  readonly isLatest: boolean
  readonly deleteMarker: boolean
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms, as precise as the listing gives it. */
  readonly modifiedAt: number
  readonly storageClass: string | null
}

/** `apart`: versions and delete markers each by themselves within a page; `together`: in one order, as S3 does. */
export type ListingForm = 'unknown' | 'together' | 'apart'

export interface ListPosition {
  readonly keyMarker: string
  /** Absent: start after the last version of `keyMarker`. */
  readonly versionIdMarker?: string | undefined
  /** The site's own name for this place, where it is more than the key: sent back as it came. */
  readonly cursor?: string | undefined
}

export interface VersionPage {
  /** Keys ascending by UTF-8 bytes, versions of a key newest first, markers among them: for all that the site tells. */
  readonly entries: readonly VersionEntry[]
  /** Keys on this page of which the site does not tell in which order their versions and markers came. Absent: none. */
  readonly undecided?: readonly string[]
  readonly next: ListPosition | null
  /** With a delimiter: what lies directly below the prefix and ends in it, for the keys within. The folder of `from` may be among them. */
  readonly folders: readonly string[]
}

export interface ListRequest {
  readonly bucket: string
  readonly prefix: string
  readonly from?: ListPosition | undefined
  readonly delimiter?: '/' | undefined
  /** 1–1000. */
  readonly limit?: number | undefined
  /**
   * Asks ListObjectsV2 instead, as the site answers it: one entry for each key that has a current object, its version id ''. `from`
   * is a key or a folder. NOT_SUPPORTED where the site has no such listing.
   */
  readonly current?: true | undefined
}

/**
 * Asks the target to keep the source's identity. `adopts-minio`: version id, mtime and ETag by `x-minio-source-*` and
 * `x-rustfs-source-*` headers; `adopts-ceph`: `rgwx-version-id`; `mints` writes nothing here (origin goes in metadata).
 */
export interface IdentityStamp {
  readonly style: Identity
  readonly versionId: string
  /** Epoch ms. */
  readonly modifiedAt: number
  readonly etag: string
}

/** All that a new version carries besides its bytes. */
export interface NewVersion {
  readonly bucket: string
  readonly key: string
  readonly content: ContentHeaders
  /** Without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Tags
  readonly lock: Lock | null
  readonly storageClass: string | null
  readonly identity: IdentityStamp | null
  /** To be kept under this key of the site's key service; absent: as the site encrypts by itself. */
  readonly kmsKeyId?: string | undefined
  /** To be kept under the client's key of this MD5 (base64), which the call has to carry: ENCRYPTION_KEY_NEEDED otherwise. */
  readonly sseCKeyMd5?: string | undefined
  /** The additional checksum to be stored with it; of one body the site compares it with what arrives. */
  readonly checksum?: Checksum | undefined
}

export interface PutBody {
  readonly sizeBytes: number
  /** Read once, when it is no buffer; its length must be `sizeBytes`, anything else is a BODY_CUT fault and nothing is stored. */
  readonly body: Pumped | Uint8Array
  /** Hex MD5 of the body when known beforehand: sent as Content-MD5, so that the target refuses other bytes. */
  readonly md5?: string | undefined
}

export interface Stored {
  /** null in unversioned buckets and where the site does not say. */
  readonly versionId: string | null
  /** '' where the site does not say (Ceph after CompleteMultipartUpload). */
  readonly etag: string
  /** What the answer tells of the stored version; absent where there was no answer of that kind. */
  readonly told?: { readonly encryption: Encryption; readonly checksums: readonly Checksum[] } | undefined
}

export interface UploadRef {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  /** The checksum that the upload was begun for: each part is sent with one of its own. */
  readonly checksum?: Checksum | undefined
  /** The MD5 of the client's key that the upload was begun with. */
  readonly sseCKeyMd5?: string | undefined
}

export interface UploadedPart {
  readonly partNumber: number
  readonly etag: string
  readonly sizeBytes: number
  /** The part's additional checksum as the site tells it. */
  readonly checksum?: string | undefined
}

export interface SentPart extends UploadedPart {
  /** The site encrypts what it stores with keys that make the ETag something else than the MD5 of the bytes. */
  readonly encrypted: boolean
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** For what is, or is to be, under a client's key. */
  readonly sseCKey?: SseCKey | undefined
}

/** Tells how far a request came: what it may have done, should no answer come, or one that leaves it open. */
export interface ToldOptions extends CallOptions {
  /** It is on its way: from here on it may be carried out. */
  readonly onSent?: (() => void) | undefined
  /** The site's last word. */
  readonly onAnswer?: ((status: number) => void) | undefined
}

/** For what may lie under a governance retention: go past it, with the right of Lockstep's own key at that site. */
export interface LockOptions extends CallOptions {
  readonly bypassGovernance?: boolean | undefined
}

export interface GetOptions extends CallOptions {
  /** Inclusive byte range. */
  readonly range?: { readonly first: number; readonly last: number } | undefined
  /** Refuse with SOURCE_CHANGED when the ETag is another by now. */
  readonly ifMatch?: string | undefined
}

export interface PutOptions extends CallOptions {
  /** Called with the number of bytes handed to the socket since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Asks the site to write only where the key has no current object: CONFLICT where it has one. */
  readonly ifAbsent?: true | undefined
}

/**
 * One site's objects, in our words. Every refusal and every broken connection is thrown as a `FaultError`, translated
 * once; nothing here retries. A missing object is `null` where the return type says so, and a fault elsewhere.
 * Every method takes an `AbortSignal`; abort rejects with the signal's reason.
 */
export interface ObjectStore {
  get(ref: ObjectRef, options?: GetOptions): Promise<ObjectBody | null>
  /** A delete marker (404 or 405) is `null` too. `partNumber: 1` asks for that part's head and the number of parts. */
  head(ref: ObjectRef, options?: CallOptions & { readonly partNumber?: number }): Promise<ObjectHead | null>
  /**
   * Is this version there, a delete marker too? Without `versionId`: is there anything of the key? `absent` only when the site
   * says so of this very version or key; whatever else a refusal may mean is a fault, ABSENCE_UNPROVEN at the least.
   */
  presence(ref: ObjectRef, options?: CallOptions): Promise<Presence>
  put(version: NewVersion, body: PutBody, options?: PutOptions): Promise<Stored>

  createUpload(version: NewVersion, options?: CallOptions): Promise<UploadRef>
  uploadPart(upload: UploadRef, partNumber: number, body: PutBody, options?: PutOptions): Promise<SentPart>
  completeUpload(
    upload: UploadRef,
    parts: readonly UploadedPart[],
    identity: IdentityStamp | null,
    sizeBytes: number,
    options?: CallOptions,
  ): Promise<Stored>
  /** An upload that is gone already is no fault. */
  abortUpload(upload: UploadRef, options?: CallOptions): Promise<void>
  /** null when the upload is gone. */
  listParts(upload: UploadRef, options?: CallOptions): Promise<readonly UploadedPart[] | null>

  /** Without `versionId` in a versioned bucket: writes a delete marker, with the id of `identity` where the site adopts it. */
  writeDeleteMarker(
    ref: { readonly bucket: string; readonly key: string },
    identity: IdentityStamp | null,
    options?: ToldOptions,
  ): Promise<Stored>
  /** Deletes exactly this version; one that is gone already is no fault. Never deletes without a version id. */
  deleteVersion(
    ref: { readonly bucket: string; readonly key: string; readonly versionId: string },
    identity: IdentityStamp | null,
    options?: LockOptions,
  ): Promise<void>

  getTags(ref: ObjectRef, options?: CallOptions): Promise<Tags>
  putTags(ref: ObjectRef, tags: Tags, options?: CallOptions): Promise<void>
  getAcl(ref: ObjectRef, options?: CallOptions): Promise<Acl>
  /** Replaces all grants. */
  putAcl(ref: ObjectRef, acl: Acl, options?: CallOptions): Promise<void>
  getLock(ref: ObjectRef, options?: CallOptions): Promise<Lock | null>
  /** With the bypass a lock without a mode takes the retention away; without it, retention stays. */
  putLock(ref: ObjectRef, lock: Lock, options?: LockOptions): Promise<void>

  listVersions(request: ListRequest, options?: CallOptions): Promise<VersionPage>
  /** In which form the pages that this store has read stood, before they were put in order. */
  listingForm(): ListingForm

  listBuckets(options?: CallOptions): Promise<readonly string[]>
  /** When each bucket was made, epoch ms; those of which the site does not tell are left out. */
  bucketDates(options?: CallOptions): Promise<ReadonlyMap<string, number>>
  /** null when there is no such bucket. */
  bucket(name: string, options?: CallOptions): Promise<BucketView | null>
  createBucket(name: string, options: CallOptions & { readonly objectLock: boolean }): Promise<void>
  enableVersioning(name: string, options?: CallOptions): Promise<void>
  /** The site's own replication rules on this bucket, as short descriptions; [] where there are none or the site has none to offer. */
  nativeReplication(name: string, options?: CallOptions): Promise<readonly string[]>

  /** One cheap signed request. Resolves with the round trip and the site's clock; any HTTP answer counts as reachable. */
  ping(
    options?: CallOptions,
  ): Promise<{ readonly rttMs: number; readonly siteTime: number | null; readonly server: string | null }>

  /** Connections at one time; fewer take effect as requests end. */
  resize(sockets: number): void
  /** Another store of the site takes its place: what is under way goes on to its end, and no connection is kept for later. */
  retire(): void
  /** Closes idle sockets; requests under way end with CANCELLED. */
  close(): void
}

import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../s3/s3-error.ts'
import type { Bucket } from './bucket-table.ts'
import { checkWrite } from './conditions.ts'
import type { SiteState } from './exchange.ts'
import type { ReplicaStamp } from './replica-stamp.ts'
import type { Segment } from './segment.ts'
import type { Version, VersionFacts } from './version-table.ts'

export interface VersionInput {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly sizeBytes: number
  readonly storageClass: string
  readonly facts: VersionFacts
  readonly stamp: ReplicaStamp
  /** Called inside the transaction. */
  readonly keepBody: () => readonly Segment[]
}

/**
 * Enters a new version: in one turn and one transaction it checks the preconditions, replaces what the new version
 * replaces, and publishes the event. When it returns, a killed process no longer forgets the version.
 */
export function enterVersion(
  site: SiteState,
  bucketName: string,
  input: VersionInput,
  request: { readonly headers: IncomingHttpHeaders; readonly now: number; readonly event: string },
): { readonly bucket: Bucket; readonly versionId: string } {
  const { catalog } = site
  // Looked up again: the bucket may have gone while the body came in.
  const bucket = catalog.buckets.find(bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket')
  const modifiedAt = input.stamp.modifiedAt ?? request.now
  const versionId = newVersionId(site, bucket, input.stamp)
  catalog.atomic(() => {
    checkConditions(site, bucket, input, request.headers)
    replace(site, bucket, input.key, versionId)
    catalog.versions.insert(bucket.id, {
      key: input.key,
      versionId,
      deleteMarker: false,
      etag: input.etag,
      sizeBytes: input.sizeBytes,
      modifiedAt,
      storageClass: input.storageClass,
      facts: input.facts,
      segments: input.keepBody(),
      sortAt: sortTime(site, modifiedAt),
    })
  })
  publishChange(site, bucket, { ...input, versionId }, request)
  return { bucket, versionId }
}

/** A bucket without versions, or with suspended ones, has one `null` version for each key. */
export function newVersionId(site: SiteState, bucket: Bucket, stamp: ReplicaStamp): string {
  if (bucket.versioning !== 'Enabled') return 'null'
  return stamp.versionId ?? mintVersionId(site)
}

function mintVersionId({ identity, random }: SiteState): string {
  const hex = Buffer.from(random(identity === 'mints' ? 24 : 16))
  // 24 bytes are 32 characters of base64; AWS's alphabet has dots and underscores.
  if (identity === 'mints') return hex.toString('base64').replaceAll('+', '.').replaceAll('/', '_')
  hex[6] = (hex[6]! & 0x0f) | 0x40
  hex[8] = (hex[8]! & 0x3f) | 0x80
  return hex.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** MinIO keeps versions in the order of their own times; the others in the order of arrival. */
export const sortTime = (site: SiteState, modifiedAt: number): number =>
  site.identity === 'adopts-minio' ? modifiedAt : 0

function checkConditions(site: SiteState, bucket: Bucket, input: VersionInput, headers: IncomingHttpHeaders): void {
  const { versionId, etag } = input.stamp
  const { versions } = site.catalog
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) {
    checkWrite(headers, versions.newest(bucket.id, input.key))
  }
  // The same version with the same ETag is there already: a replicator takes this refusal for success.
  if (versionId === undefined || versionId === 'null' || etag === undefined) return
  if (versions.find(bucket.id, input.key, versionId)?.etag === etag) throw new S3Error('PreconditionFailed')
}

/** Drops the version that a new one with the same id replaces. Call inside the transaction. */
export function replace(site: SiteState, bucket: Bucket, key: string, versionId: string): Version | undefined {
  const { versions, bodies } = site.catalog
  const before = versions.remove(bucket.id, key, versionId)
  if (before !== undefined) bodies.drop(before.segments)
  return before
}

interface Changed {
  readonly key: string
  readonly versionId: string
  readonly etag: string
  readonly sizeBytes: number
  readonly facts: VersionFacts
  readonly stamp: Pick<ReplicaStamp, 'quiet'>
}

export function publishChange(
  site: SiteState,
  bucket: Bucket,
  changed: Changed,
  request: { readonly now: number; readonly event: string },
): void {
  if (changed.stamp.quiet) return
  site.changes.publish({
    name: request.event,
    bucket: bucket.name,
    key: changed.key,
    versionId: bucket.versioning === 'Off' ? '' : changed.versionId,
    etag: changed.etag,
    sizeBytes: changed.sizeBytes,
    at: request.now,
    metadata: Object.fromEntries(
      Object.entries(changed.facts.metadata ?? {}).map(([name, value]) => [`X-Amz-Meta-${name}`, value]),
    ),
  })
}

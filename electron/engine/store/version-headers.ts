import { withoutAwsChunked } from '../s3/content-coding.ts'
import { metadataPrefix } from '../s3/header-names.ts'
import type { QueryPair } from '../s3/uri.ts'
import type { IdentityStamp, Lock, NewVersion, Tags } from './port.ts'
import { withoutBlanks, type HeaderPair } from '../s3/headers.ts'

/** What a request carries besides its fixed parts. */
export interface Stamped {
  readonly query: readonly QueryPair[]
  readonly headers: readonly HeaderPair[]
}

/** Headers of a PUT or CreateMultipartUpload that describe the version, identity aside. */
export function describeVersion(version: NewVersion): HeaderPair[] {
  const { content, metadata, tags, lock, storageClass } = version
  const headers: HeaderPair[] = []
  const add = (name: string, value: string | null | undefined): void => {
    if (value !== undefined && value !== null && value !== '') headers.push([name, value])
  }
  add('content-type', content.contentType)
  add('content-encoding', withoutAwsChunked(content.contentEncoding ?? ''))
  add('content-language', content.contentLanguage)
  add('content-disposition', content.contentDisposition)
  add('cache-control', content.cacheControl)
  add('expires', content.expires)
  add('x-amz-website-redirect-location', content.websiteRedirectLocation)
  add('x-amz-tagging', encodeTags(tags))
  add('x-amz-storage-class', storageClass)
  for (const name in metadata) headers.push([metadataPrefix + name.toLowerCase(), withoutBlanks(metadata[name]!)])
  if (lock !== null) headers.push(...lockHeaders(lock))
  if (version.kmsKeyId !== undefined)
    headers.push(
      ['x-amz-server-side-encryption', 'aws:kms'],
      [`x-amz-server-side-encryption-aws-kms-key-id`, version.kmsKeyId],
    )
  return headers
}

const encodeTags = (tags: Tags): string =>
  Object.entries(tags)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')

/** There are tags, and S3 itself would take them: at most 10, names of 128 and values of 256 characters. */
export function areWithinLimits(tags: Tags): boolean {
  const entries = Object.entries(tags)
  const fits = entries.every(([key, value]) => key.length <= 128 && value.length <= 256)
  return fits && entries.length > 0 && entries.length <= 10
}

function lockHeaders(lock: Lock): HeaderPair[] {
  const headers: HeaderPair[] = []
  if (lock.mode !== null && lock.retainUntil !== null) {
    headers.push(['x-amz-object-lock-mode', lock.mode], ['x-amz-object-lock-retain-until-date', lock.retainUntil])
  }
  if (lock.legalHold) headers.push(['x-amz-object-lock-legal-hold', 'ON'])
  return headers
}

const nothing: Stamped = { query: [], headers: [] }

export type StampedOperation = 'put' | 'create-upload' | 'complete-upload' | 'delete-marker' | 'delete-version'

/**
 * The identity of a version in the words of the target. MinIO reads `x-minio-*`; RustFS reads both families, but keeps
 * quiet towards its own event streams only for `x-rustfs-*`: so both are sent, always.
 */
export function stamp(identity: IdentityStamp | null, operation: StampedOperation, sizeBytes: number): Stamped {
  if (identity?.style === 'adopts-ceph') return stampCeph(identity, operation)
  if (identity?.style === 'adopts-minio') return stampMinio(identity, operation, sizeBytes)
  return nothing
}

function stampCeph(identity: IdentityStamp, operation: StampedOperation): Stamped {
  // `null` names the null version, as it does in S3: an object put with it replaces the one that is there.
  const isNullMarker = operation === 'delete-marker' && !adoptsMarkerId(identity)
  const named = operation !== 'create-upload' && operation !== 'delete-version' && !isNullMarker
  return named ? { query: [['rgwx-version-id', identity.versionId]], headers: [] } : nothing
}

const minioId = /^(?:null|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/** MinIO takes nothing but a UUID or `null`; other ids (Ceph's, AWS's) are left out, and the target mints. */
export const isMinioId = (versionId: string): boolean => minioId.test(versionId)

/** Does a delete marker get this very id? Otherwise the site mints one, and may write no marker on another. */
export const adoptsMarkerId = ({ style, versionId }: Pick<IdentityStamp, 'style' | 'versionId'>): boolean =>
  style === 'adopts-ceph' ? versionId !== 'null' : isMinioId(versionId)

function stampMinio(identity: IdentityStamp, operation: StampedOperation, sizeBytes: number): Stamped {
  const mtime: HeaderPair = ['source-mtime', new Date(identity.modifiedAt).toISOString()]
  const etag: HeaderPair = ['source-etag', identity.etag]
  const facts: Record<StampedOperation, readonly HeaderPair[]> = {
    put: [mtime, etag],
    'create-upload': [etag],
    'complete-upload': [mtime, etag, ['replication-actual-object-size', String(sizeBytes)]],
    'delete-marker': [mtime, ['source-deletemarker', 'true']],
    'delete-version': [],
  }
  const headers: HeaderPair[] = []
  for (const [name, value] of [['source-replication-request', 'true'] as const, ...facts[operation]]) {
    headers.push([`x-minio-${name}`, value], [`x-rustfs-${name}`, value])
  }
  if (operation !== 'complete-upload') headers.push(['x-amz-replication-status', 'REPLICA'])
  // At completion the upload has its id already; a version delete names its own.
  const named = operation !== 'complete-upload' && operation !== 'delete-version' && isMinioId(identity.versionId)
  return { query: named ? [['versionId', identity.versionId]] : [], headers }
}

import { customerKeyHeaders, metadataPrefix } from '../s3/header-names.ts'
import { checksumAlgorithms, checksumHeaderName } from '../s3/checksum.ts'
import type { Checksum, ContentHeaders, Encryption, Lock, ObjectHead, Stored } from './port.ts'
import type { HeaderMap } from '../s3/headers.ts'

/** Strips the quotes that RFC 9110 wants and Ceph now and then forgets. */
export function plainEtag(value: string | undefined): string {
  if (value === undefined) return ''
  const from = value.startsWith('"') ? 1 : value.startsWith('W/"') ? 3 : 0
  return value.slice(from, value.endsWith('"') && value.length > from ? -1 : undefined)
}

/** Reads what GET and HEAD tell of a version. `sizeBytes` is the whole object's, for a ranged answer too. */
export function readObjectHead(headers: HeaderMap): ObjectHead {
  return {
    versionId: headers['x-amz-version-id'] ?? null,
    etag: plainEtag(headers['etag']),
    sizeBytes: wholeSize(headers),
    modifiedAt: Date.parse(headers['last-modified'] ?? '') || 0,
    content: readContent(headers),
    metadata: readMetadata(headers),
    tagCount: Number(headers['x-amz-tagging-count'] ?? 0) || 0,
    lock: readLock(headers),
    storageClass: headers['x-amz-storage-class'] ?? null,
    encryption: readEncryption(headers),
    checksums: readChecksums(headers),
    partsCount: Number(headers['x-amz-mp-parts-count'] ?? 0) || null,
    replicationStatus: headers['x-amz-replication-status'] ?? null,
  }
}

function wholeSize(headers: HeaderMap): number {
  const whole = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  return Number(whole ?? headers['content-length'] ?? 0)
}

function readContent(headers: HeaderMap): ContentHeaders {
  return {
    contentType: headers['content-type'],
    contentEncoding: headers['content-encoding'],
    contentLanguage: headers['content-language'],
    contentDisposition: headers['content-disposition'],
    cacheControl: headers['cache-control'],
    expires: headers['expires'],
    websiteRedirectLocation: headers['x-amz-website-redirect-location'],
  }
}

function readMetadata(headers: HeaderMap): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  for (const name in headers) {
    if (name.startsWith(metadataPrefix)) metadata[name.slice(metadataPrefix.length)] = headers[name]!
  }
  return metadata
}

function readLock(headers: HeaderMap): Lock | null {
  const mode = headers['x-amz-object-lock-mode']?.toUpperCase()
  const legalHold = headers['x-amz-object-lock-legal-hold']?.toUpperCase() === 'ON'
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    return legalHold ? { mode: null, retainUntil: null, legalHold } : null
  }
  return { mode, retainUntil: headers['x-amz-object-lock-retain-until-date'] ?? null, legalHold }
}

/** What the answer to a write tells of what was stored. */
export const readTold = (headers: HeaderMap): NonNullable<Stored['told']> => ({
  encryption: readEncryption(headers),
  checksums: readChecksums(headers),
})

function readChecksums(headers: HeaderMap): readonly Checksum[] {
  const told = headers['x-amz-checksum-type']?.toUpperCase()
  return checksumAlgorithms.flatMap((algorithm) => {
    const value = headers[checksumHeaderName(algorithm)]
    if (value === undefined || value === '') return []
    // Servers older than the header tell a composite one by its number of parts alone.
    const composite = /-\d+$/.test(value)
    const type = composite || told === 'COMPOSITE' ? 'COMPOSITE' : 'FULL_OBJECT'
    return [{ algorithm, type, value }]
  })
}

export function readEncryption(headers: HeaderMap): Encryption {
  const keyMd5 = headers[customerKeyHeaders.md5] ?? null
  if (keyMd5 !== null || headers[customerKeyHeaders.algorithm] !== undefined) return { kind: 'sse-c', keyMd5 }
  const kind = headers['x-amz-server-side-encryption']
  if (kind === undefined) return { kind: 'none' }
  if (kind === 'AES256') return { kind: 'sse-s3' }
  return { kind: 'sse-kms', keyId: headers['x-amz-server-side-encryption-aws-kms-key-id'] ?? null }
}

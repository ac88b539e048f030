import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../../s3/s3-error.ts'
import type { Payload } from '../../s3/payload.ts'
import type { Received } from '../bodies.ts'
import type { Bucket } from '../bucket-table.ts'
import { enterVersion, type VersionInput } from '../enter-version.ts'
import { bucketOf, versionHeader, type SandboxOperation, type SiteState } from '../exchange.ts'
import { readAcl } from '../object-acl.ts'
import { readDescription, readEncryption, readStorageClass, readTagging } from '../object-headers.ts'
import { readLock } from '../object-lock.ts'
import { readStamp, type ReplicaStamp } from '../replica-stamp.ts'
import type { VersionFacts } from '../version-table.ts'

/** S3 takes at most 5 GiB in one request. */
const longestBodyBytes = 5 * 1024 ** 3

export const putObject: SandboxOperation = async (site, exchange) => {
  const { headers, call } = exchange
  const bucket = bucketOf(site, exchange)
  const stamp = readStamp(site.identity, bucket, headers, call.query)
  const facts = readFacts(site, headers, bucket, exchange.now, stamp)
  const storageClass = readStorageClass(headers)
  const payload = exchange.payload()
  const received = await receiveBody(site, payload)
  const checksums = Object.fromEntries(payload.checksums)
  const etag = stamp.etag ?? received.md5
  const input = { key: call.key, etag, storageClass, facts: { ...facts, checksums }, stamp }
  const entered = await enterBody(site, call.bucket, received, input, { ...exchange, event: 's3:ObjectCreated:Put' })
  return {
    status: 200,
    headers: {
      etag: `"${etag}"`,
      ...facts.encryption,
      ...checksumHeaders(checksums),
      ...versionHeader(entered.bucket, entered.versionId),
    },
  }
}

/** What a write says of its object, besides the bytes. */
export function readFacts(
  site: Pick<SiteState, 'tagText'>,
  headers: IncomingHttpHeaders,
  bucket: Bucket,
  now: number,
  stamp: ReplicaStamp,
): VersionFacts {
  const tags = readTagging(headers, site.tagText)
  return {
    ...readDescription(headers),
    ...readEncryption(headers),
    ...readLock(headers, bucket, now, stamp.replica),
    ...readAcl(headers),
    ...(tags === undefined ? {} : { tags }),
    ...(stamp.replica ? { replica: true } : {}),
  }
}

/** Enters a new version with a received body. */
export function enterBody(
  site: SiteState,
  bucketName: string,
  received: Received,
  input: Omit<VersionInput, 'sizeBytes' | 'keepBody'>,
  request: Parameters<typeof enterVersion>[3],
): Promise<ReturnType<typeof enterVersion>> {
  const keepBody = (): ReturnType<VersionInput['keepBody']> => site.catalog.bodies.keep(received)
  const whole = { ...input, sizeBytes: received.sizeBytes, keepBody }
  return keepOrDiscard(site, received, () => enterVersion(site, bucketName, whole, request))
}

/** Receives a body whose length the client must have told. */
export async function receiveBody(site: SiteState, payload: Payload): Promise<Received> {
  if (payload.sizeBytes === null) throw new S3Error('MissingContentLength')
  if (payload.sizeBytes > longestBodyBytes) throw new S3Error('EntityTooLarge')
  return await site.catalog.bodies.receive(payload.bytes)
}

/** Runs the transaction that keeps a received body, and cleans up on both ways out. */
export async function keepOrDiscard<T>(site: SiteState, received: Received, keep: () => T): Promise<T> {
  const { bodies } = site.catalog
  try {
    const kept = keep()
    await bodies.removeDropped()
    return kept
  } catch (error) {
    await bodies.discard(received)
    throw error
  }
}

export function checksumHeaders(checksums: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]))
}

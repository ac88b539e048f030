import type { IncomingHttpHeaders } from 'node:http'
import type { Payload } from '../s3/payload.ts'
import type { Routed } from '../s3/route.ts'
import { S3Error } from '../s3/s3-error.ts'
import type { Bucket } from './bucket-table.ts'
import type { Catalog } from './catalog.ts'
import type { ChangeStream } from './change-stream.ts'
import type { Version } from './version-table.ts'

/** `mints` gives every version an id of its own, as AWS; `adopts-minio` keeps a replica's id, mtime and ETag. */
export type SandboxIdentity = 'mints' | 'adopts-minio'

/**
 * What a plain delete does where a marker would come to lie on another, or on nothing: AWS writes it. Ceph writes none on
 * another and names none; MinIO neither, names the one that is there, and writes none for a key that it has not got.
 */
export type PlainMarkers = 'as-aws' | 'as-ceph' | 'as-minio'

/** Which letters a tag may have: `any`, as Ceph; `ascii`, letters and digits of ASCII and a few signs, as MinIO. */
export type TagText = 'any' | 'ascii'

/** What the operations work on. */
export interface SiteState {
  readonly catalog: Catalog
  readonly changes: ChangeStream
  readonly identity: SandboxIdentity
  readonly plainMarkers: PlainMarkers
  readonly tagText: TagText
  readonly region: string
  readonly random: (bytes: number) => Uint8Array
}

/** One request that has passed the signature check. */
export interface Exchange {
  readonly call: Routed
  readonly headers: IncomingHttpHeaders
  /** The site's time, epoch ms. */
  readonly now: number
  /** Opens the body; until then an `Expect: 100-continue` is not answered. */
  readonly payload: () => Payload
}

export interface StreamedBody {
  readonly sizeBytes: number
  readonly chunks: AsyncGenerator<Buffer>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  /** Text is XML. */
  readonly body?: string | Buffer | StreamedBody | ListeningBody
}

/** An answer without end: `attach` gets the writer and returns what to call when the client has gone. */
export interface ListeningBody {
  readonly attach: (write: (text: string) => boolean) => () => void
}

export type SandboxOperation = (site: SiteState, exchange: Exchange) => Answer | Promise<Answer>

export const xmlAnswer = (body: string, headers: Answer['headers'] = {}): Answer => ({ status: 200, headers, body })

export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

export function bucketOf(site: SiteState, exchange: Exchange): Bucket {
  const bucket = site.catalog.buckets.find(exchange.call.bucket)
  if (bucket === undefined) throw new S3Error('NoSuchBucket')
  return bucket
}

/** The version that the request names, or the newest one. Throws when there is none or it is a delete marker. */
export function versionOf(site: SiteState, bucket: Bucket, key: string, versionId: string | undefined): Version {
  if (versionId === undefined) return currentVersion(site, bucket, key)
  checkVersionId(site, versionId)
  const version = site.catalog.versions.find(bucket.id, key, versionId)
  if (version === undefined) throw new S3Error('NoSuchVersion')
  if (version.deleteMarker) throw markerError('MethodNotAllowed', version)
  return version
}

function currentVersion(site: SiteState, bucket: Bucket, key: string): Version {
  const version = site.catalog.versions.newest(bucket.id, key)
  if (version === undefined) throw new S3Error('NoSuchKey')
  if (version.deleteMarker) throw markerError('NoSuchKey', version)
  return version
}

function markerError(code: 'NoSuchKey' | 'MethodNotAllowed', marker: Version): S3Error {
  const lastModified = code === 'NoSuchKey' ? {} : { 'last-modified': new Date(marker.modifiedAt).toUTCString() }
  return new S3Error(code, {
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId, ...lastModified },
  })
}

/** A site that mints ids refuses those that it cannot have minted, as AWS does. */
export function checkVersionId(site: SiteState, versionId: string): void {
  if (versionId === 'null') return
  const own = site.identity === 'mints' ? /^[A-Za-z0-9._]{32}$/ : /^[0-9a-f-]{1,128}$/i
  if (!own.test(versionId)) throw new S3Error('InvalidArgument', { message: 'Invalid version id specified.' })
}

/** Names the version in an answer, where the bucket has versions to name. */
export function versionHeader(bucket: Bucket, versionId: string): Record<string, string> {
  return bucket.versioning === 'Off' ? {} : { 'x-amz-version-id': versionId }
}

/** Request documents are small; the largest is DeleteObjects with 1000 keys of 1024 bytes. */
export async function readDocument(exchange: Exchange, limitBytes = 16 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of exchange.payload().bytes) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) throw new S3Error('MalformedXML')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

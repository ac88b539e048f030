import type { IncomingHttpHeaders } from 'node:http'
import { decodePercent } from '../../s3/query.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { enterPart, partNumberOf, uploadOf } from './multipart.ts'
import { readAcl } from '../object-acl.ts'
import { changeFacts } from './tagging.ts'
import { enterBody, keepOrDiscard } from './write-object.ts'
import type { Received } from '../bodies.ts'
import type { Bucket } from '../bucket-table.ts'
import { parseRange } from '../byte-range.ts'
import { copyConditions, judge } from '../conditions.ts'
import {
  bucketOf,
  header,
  versionHeader,
  versionOf,
  xmlAnswer,
  type Exchange,
  type SandboxOperation,
  type SiteState,
} from '../exchange.ts'
import {
  checkCustomerKey,
  copySourceKeyOf,
  customerKeyOf,
  readDescription,
  readEncryption,
  readStorageClass,
  readTagging,
  refuseArchived,
} from '../object-headers.ts'
import { readLock } from '../object-lock.ts'
import { readStamp, type ReplicaStamp } from '../replica-stamp.ts'
import { sliceSegments } from '../segment.ts'
import type { Version, VersionFacts } from '../version-table.ts'

interface CopySource {
  readonly bucket: Bucket
  readonly version: Version
}

function sourceOf(site: SiteState, { headers }: Exchange): CopySource {
  const text = (header(headers, 'x-amz-copy-source') ?? '').replace(/^\//, '')
  const mark = text.lastIndexOf('?versionId=')
  const path = decodePercent(mark < 0 ? text : text.slice(0, mark))
  const versionId = mark < 0 ? undefined : decodePercent(text.slice(mark + '?versionId='.length))
  const slash = path.indexOf('/')
  if (slash < 1 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', { message: 'Copy Source must mention the source bucket and key.' })
  }
  const bucket = site.catalog.buckets.find(path.slice(0, slash))
  if (bucket === undefined) throw new S3Error('NoSuchBucket')
  const version = versionOf(site, bucket, path.slice(slash + 1), versionId)
  checkCustomerKey(version.facts.customerKeyMd5, copySourceKeyOf(headers))
  refuseArchived(version)
  if (judge(headers, copyConditions, version) !== 'go') throw new S3Error('PreconditionFailed')
  return { bucket, version }
}

export const copyObject: SandboxOperation = async (site, exchange) => {
  const { headers, call, now } = exchange
  const bucket = bucketOf(site, exchange)
  const source = sourceOf(site, exchange)
  const stamp = readStamp(site.identity, bucket, headers, call.query)
  const facts = copiedFacts(site, headers, bucket, now, source.version, stamp)
  const storageClass = readStorageClass(headers)
  if (source.bucket.id === bucket.id && source.version.key === call.key) {
    if (stamp.versionId === source.version.versionId)
      return changeInPlace(site, exchange, bucket, source.version, facts)
    refuseIdleCopy(headers, source, storageClass)
  }
  const received = await readWhole(site, source.version)
  const etag = stamp.etag ?? received.md5
  const draft = { key: call.key, etag, storageClass, facts, stamp }
  // The conditions of a copy are of its source, and were judged there.
  const request = { headers: {}, now, event: 's3:ObjectCreated:Copy' }
  const entered = await enterBody(site, call.bucket, received, draft, request)
  return copyAnswer('CopyObjectResult', etag, now, {
    ...versionHeader(entered.bucket, entered.versionId),
    ...sourceVersionHeader(source),
  })
}

const sourceVersionHeader = ({ bucket, version }: CopySource): Record<string, string> =>
  bucket.versioning === 'Off' ? {} : { 'x-amz-copy-source-version-id': version.versionId }

function copyAnswer(
  root: string,
  etag: string,
  now: number,
  headers: Record<string, string>,
): ReturnType<SandboxOperation> {
  const content = element('LastModified', new Date(now).toISOString()) + element('ETag', `"${etag}"`)
  return xmlAnswer(xmlDocument(root, content), headers)
}

function readWhole(site: SiteState, { segments, sizeBytes }: Version): Promise<Received> {
  const { bodies } = site.catalog
  return bodies.receive(bodies.read(sliceSegments(segments, 0, sizeBytes - 1)))
}

function refuseIdleCopy(headers: IncomingHttpHeaders, source: CopySource, storageClass: string): void {
  const replaces = header(headers, 'x-amz-metadata-directive') === 'REPLACE'
  const encrypts = headers['x-amz-server-side-encryption'] !== undefined
  const moves = storageClass !== source.version.storageClass
  const restores = headers['x-amz-copy-source']?.includes('?versionId=') === true
  if (replaces || encrypts || moves || restores) return
  throw new S3Error('InvalidRequest', {
    message:
      'This copy request is illegal because it is trying to copy an object to itself without changing the object’s ' +
      'metadata, storage class, website redirect location or encryption attributes.',
  })
}

function copiedFacts(
  { tagText }: Pick<SiteState, 'tagText'>,
  headers: IncomingHttpHeaders,
  bucket: Bucket,
  now: number,
  source: Version,
  stamp: ReplicaStamp,
): VersionFacts {
  const replaced = header(headers, 'x-amz-metadata-directive') === 'REPLACE'
  const retagged = header(headers, 'x-amz-tagging-directive') === 'REPLACE'
  const { content, metadata, tags: sourceTags, checksums } = source.facts
  const tags = retagged ? readTagging(headers, tagText) : sourceTags
  return {
    ...(replaced ? readDescription(headers) : { ...(content && { content }), ...(metadata && { metadata }) }),
    ...readEncryption(headers),
    // Lock and ACL never come along with a copy.
    ...readLock(headers, bucket, now, stamp.replica),
    ...readAcl(headers),
    ...(tags === undefined ? {} : { tags }),
    ...(checksums === undefined ? {} : { checksums }),
    ...(stamp.replica ? { replica: true } : {}),
  }
}

/** MinIO's way to change only the metadata of a version: it is copied onto itself under its own id. */
async function changeInPlace(
  site: SiteState,
  exchange: Exchange,
  bucket: Bucket,
  version: Version,
  facts: VersionFacts,
): Promise<Awaited<ReturnType<SandboxOperation>>> {
  const kept = version.facts.multipart === true ? { ...facts, multipart: true } : facts
  changeFacts(site, exchange, { bucket, version }, kept, 's3:ObjectCreated:Copy')
  return await copyAnswer('CopyObjectResult', version.etag, exchange.now, versionHeader(bucket, version.versionId))
}

export const uploadPartCopy: SandboxOperation = async (site, exchange) => {
  const partNumber = partNumberOf(exchange)
  const { id, facts } = uploadOf(site, exchange)
  checkCustomerKey(facts.version.customerKeyMd5, customerKeyOf(exchange.headers))
  const source = sourceOf(site, exchange)
  const { segments, sizeBytes } = source.version
  const rangeText = header(exchange.headers, 'x-amz-copy-source-range')
  const range = parseRange(rangeText, sizeBytes)
  // Unlike GET, a part copy refuses a range that reaches beyond the source.
  const reach = Number(/-(\d+)$/.exec(rangeText ?? '')?.[1] ?? 0)
  if (range === 'unsatisfiable' || reach >= Math.max(1, sizeBytes) || (rangeText !== undefined && range === null)) {
    throw new S3Error('InvalidRange', { status: 400 })
  }
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 }
  const { bodies, uploads } = site.catalog
  const received = await bodies.receive(bodies.read(sliceSegments(segments, first, last)))
  await keepOrDiscard(site, received, () => {
    if (uploads.find(id) === undefined) throw new S3Error('NoSuchUpload')
    enterPart(site, id, partNumber, exchange.now, received)
  })
  return await copyAnswer('CopyPartResult', received.md5, exchange.now, sourceVersionHeader(source))
}

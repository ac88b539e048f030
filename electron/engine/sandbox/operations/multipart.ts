import { createHash } from 'node:crypto'
import { S3Error } from '../../s3/s3-error.ts'
import { element, encodeListed, xmlDocument } from '../../s3/xml-write.ts'
import { childText, children, parseRequestXml } from '../../s3/xml-tree.ts'
import { ownerXml } from './buckets.ts'
import { checksumHeaders, keepOrDiscard, readFacts, receiveBody } from './write-object.ts'
import { enterVersion } from '../enter-version.ts'
import {
  bucketOf,
  readDocument,
  versionHeader,
  xmlAnswer,
  type Exchange,
  type SandboxOperation,
  type SiteState,
} from '../exchange.ts'
import { checkCustomerKey, customerKeyOf, readStorageClass } from '../object-headers.ts'
import { readDeleteStamp, readStamp, type ReplicaStamp } from '../replica-stamp.ts'
import type { Part, Upload } from '../upload-table.ts'

const smallestPartBytes = 5 * 1024 * 1024

export const createMultipartUpload: SandboxOperation = async (site, exchange) => {
  const { headers, call, now } = exchange
  const bucket = bucketOf(site, exchange)
  const stamp = readStamp(site.identity, bucket, headers, call.query)
  const version = { ...readFacts(site, headers, bucket, now, stamp), multipart: true }
  const id = Buffer.from(site.random(24)).toString('base64url')
  const { versionId, etag } = stamp
  const facts = { version, storageClass: readStorageClass(headers), versionId, etag }
  await readDocument(exchange)
  site.catalog.uploads.create({ id, bucketId: bucket.id, key: call.key, startedAt: now, facts })
  const content = element('Bucket', call.bucket) + element('Key', call.key) + element('UploadId', id)
  return xmlAnswer(xmlDocument('InitiateMultipartUploadResult', content), version.encryption)
}

/** The upload that the request names; it must be one of this bucket and key. */
export function uploadOf(site: SiteState, exchange: Exchange): Upload {
  const bucket = bucketOf(site, exchange)
  const upload = site.catalog.uploads.find(exchange.call.query.get('uploadId') ?? '')
  if (upload === undefined || upload.bucketId !== bucket.id || upload.key !== exchange.call.key) {
    throw new S3Error('NoSuchUpload')
  }
  return upload
}

export function partNumberOf(exchange: Exchange): number {
  const partNumber = Number(exchange.call.query.get('partNumber'))
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= 10_000) return partNumber
  throw new S3Error('InvalidArgument', { message: 'Part number must be an integer between 1 and 10000, inclusive.' })
}

export const uploadPart: SandboxOperation = async (site, exchange) => {
  const partNumber = partNumberOf(exchange)
  const { id, facts } = uploadOf(site, exchange)
  checkCustomerKey(facts.version.customerKeyMd5, customerKeyOf(exchange.headers))
  const payload = exchange.payload()
  const received = await receiveBody(site, payload)
  await keepOrDiscard(site, received, () => {
    // Completed or aborted while the part came in.
    if (site.catalog.uploads.find(id) === undefined) throw new S3Error('NoSuchUpload')
    enterPart(site, id, partNumber, exchange.now, received)
  })
  const checksums = checksumHeaders(Object.fromEntries(payload.checksums))
  return { status: 200, headers: { etag: `"${received.md5}"`, ...facts.version.encryption, ...checksums } }
}

export function enterPart(
  site: SiteState,
  uploadId: string,
  partNumber: number,
  now: number,
  received: Parameters<SiteState['catalog']['bodies']['keep']>[0],
): void {
  const { catalog } = site
  catalog.atomic(() => {
    const segments = catalog.bodies.keep(received)
    const part = { partNumber, etag: received.md5, sizeBytes: received.sizeBytes, modifiedAt: now, segments }
    const before = catalog.uploads.putPart(uploadId, part)
    if (before !== undefined) catalog.bodies.drop(before.segments)
  })
}

export const completeMultipartUpload: SandboxOperation = async (site, exchange) => {
  const { call, headers } = exchange
  const upload = uploadOf(site, exchange)
  const root = parseRequestXml(await readDocument(exchange), 'CompleteMultipartUpload')
  if (root === null) throw new S3Error('MalformedXML')
  const asked = children(root, 'Part').map((part) => ({
    partNumber: Number(childText(part, 'PartNumber')),
    etag: (childText(part, 'ETag') ?? '').replaceAll('"', ''),
  }))
  const stamp = completionStamp(site, exchange, upload)
  // Read after the document has come in: a part may have arrived meanwhile.
  const parts = chosenParts(asked, site.catalog.uploads.parts(uploadOf(site, exchange).id))
  const etag = stamp.etag ?? multipartEtag(parts)
  const entered = enterVersion(
    site,
    call.bucket,
    {
      key: call.key,
      etag,
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      storageClass: upload.facts.storageClass,
      facts: { ...upload.facts.version, ...(stamp.replica ? { replica: true } : {}) },
      stamp,
      keepBody: () => takeParts(site, upload, parts),
    },
    { headers, now: exchange.now, event: 's3:ObjectCreated:CompleteMultipartUpload' },
  )
  await site.catalog.bodies.removeDropped()
  const content =
    element('Location', `/${call.bucket}/${call.key}`) +
    element('Bucket', call.bucket) +
    element('Key', call.key) +
    element('ETag', `"${etag}"`)
  return xmlAnswer(
    xmlDocument('CompleteMultipartUploadResult', content),
    versionHeader(entered.bucket, entered.versionId),
  )
}

/** Version id and ETag come with the create request, the modification time with the complete request. */
function completionStamp(site: SiteState, { headers }: Exchange, { facts }: Upload): ReplicaStamp {
  const stamp = readDeleteStamp(site.identity, headers)
  return {
    ...stamp,
    versionId: facts.versionId,
    etag: facts.etag ?? stamp.etag,
    replica: stamp.replica || facts.version.replica === true,
  }
}

function chosenParts(
  asked: readonly { readonly partNumber: number; readonly etag: string }[],
  stored: readonly Part[],
): readonly Part[] {
  if (asked.length === 0) throw new S3Error('MalformedXML')
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  const inOrder = asked.every(({ partNumber }, index) => index === 0 || partNumber > asked[index - 1]!.partNumber)
  if (!inOrder) throw new S3Error('InvalidPartOrder')
  return asked.map(({ partNumber, etag }, index) => {
    const part = byNumber.get(partNumber)
    if (part === undefined || part.etag !== etag) throw new S3Error('InvalidPart')
    if (index < asked.length - 1 && part.sizeBytes < smallestPartBytes) throw new S3Error('EntityTooSmall')
    return part
  })
}

/** MD5 of the parts' MD5s, and the number of parts. */
function multipartEtag(parts: readonly Part[]): string {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'))
  return `${md5.digest('hex')}-${parts.length}`
}

/** The parts' bodies become the object's; parts that were left out go. */
function takeParts(site: SiteState, upload: Upload, parts: readonly Part[]): Part['segments'] {
  const { uploads, bodies } = site.catalog
  const taken = new Set(parts.map((part) => part.partNumber))
  for (const part of uploads.parts(upload.id)) {
    if (!taken.has(part.partNumber)) bodies.drop(part.segments)
  }
  uploads.remove(upload.id)
  return parts.flatMap((part) => part.segments)
}

export const abortMultipartUpload: SandboxOperation = async (site, exchange) => {
  const { catalog } = site
  const upload = uploadOf(site, exchange)
  catalog.atomic(() => {
    for (const part of catalog.uploads.parts(upload.id)) catalog.bodies.drop(part.segments)
    catalog.uploads.remove(upload.id)
  })
  await catalog.bodies.removeDropped()
  return { status: 204, headers: {} }
}

export const listParts: SandboxOperation = (site, exchange) => {
  const { query, bucket, key } = exchange.call
  const upload = uploadOf(site, exchange)
  const after = Number(query.get('part-number-marker') ?? 0)
  const limit = Math.min(1000, Number(query.get('max-parts') ?? 1000))
  const rest = site.catalog.uploads.parts(upload.id).filter((part) => part.partNumber > after)
  const page = rest.slice(0, limit)
  const truncated = rest.length > page.length
  const content =
    element('Bucket', bucket) +
    element('Key', encodeListed(key, query.get('encoding-type') === 'url' ? 'url' : null)) +
    element('UploadId', upload.id) +
    ownerXml +
    element('StorageClass', upload.facts.storageClass) +
    element('PartNumberMarker', after) +
    element('NextPartNumberMarker', truncated ? page.at(-1)?.partNumber : null) +
    element('MaxParts', limit) +
    element('IsTruncated', truncated) +
    page.map(partXml).join('')
  return xmlAnswer(xmlDocument('ListPartsResult', content))
}

function partXml(part: Part): string {
  return `<Part>${element('PartNumber', part.partNumber)}${element('LastModified', new Date(part.modifiedAt).toISOString())}${element('ETag', `"${part.etag}"`)}${element('Size', part.sizeBytes)}</Part>`
}

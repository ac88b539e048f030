import type { Query } from '../../s3/query.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, encodeListed, xmlDocument } from '../../s3/xml-write.ts'
import { ownerXml } from './buckets.ts'
import { bucketOf, xmlAnswer, type Exchange, type SandboxOperation, type SiteState } from '../exchange.ts'
import { listCurrent, listVersions, type ListedVersion, type ListPage, type ListQuestion } from '../list-page.ts'
import type { Version } from '../version-table.ts'

type Encode = (text: string) => string

interface Listing {
  readonly question: ListQuestion
  readonly encode: Encode
  /** Elements that all three listings share. */
  readonly commonXml: string
}

function openListing(
  site: SiteState,
  exchange: Exchange,
  from: Pick<ListQuestion, 'after' | 'afterVersionId'>,
): Listing {
  const { query } = exchange.call
  const bucket = bucketOf(site, exchange)
  const encode = encoder(query)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = readLimit(query)
  const commonXml =
    element('Name', bucket.name) +
    element('Prefix', encode(prefix)) +
    element('MaxKeys', limit) +
    element('Delimiter', delimiter === '' ? null : encode(delimiter)) +
    element('EncodingType', query.has('encoding-type') ? 'url' : null)
  return { question: { bucketId: bucket.id, prefix, delimiter, limit, ...from }, encode, commonXml }
}

function encoder(query: Query): Encode {
  const type = query.get('encoding-type')
  if (type !== undefined && type !== 'url') {
    throw new S3Error('InvalidArgument', { message: 'Invalid Encoding Method specified in Request.' })
  }
  return (text) => encodeListed(text, type === undefined ? null : 'url')
}

function readLimit(query: Query): number {
  const limit = Number(query.get('max-keys') ?? 1000)
  if (!Number.isInteger(limit) || limit < 0) {
    throw new S3Error('InvalidArgument', { message: 'Argument max-keys must be an integer between 0 and 2147483647.' })
  }
  return Math.min(limit, 1000)
}

function prefixesXml({ commonPrefixes }: ListPage, encode: Encode): string {
  return commonPrefixes
    .map((prefix) => `<CommonPrefixes>${element('Prefix', encode(prefix))}</CommonPrefixes>`)
    .join('')
}

function objectXml(version: Version, encode: Encode, owner: boolean): string {
  return `<Contents>${element('Key', encode(version.key))}${contentXml(version)}${owner ? ownerXml : ''}</Contents>`
}

function contentXml(version: Version): string {
  return (
    modifiedXml(version) +
    element('ETag', `"${version.etag}"`) +
    element('Size', version.sizeBytes) +
    element('StorageClass', version.storageClass)
  )
}

const modifiedXml = (version: Version): string => element('LastModified', new Date(version.modifiedAt).toISOString())

export const listObjectsV2: SandboxOperation = (site, exchange) => {
  const { query } = exchange.call
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === undefined ? (startAfter ?? '') : Buffer.from(token, 'base64url').toString('utf8')
  const { question, encode, commonXml } = openListing(site, exchange, { after })
  const page = listCurrent(site.catalog.versions, question)
  const nextToken = page.next === null ? null : Buffer.from(page.next.key).toString('base64url')
  const owner = query.get('fetch-owner') === 'true'
  return xmlAnswer(
    xmlDocument(
      'ListBucketResult',
      commonXml +
        element('StartAfter', startAfter === undefined ? null : encode(startAfter)) +
        element('ContinuationToken', token) +
        element('NextContinuationToken', nextToken) +
        element('KeyCount', page.versions.length + page.commonPrefixes.length) +
        element('IsTruncated', page.next !== null) +
        page.versions.map(({ version }) => objectXml(version, encode, owner)).join('') +
        prefixesXml(page, encode),
    ),
  )
}

export const listObjects: SandboxOperation = (site, exchange) => {
  const after = exchange.call.query.get('marker') ?? ''
  const { question, encode, commonXml } = openListing(site, exchange, { after })
  const page = listCurrent(site.catalog.versions, question)
  return xmlAnswer(
    xmlDocument(
      'ListBucketResult',
      commonXml +
        element('Marker', encode(after)) +
        element('NextMarker', page.next === null ? null : encode(page.next.key)) +
        element('IsTruncated', page.next !== null) +
        page.versions.map(({ version }) => objectXml(version, encode, true)).join('') +
        prefixesXml(page, encode),
    ),
  )
}

export const listObjectVersions: SandboxOperation = (site, exchange) => {
  const { query } = exchange.call
  const after = query.get('key-marker') ?? ''
  const afterVersionId = query.get('version-id-marker')
  if (afterVersionId !== undefined && after === '') {
    throw new S3Error('InvalidArgument', { message: 'A version-id marker cannot be specified without a key marker.' })
  }
  const { question, encode, commonXml } = openListing(site, exchange, { after, afterVersionId })
  const page = listVersions(site.catalog.versions, question)
  return xmlAnswer(
    xmlDocument(
      'ListVersionsResult',
      commonXml +
        element('KeyMarker', encode(after)) +
        element('VersionIdMarker', afterVersionId) +
        element('NextKeyMarker', page.next === null ? null : encode(page.next.key)) +
        element('NextVersionIdMarker', page.next?.versionId) +
        element('IsTruncated', page.next !== null) +
        page.versions.map((listed) => versionXml(listed, encode)).join('') +
        prefixesXml(page, encode),
    ),
  )
}

function versionXml({ version, isLatest }: ListedVersion, encode: Encode): string {
  const named =
    element('Key', encode(version.key)) + element('VersionId', version.versionId) + element('IsLatest', isLatest)
  return version.deleteMarker
    ? `<DeleteMarker>${named}${modifiedXml(version)}${ownerXml}</DeleteMarker>`
    : `<Version>${named}${contentXml(version)}${ownerXml}</Version>`
}

export const listMultipartUploads: SandboxOperation = (site, exchange) => {
  const { query, bucket: name } = exchange.call
  const bucket = bucketOf(site, exchange)
  const encode = encoder(query)
  const prefix = query.get('prefix') ?? ''
  const limit = Math.min(1000, Number(query.get('max-uploads') ?? 1000))
  const key = query.get('key-marker') ?? ''
  // Without an upload id the marker means: after all uploads of that key.
  const id = query.get('upload-id-marker') ?? (key === '' ? '' : '\u{10ffff}')
  const found = site.catalog.uploads.list(bucket.id, { key, id }).filter((upload) => upload.key.startsWith(prefix))
  const page = found.slice(0, limit)
  const last = found.length > page.length ? page.at(-1) : undefined
  const uploads = page.map(
    (upload) =>
      `<Upload>${element('Key', encode(upload.key))}${element('UploadId', upload.id)}${ownerXml}` +
      element('StorageClass', upload.facts.storageClass) +
      `${element('Initiated', new Date(upload.startedAt).toISOString())}</Upload>`,
  )
  return xmlAnswer(
    xmlDocument(
      'ListMultipartUploadsResult',
      element('Bucket', name) +
        element('Prefix', encode(prefix)) +
        element('KeyMarker', encode(key)) +
        element('NextKeyMarker', last === undefined ? null : encode(last.key)) +
        element('NextUploadIdMarker', last?.id) +
        element('EncodingType', query.get('encoding-type')) +
        element('MaxUploads', limit) +
        element('IsTruncated', last !== undefined) +
        uploads.join(''),
    ),
  )
}

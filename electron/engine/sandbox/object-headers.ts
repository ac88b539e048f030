import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { parseQuery } from '../s3/query.ts'
import { S3Error } from '../s3/s3-error.ts'
import { withoutAwsChunked } from '../s3/content-coding.ts'
import { copySourceKeyPrefix, customerKeyHeaders, customerKeyPrefix, metadataPrefix } from '../s3/header-names.ts'
import type { Bucket } from './bucket-table.ts'
import { header, versionHeader, type TagText } from './exchange.ts'
import type { Version, VersionFacts } from './version-table.ts'

const contentHeaders = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
] as const
const storageClasses = new Set(
  'STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER GLACIER_IR DEEP_ARCHIVE'.split(' '),
)
const asciiTag = /^[A-Za-z0-9 +\-=._:/@]*$/
const longestMetadataBytes = 2048

/** Content headers and user metadata of a write. */
export function readDescription(headers: IncomingHttpHeaders): Pick<VersionFacts, 'content' | 'metadata'> {
  const content: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  for (const name of contentHeaders) {
    const given = header(headers, name) ?? ''
    const value = name === 'content-encoding' ? withoutAwsChunked(given) : given
    if (value !== '') content[name] = value
  }
  return { content, metadata: readMetadata(headers) }
}

function readMetadata(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {}
  let sizeBytes = 0
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(metadataPrefix)) continue
    const value = header(headers, name) ?? ''
    metadata[name.slice(metadataPrefix.length)] = value
    sizeBytes += name.length - metadataPrefix.length + value.length
  }
  if (sizeBytes > longestMetadataBytes) throw new S3Error('MetadataTooLarge')
  return metadata
}

export function readStorageClass(headers: IncomingHttpHeaders): string {
  const storageClass = header(headers, 'x-amz-storage-class') ?? 'STANDARD'
  if (!storageClasses.has(storageClass)) throw new S3Error('InvalidStorageClass')
  return storageClass
}

/** Tags of the `x-amz-tagging` header; undefined when there is none. */
export function readTagging(headers: IncomingHttpHeaders, text: TagText): Readonly<Record<string, string>> | undefined {
  const tagging = header(headers, 'x-amz-tagging')
  return tagging === undefined ? undefined : checkTags(parseQuery(tagging).pairs, text)
}

/** S3 allows 10 tags with keys of 128 and values of 256 characters. */
export function checkTags(
  tags: readonly (readonly [string, string])[],
  text: TagText,
): Readonly<Record<string, string>> {
  const wrong = (message: string): S3Error => new S3Error('InvalidTag', { message })
  if (tags.length > 10) throw wrong('Object tags cannot be greater than 10.')
  for (const [key, value] of tags) {
    if (key === '' || key.length > 128) throw wrong('The tag key is not valid.')
    if (value.length > 256) throw wrong('The tag value is too long.')
    if (text === 'ascii' && !asciiTag.test(key + value)) throw wrong('The TagValue you have provided is invalid')
  }
  const unique = Object.fromEntries(tags)
  if (Object.keys(unique).length < tags.length) throw wrong('Cannot provide multiple tags with the same key.')
  return unique
}

/**
 * The sandbox does not encrypt: it remembers what was asked. What is under a client's key it gives to nobody who has not got
 * the very key, of which it keeps the MD5 alone.
 */
export function readEncryption(headers: IncomingHttpHeaders): Pick<VersionFacts, 'encryption' | 'customerKeyMd5'> {
  const keyMd5 = readCustomerKey(headers, customerKeyPrefix)
  if (keyMd5 !== undefined) {
    const encryption = { [customerKeyHeaders.algorithm]: 'AES256', [customerKeyHeaders.md5]: keyMd5 }
    return { encryption, customerKeyMd5: keyMd5 }
  }
  const algorithm = header(headers, 'x-amz-server-side-encryption')
  if (algorithm === undefined) return {}
  const keyName = 'x-amz-server-side-encryption-aws-kms-key-id'
  const keyId = header(headers, keyName)
  return {
    encryption: { 'x-amz-server-side-encryption': algorithm, ...(keyId === undefined ? {} : { [keyName]: keyId }) },
  }
}

/** The MD5 of the key that a request carries under this prefix; its three headers belong together. */
function readCustomerKey(headers: IncomingHttpHeaders, prefix: string): string | undefined {
  const [algorithm, key, md5] = ['algorithm', 'key', 'key-md5'].map((name) => header(headers, prefix + name))
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined
  const wrong = (message: string): S3Error => new S3Error('InvalidArgument', { message })
  if (algorithm !== 'AES256')
    throw new S3Error('InvalidRequest', { message: 'The encryption request you specified is not valid: use AES256.' })
  const bytes = Buffer.from(key ?? '', 'base64')
  if (bytes.length !== 32) throw wrong('The secret key was invalid for the specified algorithm.')
  if (hash('md5', bytes, 'base64') !== md5)
    throw wrong('The calculated MD5 hash of the key did not match the hash that was provided.')
  return md5
}

/** What is under a client's key needs that key: none is a request that lacks something, another one a wrong way in. */
export function checkCustomerKey(needed: string | undefined, given: string | undefined): void {
  if (needed === given) return
  if (needed !== undefined && given !== undefined) throw new S3Error('AccessDenied')
  throw new S3Error('InvalidRequest', {
    message:
      needed === undefined
        ? 'The encryption parameters are not applicable to this object.'
        : 'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  })
}

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** What lies in an archive tells its head, and gives its bytes only when it was restored: which nobody can ask for here. */
export function refuseArchived({ storageClass }: Version): void {
  if (archives.has(storageClass)) throw new S3Error('InvalidObjectState')
}

export const customerKeyOf = (headers: IncomingHttpHeaders): string | undefined =>
  readCustomerKey(headers, customerKeyPrefix)
export const copySourceKeyOf = (headers: IncomingHttpHeaders): string | undefined =>
  readCustomerKey(headers, copySourceKeyPrefix)

/** The headers that describe a version in an answer to GET and HEAD. */
export function describeVersion(bucket: Bucket, version: Version): Record<string, string | number> {
  const { facts } = version
  const headers: Record<string, string | number> = {
    ...facts.content,
    ...facts.encryption,
    'accept-ranges': 'bytes',
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.modifiedAt).toUTCString(),
    ...versionHeader(bucket, version.versionId),
  }
  for (const [name, value] of Object.entries(facts.metadata ?? {})) headers[metadataPrefix + name] = value
  const tagCount = Object.keys(facts.tags ?? {}).length
  if (tagCount > 0) headers['x-amz-tagging-count'] = tagCount
  if (version.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = version.storageClass
  if (facts.retention !== undefined) {
    headers['x-amz-object-lock-mode'] = facts.retention.mode
    headers['x-amz-object-lock-retain-until-date'] = facts.retention.until
  }
  if (facts.legalHold !== undefined) headers['x-amz-object-lock-legal-hold'] = facts.legalHold ? 'ON' : 'OFF'
  if (facts.replica === true) headers['x-amz-replication-status'] = 'REPLICA'
  return headers
}

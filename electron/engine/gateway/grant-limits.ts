import { prefixText, type GatewayGrant } from '../../../shared/model/gateway-grant.ts'
import { rightText, type GatewayRight } from '../../../shared/model/gateway-rights.ts'
import { operationTable, type KnownOperation } from '../s3/operation-table.ts'
import type { S3Call } from './protocol/read-call.ts'
import { S3Error } from '../s3/s3-error.ts'

/** Where and until when a key may act, and what. */
type Limits = Pick<GatewayGrant, 'rights' | 'buckets' | 'prefixes' | 'expiresAt'>

/** The first part of a path under which servers keep what is no bucket: their own administration (MinIO, RustFS, Ceph). */
const reserved = new Set(['minio', 'rustfs', 'admin', 'swift', 'auth'])
const bucketShape = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/

/** Operations on a bucket whose query parameter `prefix` bounds the keys that they name. */
const listings: ReadonlySet<KnownOperation> = new Set([
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'ListMultipartUploads',
  'ListenNotification',
  'ListenServiceNotification',
])
/** Operations that name no key, neither in the request nor in its answer, and change nothing. */
const keyless: ReadonlySet<KnownOperation> = new Set([
  'ListBuckets',
  'HeadBucket',
  'GetBucketLocation',
  'GetBucketVersioning',
  'GetObjectLockConfiguration',
])

/** Clients that copy an object read its access list to set it again (s3cmd): this answer tells them that there are none to keep. */
const readsAcl: ReadonlySet<KnownOperation> = new Set(['GetBucketAcl', 'GetObjectAcl'])

const denied = (message: string): S3Error => new S3Error('AccessDenied', { message })

/** Whether the key's time is over: from that instant on it may do nothing. */
export const hasExpired = ({ expiresAt }: Pick<Limits, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && now >= expiresAt

/** Throws AccessDenied for what the key may not do, with what is missing. DeleteObjects is asked about object by object besides. */
export function checkLimits(limits: Limits, call: S3Call, now: number): void {
  checkExpiry(limits, now)
  const { operation, bucket, key, copySource, needs } = call
  if (bucket !== '') checkBucket(limits, bucket)
  else if (operation !== 'ListBuckets' && limits.buckets.length > 0) {
    throw denied(`This access key reaches some buckets only (${limits.buckets.join(', ')}): name one of them.`)
  }
  if (readsAcl.has(operation) && !limits.rights.includes('acl'))
    throw new S3Error('NotImplemented', { message: lacking('acl') })
  for (const right of needs) checkRight(limits, right)
  if (copySource !== null) {
    checkRight(limits, 'read')
    checkBucket(limits, copySource.bucket)
    checkKeyWithin(limits, copySource.key)
  }
  if (limits.prefixes.length === 0) return
  if (operationTable[operation].level === 'object') checkKeyWithin(limits, key)
  else if (listings.has(operation)) checkPrefixWithin(limits, call.query.get('prefix') ?? '')
  else if (!keyless.has(operation) && operation !== 'DeleteObjects') {
    throw denied(
      `This access key reaches ${prefixText(limits.prefixes)} only, and has nothing to do with the settings of a bucket.`,
    )
  }
}

/** Throws AccessDenied for an object of DeleteObjects that the key may not delete. */
export function checkDelete(limits: Limits, key: string, versionId: string | null): void {
  checkRight(limits, versionId === null ? 'delete' : 'deleteVersions')
  checkKeyWithin(limits, key)
}

function checkExpiry(limits: Limits, now: number): void {
  if (!hasExpired(limits, now)) return
  const at = new Date(limits.expiresAt!).toISOString()
  throw denied(`This access key expired at ${at}. Ask the operator of the gateway for a new one.`)
}

function checkRight({ rights }: Limits, right: GatewayRight): void {
  if (!rights.includes(right)) throw denied(lacking(right))
}

const lacking = (right: GatewayRight): string =>
  `This access key lacks the right to ${rightText[right]} (${right}). Ask the operator of the gateway for a key that has it.`

/** Throws for what is no bucket, whoever asks: the names under which servers keep their administration among it. */
export function checkBucketName(bucket: string): void {
  if (bucket === '' || reserved.has(bucket.toLowerCase())) throw new S3Error('AccessDenied')
  if (!bucketShape.test(bucket)) throw new S3Error('InvalidBucketName')
}

function checkBucket({ buckets }: Limits, bucket: string): void {
  checkBucketName(bucket)
  if (buckets.length > 0 && !buckets.includes(bucket)) throw denied('This access key has no right to this bucket.')
}

function checkKeyWithin(limits: Limits, key: string): void {
  if (!isWithin(limits, key)) throw denied(`This access key reaches ${prefixText(limits.prefixes)} only.`)
}

function checkPrefixWithin(limits: Limits, prefix: string): void {
  if (isWithin(limits, prefix)) return
  throw denied(`This access key lists ${prefixText(limits.prefixes)} only: give a prefix that begins so.`)
}

/** Sites that keep objects as files may take a dot segment for a way out of the prefix. */
function isWithin({ prefixes }: Limits, text: string): boolean {
  if (prefixes.length === 0) return true
  return prefixes.some((prefix) => text.startsWith(prefix)) && !/(?:^|[\\/])\.{1,2}(?:$|[\\/])/.test(text)
}

import { S3Error } from './protocol/s3-error.ts'
import type { S3Call, S3Operation } from './protocol/route.ts'
import { decodePercent } from './protocol/query.ts'
import { encodeUri } from './protocol/xml.ts'
import type { ClientKey } from './client-keys.ts'

const readOperations: ReadonlySet<S3Operation> = new Set([
  'GetBucketLocation',
  'GetBucketReplication',
  'GetBucketVersioning',
  'GetObject',
  'GetObjectAttributes',
  'GetObjectLegalHold',
  'GetObjectLockConfiguration',
  'GetObjectRetention',
  'GetObjectTagging',
  'HeadBucket',
  'HeadObject',
  'ListBuckets',
  'ListMultipartUploads',
  'ListenNotification',
  'ListObjectVersions',
  'ListObjects',
  'ListObjectsV2',
  'ListParts',
])

/** The first part of a path under which servers keep what is no bucket: their own administration (MinIO, RustFS, Ceph). */
const reserved = new Set(['minio', 'rustfs', 'admin', 'swift', 'auth'])
const bucketShape = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/

/** Says what a client key may do. The site itself sees only Lockstep's own key, so that what is not refused here is not refused at all. */
export class Gatekeeper {
  readonly #find: (accessKeyId: string) => ClientKey | undefined

  constructor(find: (accessKeyId: string) => ClientKey | undefined) {
    this.#find = find
  }

  secretOf(accessKeyId: string): string | undefined {
    return this.#find(accessKeyId)?.secretAccessKey
  }

  /** Throws AccessDenied. Returns the key, for what an answer must leave out. */
  admit(accessKeyId: string, call: S3Call, copySource: CopySource | null): ClientKey {
    const key = this.#find(accessKeyId)
    if (key === undefined) throw new S3Error('InvalidAccessKeyId')
    if (call.bucket === '') admitToService(key, call)
    else admitToBucket(key, call.bucket)
    if (copySource !== null) admitToBucket(key, copySource.bucket)
    if (!key.rights.includes('write') && !reads(call)) {
      throw new S3Error('AccessDenied', { message: 'This access key may only read.' })
    }
    return key
  }
}

function admitToService(key: ClientKey, { operation }: S3Call): void {
  if (operation === 'ListBuckets' || (operation === 'ListenNotification' && key.buckets.length === 0)) return
  // Sign-in services and administration live here on most servers: nothing for clients of objects.
  throw new S3Error('AccessDenied', { message: 'The gateway passes no such request on.' })
}

function admitToBucket(key: ClientKey, bucket: string): void {
  if (reserved.has(bucket.toLowerCase())) throw new S3Error('AccessDenied')
  if (!bucketShape.test(bucket)) throw new S3Error('InvalidBucketName')
  if (key.buckets.length > 0 && !key.buckets.includes(bucket)) {
    throw new S3Error('AccessDenied', { message: 'This access key has no right to this bucket.' })
  }
}

const reads = ({ operation, method }: S3Call): boolean =>
  operation === 'Unknown' ? method === 'GET' || method === 'HEAD' : readOperations.has(operation)

export interface CopySource {
  readonly bucket: string
  /** As the site gets it: written in one way only, so that nobody reads another bucket out of it than was admitted. */
  readonly header: string
}

/** Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=…]`, percent-encoded. */
export function parseCopySource(text: string): CopySource {
  const mark = text.lastIndexOf('?versionId=')
  const path = decodePercent((mark < 0 ? text : text.slice(0, mark)).replace(/^\//, ''))
  const slash = path.indexOf('/')
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', { message: 'x-amz-copy-source must name a bucket and a key.' })
  }
  const bucket = path.slice(0, slash)
  const key = encodeUri(path.slice(slash + 1)).replaceAll('%2F', '/')
  const version = mark < 0 ? '' : `?versionId=${encodeUri(decodePercent(text.slice(mark + '?versionId='.length)))}`
  return { bucket, header: `/${encodeUri(bucket)}/${key}${version}` }
}

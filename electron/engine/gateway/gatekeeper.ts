import type { S3Call } from './protocol/read-call.ts'
import { S3Error } from './protocol/s3-error.ts'
import type { ClientKey } from './client-keys.ts'

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
  admit(accessKeyId: string, { operation, bucket, copySource, needs }: S3Call): ClientKey {
    const key = this.#find(accessKeyId)
    if (key === undefined) throw new S3Error('InvalidAccessKeyId')
    if (bucket !== '') admitToBucket(key, bucket)
    else if (operation !== 'ListBuckets' && key.buckets.length > 0) throw new S3Error('AccessDenied')
    if (copySource !== null) admitToBucket(key, copySource.bucket)
    const { rights } = key
    const missing = needs.find((right) => !rights.includes(right))
    if (missing !== undefined)
      throw new S3Error('AccessDenied', { message: `This access key lacks the right ${missing}.` })
    if (operation === 'DeleteObjects' && !rights.includes('delete')) throw new S3Error('AccessDenied')
    return key
  }
}

function admitToBucket(key: ClientKey, bucket: string): void {
  if (reserved.has(bucket.toLowerCase())) throw new S3Error('AccessDenied')
  if (!bucketShape.test(bucket)) throw new S3Error('InvalidBucketName')
  if (key.buckets.length > 0 && !key.buckets.includes(bucket)) {
    throw new S3Error('AccessDenied', { message: 'This access key has no right to this bucket.' })
  }
}

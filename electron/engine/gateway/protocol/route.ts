import { decodePercent, parseQuery, type Query } from './query.ts'
import { S3Error } from './s3-error.ts'

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
/** A query name that selects the operation, and the operation. The first that the request carries wins. */
type Choice = readonly [subresource: string, operation: string]

const serviceOperations = {
  GET: [
    ['events', 'ListenNotification'],
    ['', 'ListBuckets'],
  ],
} as const satisfies Partial<Record<Method, readonly Choice[]>>

const bucketOperations = {
  GET: [
    ['events', 'ListenNotification'],
    ['versions', 'ListObjectVersions'],
    ['uploads', 'ListMultipartUploads'],
    ['versioning', 'GetBucketVersioning'],
    ['object-lock', 'GetObjectLockConfiguration'],
    ['location', 'GetBucketLocation'],
    ['replication', 'GetBucketReplication'],
    ['list-type', 'ListObjectsV2'],
    ['', 'ListObjects'],
  ],
  HEAD: [['', 'HeadBucket']],
  PUT: [
    ['versioning', 'PutBucketVersioning'],
    ['object-lock', 'PutObjectLockConfiguration'],
    ['', 'CreateBucket'],
  ],
  POST: [['delete', 'DeleteObjects']],
  DELETE: [['', 'DeleteBucket']],
} as const satisfies Record<Method, readonly Choice[]>

const objectOperations = {
  GET: [
    ['uploadId', 'ListParts'],
    ['tagging', 'GetObjectTagging'],
    ['retention', 'GetObjectRetention'],
    ['legal-hold', 'GetObjectLegalHold'],
    ['attributes', 'GetObjectAttributes'],
    ['', 'GetObject'],
  ],
  HEAD: [['', 'HeadObject']],
  PUT: [
    ['uploadId', 'UploadPart'],
    ['tagging', 'PutObjectTagging'],
    ['retention', 'PutObjectRetention'],
    ['legal-hold', 'PutObjectLegalHold'],
    ['', 'PutObject'],
  ],
  POST: [
    ['uploads', 'CreateMultipartUpload'],
    ['uploadId', 'CompleteMultipartUpload'],
  ],
  DELETE: [
    ['uploadId', 'AbortMultipartUpload'],
    ['tagging', 'DeleteObjectTagging'],
    ['', 'DeleteObject'],
  ],
} as const satisfies Record<Method, readonly Choice[]>

/** Sub-resources that S3 has and this list of operations has not: they must never be taken for the plain operation. */
const foreignSubresources = new Set(
  (
    'accelerate acl analytics cors encryption intelligent-tiering inventory lifecycle logging metrics notification ' +
    'ownershipControls policy policyStatus publicAccessBlock renameObject requestPayment restore select session ' +
    'torrent website'
  ).split(' '),
)

type Chosen<T> = T extends Partial<Record<Method, readonly (readonly [string, infer O])[]>> ? O : never

/** Every operation that a request can be routed to. `Unknown` is S3 that is not spoken here. */
export type S3Operation =
  | Chosen<typeof serviceOperations>
  | Chosen<typeof bucketOperations>
  | Chosen<typeof objectOperations>
  | 'CopyObject'
  | 'UploadPartCopy'
  | 'Unknown'

type Routed = readonly [subresource: string, operation: S3Operation]

/** What a request line and its headers ask for. */
export interface S3Call {
  readonly operation: S3Operation
  readonly method: string
  /** '' at the service level. */
  readonly bucket: string
  /** Decoded; '' at the service and bucket levels. */
  readonly key: string
  readonly query: Query
  /** As on the wire, for the signature. */
  readonly rawPath: string
  readonly rawQuery: string
}

export interface RouteOptions {
  /** Host names whose subdomains are buckets: with `s3.test`, `Host: b.s3.test` means bucket `b`. */
  readonly baseHosts: readonly string[]
}

type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Reads bucket, key and operation from the raw request target. The target is never normalised: `a/../b`, `//` and `%2F`
 * are parts of keys.
 */
export function route(method: string, target: string, headers: RequestHeaders, options: RouteOptions): S3Call {
  const mark = target.indexOf('?')
  const rawPath = mark < 0 ? target : target.slice(0, mark)
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1)
  const query = parseQuery(rawQuery)
  const { bucket, key } = resource(rawPath, bucketOfHost(headers['host'], options.baseHosts))
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
  const operation = chooseOperation(method, bucket, key, query, headers)
  return { operation, method, bucket, key, query, rawPath, rawQuery }
}

function bucketOfHost(host: string | readonly string[] | undefined, baseHosts: readonly string[]): string | null {
  if (typeof host !== 'string') return null
  const name = host.replace(/:\d+$/, '').toLowerCase()
  for (const base of baseHosts) {
    if (name.endsWith(`.${base}`)) return name.slice(0, -base.length - 1)
  }
  return null
}

function resource(rawPath: string, hostBucket: string | null): { readonly bucket: string; readonly key: string } {
  const path = rawPath.startsWith('/') ? rawPath.slice(1) : rawPath
  if (hostBucket !== null) return { bucket: hostBucket, key: decodePercent(path) }
  const slash = path.indexOf('/')
  if (slash < 0) return { bucket: decodePercent(path), key: '' }
  return { bucket: decodePercent(path.slice(0, slash)), key: decodePercent(path.slice(slash + 1)) }
}

function chooseOperation(
  method: string,
  bucket: string,
  key: string,
  query: Query,
  headers: RequestHeaders,
): S3Operation {
  const choices = choicesFor(method, bucket, key)
  const found = choices.find(([name]) => name === '' || query.has(name))
  if (found === undefined) return 'Unknown'
  const [subresource, operation] = found
  if (subresource === '' && query.pairs.some(([name]) => foreignSubresources.has(name))) return 'Unknown'
  const copies = headers['x-amz-copy-source'] !== undefined
  if (copies && operation === 'PutObject') return 'CopyObject'
  if (copies && operation === 'UploadPart') return 'UploadPartCopy'
  return operation
}

function choicesFor(method: string, bucket: string, key: string): readonly Routed[] {
  if (bucket === '') return method === 'GET' ? serviceOperations.GET : []
  const level: Readonly<Record<string, readonly Routed[]>> = key === '' ? bucketOperations : objectOperations
  return level[method] ?? []
}

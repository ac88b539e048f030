import type { GatewayRight } from '../../../shared/model/gateway-rights.ts'
import * as names from './header-names.ts'

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
export type Level = 'service' | 'bucket' | 'object'

/** What S3 says of one operation. Names are separated by spaces. */
export interface OperationRow {
  readonly method: Method
  readonly level: Level
  /** The query name that selects it; null for the plain operation of its method and level. */
  readonly selector: string | null
  /** Selected by `x-amz-copy-source`, in the place of the operation without it. */
  readonly copies: boolean
  /** The rights that it needs, whatever it carries. What it carries may add to them. */
  readonly needs: readonly GatewayRight[]
  /** Query names that it may carry besides its selector. */
  readonly query: string
  /** Query names without which it means nothing. */
  readonly requires: string
  /** Headers with a meaning here; `x-amz-meta-*` stands for every name that begins so. */
  readonly headers: string
  /** The longest body that it may have; null leaves that to the site. */
  readonly bodyBytes: number | null
}

type Details = Partial<Omit<OperationRow, 'method' | 'level' | 'selector' | 'needs'>>

const row =
  (level: Level) =>
  (method: Method, selector: string | null, needs: readonly GatewayRight[], details: Details = {}): OperationRow => ({
    copies: false,
    query: '',
    requires: '',
    headers: '',
    bodyBytes: 0,
    level,
    method,
    selector,
    needs,
    ...details,
  })
const service = row('service')
const bucket = row('bucket')
const object = row('object')

const kib = 1024
/** A document that the gateway does not read itself. S3 has no longer ones of its kind. */
const document = (bodyBytes: number, more: Details = {}): Details => ({
  ...more,
  bodyBytes,
  headers: `${names.document} ${more.headers ?? ''}`,
})

const listing = 'delimiter encoding-type max-keys prefix'
const events = { query: 'ping prefix suffix' }
const read: readonly GatewayRight[] = ['read']
const write: readonly GatewayRight[] = ['write']
const settings: readonly GatewayRight[] = ['bucketSettings']
const ofVersion = { query: 'versionId' }
const getObject: Details = {
  query:
    'partNumber response-cache-control response-content-disposition response-content-encoding ' +
    'response-content-language response-content-type response-expires versionId',
  headers: `${names.conditions} if-range range x-amz-checksum-mode ${names.customerKey}`,
}
const newObject = `${names.content} ${names.encryption} ${names.customerKey} ${names.acl} ${names.locks} x-amz-tagging`
const copySource = `${names.copySource} ${names.copySourceKey}`

/**
 * Every S3 operation that the gateway knows: the one list. What is not here is refused. Left out on purpose is what would make
 * the site act on other buckets with Lockstep's rights (replication, logging, inventory, restore to elsewhere) and what belongs
 * to the site's operator (notification, acceleration, payment).
 */
export const operationTable = {
  ListenServiceNotification: service('GET', 'events', read, events),
  ListBuckets: service('GET', null, read, { query: 'continuation-token max-buckets prefix' }),

  ListenNotification: bucket('GET', 'events', read, events),
  ListObjectVersions: bucket('GET', 'versions', read, {
    query: `${listing} key-marker version-id-marker`,
    headers: 'x-amz-optional-object-attributes',
  }),
  ListMultipartUploads: bucket('GET', 'uploads', read, {
    query: 'delimiter encoding-type key-marker max-uploads prefix upload-id-marker',
  }),
  ListObjectsV2: bucket('GET', 'list-type', read, {
    query: `${listing} continuation-token fetch-owner start-after`,
    headers: 'x-amz-optional-object-attributes',
  }),
  ListObjects: bucket('GET', null, read, {
    query: `${listing} marker`,
    headers: 'x-amz-optional-object-attributes',
  }),
  GetBucketLocation: bucket('GET', 'location', read),
  GetBucketVersioning: bucket('GET', 'versioning', read),
  GetObjectLockConfiguration: bucket('GET', 'object-lock', read),
  GetBucketTagging: bucket('GET', 'tagging', read),
  GetBucketAcl: bucket('GET', 'acl', ['acl']),
  GetBucketCors: bucket('GET', 'cors', settings),
  GetBucketEncryption: bucket('GET', 'encryption', settings),
  GetBucketLifecycleConfiguration: bucket('GET', 'lifecycle', settings),
  GetBucketOwnershipControls: bucket('GET', 'ownershipControls', settings),
  GetBucketPolicy: bucket('GET', 'policy', settings),
  GetBucketPolicyStatus: bucket('GET', 'policyStatus', settings),
  GetBucketReplication: bucket('GET', 'replication', settings),
  GetBucketWebsite: bucket('GET', 'website', settings),
  GetPublicAccessBlock: bucket('GET', 'publicAccessBlock', settings),
  HeadBucket: bucket('HEAD', null, read),
  CreateBucket: bucket(
    'PUT',
    null,
    settings,
    document(64 * kib, { headers: `${names.acl} x-amz-bucket-object-lock-enabled x-amz-object-ownership` }),
  ),
  PutBucketVersioning: bucket('PUT', 'versioning', settings, document(64 * kib, { headers: 'x-amz-mfa' })),
  PutObjectLockConfiguration: bucket(
    'PUT',
    'object-lock',
    settings,
    document(64 * kib, { headers: 'x-amz-bucket-object-lock-token' }),
  ),
  PutBucketTagging: bucket('PUT', 'tagging', settings, document(64 * kib)),
  PutBucketAcl: bucket('PUT', 'acl', ['acl'], document(128 * kib, { headers: names.acl })),
  PutBucketCors: bucket('PUT', 'cors', settings, document(128 * kib)),
  PutBucketEncryption: bucket('PUT', 'encryption', settings, document(64 * kib)),
  PutBucketLifecycleConfiguration: bucket(
    'PUT',
    'lifecycle',
    settings,
    document(2048 * kib, { headers: 'x-amz-transition-default-minimum-object-size' }),
  ),
  PutBucketOwnershipControls: bucket('PUT', 'ownershipControls', settings, document(64 * kib)),
  PutBucketPolicy: bucket(
    'PUT',
    'policy',
    settings,
    document(64 * kib, { headers: 'x-amz-confirm-remove-self-bucket-access' }),
  ),
  PutBucketWebsite: bucket('PUT', 'website', settings, document(256 * kib)),
  PutPublicAccessBlock: bucket('PUT', 'publicAccessBlock', settings, document(64 * kib)),
  DeleteObjects: bucket(
    'POST',
    'delete',
    // Whether it deletes or deletes for good its document says, object by object.
    [],
    document(4096 * kib, { headers: 'x-amz-bypass-governance-retention x-amz-mfa' }),
  ),
  DeleteBucket: bucket('DELETE', null, settings),
  DeleteBucketCors: bucket('DELETE', 'cors', settings),
  DeleteBucketEncryption: bucket('DELETE', 'encryption', settings),
  DeleteBucketLifecycle: bucket('DELETE', 'lifecycle', settings),
  DeleteBucketOwnershipControls: bucket('DELETE', 'ownershipControls', settings),
  DeleteBucketPolicy: bucket('DELETE', 'policy', settings),
  DeleteBucketTagging: bucket('DELETE', 'tagging', settings),
  DeleteBucketWebsite: bucket('DELETE', 'website', settings),
  DeletePublicAccessBlock: bucket('DELETE', 'publicAccessBlock', settings),

  GetObject: object('GET', null, read, getObject),
  HeadObject: object('HEAD', null, read, getObject),
  ListParts: object('GET', 'uploadId', read, {
    query: 'encoding-type max-parts part-number-marker',
    headers: names.customerKey,
  }),
  GetObjectTagging: object('GET', 'tagging', read, ofVersion),
  GetObjectRetention: object('GET', 'retention', read, ofVersion),
  GetObjectLegalHold: object('GET', 'legal-hold', read, ofVersion),
  GetObjectAttributes: object('GET', 'attributes', read, {
    ...ofVersion,
    headers: `${names.customerKey} x-amz-max-parts x-amz-object-attributes x-amz-part-number-marker`,
  }),
  GetObjectAcl: object('GET', 'acl', ['acl'], ofVersion),
  SelectObjectContent: object(
    'POST',
    'select',
    read,
    document(512 * kib, { query: 'select-type', headers: names.customerKey }),
  ),
  PutObject: object('PUT', null, write, {
    headers: `${newObject} ${names.conditions} ${names.checksums}`,
    bodyBytes: null,
  }),
  CopyObject: object('PUT', null, write, {
    copies: true,
    headers: `${newObject} ${names.conditions} ${copySource} x-amz-checksum-algorithm x-amz-metadata-directive x-amz-tagging-directive`,
  }),
  CreateMultipartUpload: object('POST', 'uploads', write, {
    headers: `${newObject} x-amz-checksum-algorithm x-amz-checksum-type`,
  }),
  UploadPart: object('PUT', 'uploadId', write, {
    requires: 'partNumber',
    headers: `content-md5 ${names.checksums} ${names.customerKey}`,
    bodyBytes: null,
  }),
  UploadPartCopy: object('PUT', 'uploadId', write, {
    copies: true,
    requires: 'partNumber',
    headers: `${copySource} ${names.customerKey} x-amz-copy-source-range`,
  }),
  CompleteMultipartUpload: object(
    'POST',
    'uploadId',
    write,
    // 10,000 parts, each with its ETag and a checksum.
    document(5120 * kib, {
      headers: `if-match if-none-match ${names.customerKey} x-amz-checksum-type x-amz-mp-object-size`,
    }),
  ),
  AbortMultipartUpload: object('DELETE', 'uploadId', write),
  PutObjectTagging: object('PUT', 'tagging', ['tags'], document(64 * kib, ofVersion)),
  DeleteObjectTagging: object('DELETE', 'tagging', ['tags'], ofVersion),
  PutObjectRetention: object(
    'PUT',
    'retention',
    ['retention'],
    document(16 * kib, { ...ofVersion, headers: 'x-amz-bypass-governance-retention' }),
  ),
  PutObjectLegalHold: object('PUT', 'legal-hold', ['retention'], document(16 * kib, ofVersion)),
  PutObjectAcl: object('PUT', 'acl', ['acl'], document(128 * kib, { ...ofVersion, headers: names.acl })),
  DeleteObject: object('DELETE', null, ['delete'], {
    ...ofVersion,
    headers: 'if-match x-amz-bypass-governance-retention x-amz-mfa',
  }),
} as const satisfies Readonly<Record<string, OperationRow>>

export type KnownOperation = keyof typeof operationTable

/** Every operation that a request can be read as. `Unknown` is what is not on the list. */
export type S3Operation = KnownOperation | 'Unknown'

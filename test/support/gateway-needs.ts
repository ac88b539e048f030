import type { GatewayRight } from '../../shared/model/gateway-rights.ts'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'

/** A request in bucket `free`, and what a key must have for it: written down by hand, from what each does to the bucket. */
export interface NeedCase {
  /** The operation as the gateway calls it. */
  readonly operation: string
  readonly method: string
  /** '' asks of the bucket, null of the service. */
  readonly key: string | null
  /** Encoded. */
  readonly query: string
  readonly headers: readonly HeaderPair[]
  readonly body: string
  readonly needs: readonly GatewayRight[]
}

const the =
  (key: string | null) =>
  (
    operation: string,
    method: string,
    query: string,
    needs: readonly GatewayRight[],
    more: { readonly headers?: readonly HeaderPair[]; readonly body?: string } = {},
  ): NeedCase => ({ operation, method, key, query, headers: more.headers ?? [], body: more.body ?? '', needs })

const service = the(null)
const bucket = the('')
const object = the('in/k')

const copyOf = (key: string): { readonly headers: readonly HeaderPair[] } => ({
  headers: [['x-amz-copy-source', `/free/${key}`]],
})
const header = (name: string, value: string): { readonly headers: readonly HeaderPair[] } => ({
  headers: [[name, value]],
})
const deletes = (...objects: readonly string[]): { readonly body: string } => ({
  body: `<Delete>${objects.map((one) => `<Object>${one}</Object>`).join('')}</Delete>`,
})
const bypass: HeaderPair = ['x-amz-bypass-governance-retention', 'true']
const until = '2099-01-01T00:00:00Z'

/** One request of each operation that the gateway knows. */
export const plainNeeds: readonly NeedCase[] = [
  service('ListBuckets', 'GET', '', ['read']),
  service('ListenServiceNotification', 'GET', 'events=s3%3AObjectCreated%3A%2A&ping=1', ['read']),
  bucket('ListenNotification', 'GET', 'events=s3%3AObjectCreated%3A%2A&ping=1', ['read']),
  bucket('ListObjects', 'GET', '', ['read']),
  bucket('ListObjectsV2', 'GET', 'list-type=2', ['read']),
  bucket('ListObjectVersions', 'GET', 'versions=', ['read']),
  bucket('ListMultipartUploads', 'GET', 'uploads=', ['read']),
  bucket('HeadBucket', 'HEAD', '', ['read']),
  bucket('GetBucketLocation', 'GET', 'location=', ['read']),
  bucket('GetBucketVersioning', 'GET', 'versioning=', ['read']),
  bucket('GetObjectLockConfiguration', 'GET', 'object-lock=', ['read']),
  bucket('GetBucketTagging', 'GET', 'tagging=', ['read']),
  bucket('GetBucketAcl', 'GET', 'acl=', ['acl']),
  bucket('GetBucketCors', 'GET', 'cors=', ['bucketSettings']),
  bucket('GetBucketEncryption', 'GET', 'encryption=', ['bucketSettings']),
  bucket('GetBucketLifecycleConfiguration', 'GET', 'lifecycle=', ['bucketSettings']),
  bucket('GetBucketOwnershipControls', 'GET', 'ownershipControls=', ['bucketSettings']),
  bucket('GetBucketPolicy', 'GET', 'policy=', ['bucketSettings']),
  bucket('GetBucketPolicyStatus', 'GET', 'policyStatus=', ['bucketSettings']),
  bucket('GetBucketReplication', 'GET', 'replication=', ['bucketSettings']),
  bucket('GetBucketWebsite', 'GET', 'website=', ['bucketSettings']),
  bucket('GetPublicAccessBlock', 'GET', 'publicAccessBlock=', ['bucketSettings']),
  bucket('CreateBucket', 'PUT', '', ['bucketSettings']),
  bucket('PutBucketVersioning', 'PUT', 'versioning=', ['bucketSettings'], {
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  }),
  bucket('PutObjectLockConfiguration', 'PUT', 'object-lock=', ['bucketSettings']),
  bucket('PutBucketTagging', 'PUT', 'tagging=', ['bucketSettings']),
  bucket('PutBucketAcl', 'PUT', 'acl=', ['acl']),
  bucket('PutBucketCors', 'PUT', 'cors=', ['bucketSettings']),
  bucket('PutBucketEncryption', 'PUT', 'encryption=', ['bucketSettings']),
  bucket('PutBucketLifecycleConfiguration', 'PUT', 'lifecycle=', ['bucketSettings']),
  bucket('PutBucketOwnershipControls', 'PUT', 'ownershipControls=', ['bucketSettings']),
  bucket('PutBucketPolicy', 'PUT', 'policy=', ['bucketSettings']),
  bucket('PutBucketWebsite', 'PUT', 'website=', ['bucketSettings']),
  bucket('PutPublicAccessBlock', 'PUT', 'publicAccessBlock=', ['bucketSettings']),
  bucket('DeleteBucketCors', 'DELETE', 'cors=', ['bucketSettings']),
  bucket('DeleteBucketEncryption', 'DELETE', 'encryption=', ['bucketSettings']),
  bucket('DeleteBucketLifecycle', 'DELETE', 'lifecycle=', ['bucketSettings']),
  bucket('DeleteBucketOwnershipControls', 'DELETE', 'ownershipControls=', ['bucketSettings']),
  bucket('DeleteBucketPolicy', 'DELETE', 'policy=', ['bucketSettings']),
  bucket('DeleteBucketTagging', 'DELETE', 'tagging=', ['bucketSettings']),
  bucket('DeleteBucketWebsite', 'DELETE', 'website=', ['bucketSettings']),
  bucket('DeletePublicAccessBlock', 'DELETE', 'publicAccessBlock=', ['bucketSettings']),
  bucket('DeleteObjects', 'POST', 'delete=', ['delete'], deletes('<Key>in/gone</Key>')),
  object('GetObject', 'GET', '', ['read']),
  object('HeadObject', 'HEAD', '', ['read']),
  object('ListParts', 'GET', 'uploadId=1', ['read']),
  object('GetObjectTagging', 'GET', 'tagging=', ['read']),
  object('GetObjectRetention', 'GET', 'retention=', ['read']),
  object('GetObjectLegalHold', 'GET', 'legal-hold=', ['read']),
  object('GetObjectAttributes', 'GET', 'attributes=', ['read'], header('x-amz-object-attributes', 'ETag')),
  object('GetObjectAcl', 'GET', 'acl=', ['acl']),
  object('SelectObjectContent', 'POST', 'select=&select-type=2', ['read']),
  object('PutObject', 'PUT', '', ['write']),
  object('CopyObject', 'PUT', '', ['write', 'read'], copyOf('in/source')),
  object('CreateMultipartUpload', 'POST', 'uploads=', ['write']),
  object('UploadPart', 'PUT', 'uploadId=1&partNumber=1', ['write']),
  object('UploadPartCopy', 'PUT', 'uploadId=1&partNumber=1', ['write', 'read'], copyOf('in/source')),
  object('CompleteMultipartUpload', 'POST', 'uploadId=1', ['write'], { body: '<CompleteMultipartUpload/>' }),
  object('AbortMultipartUpload', 'DELETE', 'uploadId=1', ['write']),
  object('PutObjectTagging', 'PUT', 'tagging=', ['tags']),
  object('DeleteObjectTagging', 'DELETE', 'tagging=', ['tags']),
  object('PutObjectRetention', 'PUT', 'retention=', ['retention']),
  object('PutObjectLegalHold', 'PUT', 'legal-hold=', ['retention']),
  object('PutObjectAcl', 'PUT', 'acl=', ['acl']),
  object('DeleteObject', 'DELETE', '', ['delete']),
  bucket('DeleteBucket', 'DELETE', '', ['bucketSettings']),
]

/** What a request carries may need more, or something else. */
export const carriedNeeds: readonly NeedCase[] = [
  object('DeleteObject', 'DELETE', 'versionId=null', ['deleteVersions']),
  object('DeleteObject', 'DELETE', 'versionId=null', ['deleteVersions', 'bypassGovernance'], { headers: [bypass] }),
  object('PutObjectRetention', 'PUT', 'retention=', ['retention', 'bypassGovernance'], { headers: [bypass] }),
  object('PutObject', 'PUT', '', ['write', 'tags'], header('x-amz-tagging', 'a=b')),
  object('PutObject', 'PUT', '', ['write', 'acl'], header('x-amz-acl', 'public-read')),
  object('PutObject', 'PUT', '', ['write', 'acl'], header('x-amz-grant-read', 'id=1')),
  object('PutObject', 'PUT', '', ['write'], header('x-amz-acl', 'private')),
  object('PutObject', 'PUT', '', ['write', 'retention'], header('x-amz-object-lock-legal-hold', 'ON')),
  object('PutObject', 'PUT', '', ['write', 'retention'], {
    headers: [
      ['x-amz-object-lock-mode', 'GOVERNANCE'],
      ['x-amz-object-lock-retain-until-date', until],
    ],
  }),
  object('CreateMultipartUpload', 'POST', 'uploads=', ['write', 'tags'], header('x-amz-tagging', 'a=b')),
  object('CreateMultipartUpload', 'POST', 'uploads=', ['write', 'acl'], header('x-amz-acl', 'public-read')),
  object('CopyObject', 'PUT', '', ['write', 'read', 'tags'], {
    headers: [
      ['x-amz-copy-source', '/free/in/source'],
      ['x-amz-tagging-directive', 'REPLACE'],
      ['x-amz-tagging', 'a=b'],
    ],
  }),
  object('CopyObject', 'PUT', '', ['write', 'read', 'acl'], {
    headers: [
      ['x-amz-copy-source', '/free/in/source'],
      ['x-amz-acl', 'public-read'],
    ],
  }),
  bucket('CreateBucket', 'PUT', '', ['bucketSettings', 'acl'], header('x-amz-acl', 'public-read')),
  bucket(
    'DeleteObjects',
    'POST',
    'delete=',
    ['deleteVersions'],
    deletes('<Key>in/gone</Key><VersionId>null</VersionId>'),
  ),
  bucket('DeleteObjects', 'POST', 'delete=', ['delete', 'bypassGovernance'], {
    ...deletes('<Key>in/gone</Key>'),
    headers: [bypass],
  }),
]

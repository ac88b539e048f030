import type { Right } from './clients.ts'

/** One operation of S3, as its API reference tells it. */
export interface S3Entry {
  readonly operation: string
  readonly method: string
  readonly level: 'service' | 'bucket' | 'object'
  /** Query names that choose it; none for the plain one. */
  readonly selectors: readonly string[]
  /** Query names that it may carry besides. */
  readonly may: readonly string[]
  /** null: no client has a right to it. */
  readonly right: Right | null
}

const listing = 'delimiter encoding-type max-keys prefix'
const response =
  'response-cache-control response-content-disposition response-content-encoding response-content-language response-content-type response-expires'

// METHOD level selectors operation right : parameters. Settings that hold names of others count as the setting's right.
const table = `
GET service - ListBuckets read : prefix max-buckets continuation-token bucket-region
GET bucket - ListObjects read : ${listing} marker
GET bucket list-type ListObjectsV2 read : ${listing} continuation-token fetch-owner start-after
GET bucket versions ListObjectVersions read : ${listing} key-marker version-id-marker
GET bucket uploads ListMultipartUploads read : delimiter encoding-type max-uploads prefix key-marker upload-id-marker
GET bucket location GetBucketLocation read :
GET bucket versioning GetBucketVersioning read :
GET bucket object-lock GetObjectLockConfiguration read :
GET bucket events ListenNotification read : prefix suffix ping
HEAD bucket - HeadBucket read :
PUT bucket - CreateBucket bucketSettings :
DELETE bucket - DeleteBucket bucketSettings :
PUT bucket versioning PutBucketVersioning bucketSettings :
PUT bucket object-lock PutObjectLockConfiguration bucketSettings :
GET bucket acl GetBucketAcl acl :
PUT bucket acl PutBucketAcl acl :
POST bucket delete DeleteObjects delete :
GET object - GetObject read : partNumber versionId ${response}
HEAD object - HeadObject read : partNumber versionId ${response}
GET object uploadId ListParts read : max-parts part-number-marker
GET object tagging GetObjectTagging read : versionId
GET object retention GetObjectRetention read : versionId
GET object legal-hold GetObjectLegalHold read : versionId
GET object attributes GetObjectAttributes read : versionId
GET object acl GetObjectAcl acl : versionId
PUT object - PutObject write :
PUT object uploadId+partNumber UploadPart write :
PUT object tagging PutObjectTagging tags : versionId
PUT object retention PutObjectRetention retention : versionId
PUT object legal-hold PutObjectLegalHold retention : versionId
PUT object acl PutObjectAcl acl : versionId
POST object select+select-type SelectObjectContent read :
POST object uploads CreateMultipartUpload write :
POST object uploadId CompleteMultipartUpload write :
DELETE object - DeleteObject delete : versionId
DELETE object tagging DeleteObjectTagging tags : versionId
DELETE object uploadId AbortMultipartUpload write :
`

/** Settings of buckets that S3 knows: reading or writing one needs the right to them. */
export const settings = (
  'accelerate analytics cors encryption intelligent-tiering inventory lifecycle logging metadataTable metrics ' +
  'notification ownershipControls policy policyStatus publicAccessBlock replication requestPayment tagging website'
).split(' ')

/** Names that choose an operation, at S3 or at one of the servers: nothing that stands beside another may be passed over. */
export const chooses: ReadonlySet<string> = new Set([
  ...settings,
  ...'acl attributes delete events legal-hold list-type location object-lock renameObject restore retention'.split(' '),
  ...'select select-type session tagging torrent uploadId uploads versioning versions partNumber'.split(' '),
])

/** Words of the servers' own, which no client may use. */
export const serverText = (
  'format usage stats append position rgwx-version-id rgwx-versioned-epoch rgwx-mtime rgwx-uid rgwx-bucket-instance ' +
  'rgwx-prepend-metadata rgwx-no-precondition-error rgwx-source-zone rgwx-zonegroup rgwx-stat uid key access-key ' +
  'Action allow-unordered objs-container mdsearch replication-metrics replication-reset replication-check ' +
  'minio-source-version-id x-minio-extract force X-Minio-Force-Delete lambdaArn hot-bucket cmd drive proxy type'
).split(' ')

export const s3Entries: readonly S3Entry[] = [
  ...table
    .trim()
    .split('\n')
    .map((line): S3Entry => {
      const [first = '', names = ''] = line.split(' :')
      const [method = '', level = '', selectors = '', operation = '', right = ''] = first.split(' ')
      return {
        operation,
        method,
        level: levelOf(level),
        selectors: selectors === '-' ? [] : selectors.split('+'),
        may: names.trim() === '' ? [] : names.trim().split(' '),
        right: rightOf(right),
      }
    }),
  ...settings.flatMap((name) =>
    ['GET', 'PUT', 'DELETE'].map((method): S3Entry => ({
      operation: `${method} ?${name}`,
      method,
      level: 'bucket',
      selectors: [name],
      may: ['id'],
      right: 'bucketSettings',
    })),
  ),
]

function levelOf(text: string): S3Entry['level'] {
  if (text === 'service' || text === 'bucket' || text === 'object') return text
  throw new Error(`no level: ${text}`)
}

function rightOf(text: string): Right | null {
  const rights: readonly Right[] = [
    'read',
    'write',
    'delete',
    'deleteVersions',
    'tags',
    'retention',
    'bypassGovernance',
    'acl',
    'bucketSettings',
  ]
  return rights.find((right) => right === text) ?? null
}

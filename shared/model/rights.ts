/** Operations whose right, in the words of access policies, is not simply their own name. */
const rights: Readonly<Record<string, string>> = {
  HeadObject: 's3:GetObject',
  HeadBucket: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  ListBuckets: 's3:ListAllMyBuckets',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  CopyObject: 's3:PutObject',
  DeleteObjects: 's3:DeleteObject',
  GetObjectLockConfiguration: 's3:GetBucketObjectLockConfiguration',
  GetBucketReplication: 's3:GetReplicationConfiguration',
  GetBucketNotificationConfiguration: 's3:GetBucketNotification',
  PutBucketNotificationConfiguration: 's3:PutBucketNotification',
  ListenNotification: 's3:ListenBucketNotification',
}

interface RefusedRight {
  /** The S3 operation, such as `PutObject`. */
  readonly operation: string
  readonly bucket?: string | undefined
  readonly siteId?: string | undefined
}

/** The right that an access policy must grant for an operation; null where the name is none of S3's. */
function rightFor(operation: string): string | null {
  if (rights[operation] !== undefined) return rights[operation]
  return /^(?:Get|Put|Delete|List|Create|Abort)[A-Z]\w+$/.test(operation) ? `s3:${operation}` : null
}

/** What to do about a refused operation: which right to grant, on what, and to whose key. */
export function grantRemedy({ operation, bucket, siteId }: RefusedRight): string {
  const right = rightFor(operation)
  const what = right === null ? `for ${operation}` : right
  const where = bucket === undefined ? '' : ` on the bucket ${bucket}`
  const whom = siteId === undefined ? 'to this access key' : `at the site ${siteId}, to the access key used there`
  return `Grant the missing right ${what}${where} ${whom}, then retry.`
}

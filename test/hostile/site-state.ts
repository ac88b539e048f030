import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'

/** What lies at the site, asked without the gateway: lines that are the same as long as nothing changed. */
export interface SiteState {
  readonly buckets: readonly string[]
  /** Settings of every bucket. */
  readonly settings: readonly string[]
  /** Versions, by bucket. */
  readonly versions: ReadonlyMap<string, readonly string[]>
}

const settings: Readonly<Record<string, (s3: S3Client, Bucket: string) => Promise<object>>> = {
  acl: (s3, Bucket) => s3.send(new GetBucketAclCommand({ Bucket })),
  cors: (s3, Bucket) => s3.send(new GetBucketCorsCommand({ Bucket })),
  encryption: (s3, Bucket) => s3.send(new GetBucketEncryptionCommand({ Bucket })),
  lifecycle: (s3, Bucket) => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  notification: (s3, Bucket) => s3.send(new GetBucketNotificationConfigurationCommand({ Bucket })),
  policy: (s3, Bucket) => s3.send(new GetBucketPolicyCommand({ Bucket })),
  tagging: (s3, Bucket) => s3.send(new GetBucketTaggingCommand({ Bucket })),
  versioning: (s3, Bucket) => s3.send(new GetBucketVersioningCommand({ Bucket })),
  website: (s3, Bucket) => s3.send(new GetBucketWebsiteCommand({ Bucket })),
}

export async function stateOf(s3: S3Client): Promise<SiteState> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  const buckets = Buckets.flatMap(({ Name }) => Name ?? [])
  const lines: string[] = []
  const versions = new Map<string, readonly string[]>()
  for (const bucket of buckets) {
    for (const [name, ask] of Object.entries(settings)) lines.push(`${bucket} ${name} ${await told(ask(s3, bucket))}`)
    versions.set(bucket, await versionsOf(s3, bucket))
  }
  return { buckets, settings: lines, versions }
}

async function told(asked: Promise<object>): Promise<string> {
  try {
    return JSON.stringify({ ...(await asked), $metadata: undefined })
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown'
  }
}

async function versionsOf(s3: S3Client, Bucket: string): Promise<readonly string[]> {
  const lines: string[] = []
  const mark: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, ...mark }))
    for (const { Key, VersionId, ETag } of page.Versions ?? []) lines.push(`${Key} ${VersionId} ${ETag}`)
    for (const { Key, VersionId } of page.DeleteMarkers ?? []) lines.push(`${Key} ${VersionId} marker`)
    if (page.IsTruncated !== true) break
    mark.KeyMarker = page.NextKeyMarker
    mark.VersionIdMarker = page.NextVersionIdMarker
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
  return [...lines, ...Uploads.map(({ Key }) => `${Key} upload`)].toSorted()
}

/** Head and body of every current object of a bucket, for a search. */
export async function contentsOf(s3: S3Client, state: SiteState, bucket: string): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>()
  for (const line of state.versions.get(bucket) ?? []) {
    const [, key, version] = /^(.*) (\S+) "\S+"$/s.exec(line) ?? []
    if (key === undefined || version === undefined) continue
    const found = await s3
      .send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }))
      // Some names that a site takes it does not give again in its lists.
      .catch((error: unknown) =>
        error instanceof Error && error.name.startsWith('NoSuch') ? null : Promise.reject(error),
      )
    if (found === null) continue
    all.set(
      `${key} ${version}`,
      `${JSON.stringify(found.Metadata)}\n${(await found.Body?.transformToString('latin1')) ?? ''}`,
    )
  }
  return all
}

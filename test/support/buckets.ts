import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3'

/** A bucket ready for replication. Object lock can be had only at creation, and brings versioning along. */
export async function makeBucket(
  client: S3Client,
  bucket: string,
  options: { readonly lock?: boolean; readonly versioning?: 'Enabled' | 'none' } = {},
): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.lock === true }))
  if (options.lock !== true && options.versioning !== 'none') await setVersioning(client, bucket, 'Enabled')
}

export async function setVersioning(client: S3Client, bucket: string, status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: status } }))
}

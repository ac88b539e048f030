import { randomBytes } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  type CreateMultipartUploadCommandInput,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { versionsByKey, type Bucket, type ListedVersion } from '../compare/list-versions.ts'

/** Deletes a key (a marker's id comes back), or exactly one version of it. */
export async function remove(client: S3Client, key: string, versionId?: string, bucket = 'data'): Promise<string> {
  const deleted = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
  return deleted.VersionId ?? 'null'
}

/** Versions of one key, newest first. */
export async function versionsOf(from: Bucket, key: string): Promise<readonly ListedVersion[]> {
  for await (const found of versionsByKey(from, key)) if (found.key === key) return found.versions
  return []
}

export function head(
  client: S3Client,
  key: string,
  versionId?: string,
  bucket = 'data',
): Promise<HeadObjectCommandOutput> {
  return client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
}

export async function putTags(
  client: S3Client,
  key: string,
  tags: Readonly<Record<string, string>>,
  versionId?: string,
): Promise<void> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  await client.send(
    new PutObjectTaggingCommand({ Bucket: 'data', Key: key, VersionId: versionId, Tagging: { TagSet } }),
  )
}

export async function tagsOf(client: S3Client, key: string): Promise<Record<string, string>> {
  const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: 'data', Key: key }))
  return Object.fromEntries(TagSet.map((tag) => [tag.Key!, tag.Value!]))
}

/** Writes an object of `data` in parts of random bytes. */
export async function putParts(
  client: S3Client,
  key: string,
  sizes: readonly number[],
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<void> {
  const at = { Bucket: 'data', Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...more }))
  const Parts = []
  for (const [index, sizeBytes] of sizes.entries()) {
    const part = { ...at, UploadId, PartNumber: index + 1, Body: randomBytes(sizeBytes) }
    const { ETag } = await client.send(new UploadPartCommand(part))
    Parts.push({ PartNumber: index + 1, ETag })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
}

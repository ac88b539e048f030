import { createHash } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'

/** A key of 32 bytes; the same for the same words. */
export const customerKey = (words: string): Buffer => createHash('sha256').update(words).digest()

/** What a client sends along of its key (SSE-C). */
export const under = (key: Buffer) => ({
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
})

/** Uploads in parts under a key. */
export async function uploadUnder(
  s3: S3Client,
  ref: { readonly Bucket: string; readonly Key: string },
  key: Buffer,
  bodies: readonly Uint8Array[],
): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...ref, ...under(key) }))
  const Parts = []
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1
    const { ETag } = await s3.send(new UploadPartCommand({ ...ref, UploadId, PartNumber, Body, ...under(key) }))
    Parts.push({ PartNumber, ETag })
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...ref, UploadId, MultipartUpload: { Parts }, ...under(key) }))
}

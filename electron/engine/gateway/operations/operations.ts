import type { S3Operation } from '../protocol/route.ts'
import type { Operation } from '../exchange.ts'
import { deleteObject } from './delete-object.ts'
import { deleteObjects } from './delete-objects.ts'
import { listBuckets } from './list-buckets.ts'
import { changeMetadata } from './metadata.ts'
import { passThrough } from './pass-through.ts'
import { completeMultipartUpload, copyObject, putObject, uploadPartCopy } from './put-object.ts'
import { readObject } from './read-object.ts'

/** What each operation does: those that change or read objects are understood, the rest is passed on. */
export const operations: Readonly<Record<S3Operation, Operation>> = {
  PutObject: putObject,
  CopyObject: copyObject,
  CompleteMultipartUpload: completeMultipartUpload,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  PutObjectTagging: changeMetadata,
  DeleteObjectTagging: changeMetadata,
  PutObjectRetention: changeMetadata,
  PutObjectLegalHold: changeMetadata,
  GetObject: readObject,
  HeadObject: readObject,
  ListBuckets: listBuckets,
  UploadPartCopy: uploadPartCopy,
  AbortMultipartUpload: passThrough,
  CreateBucket: passThrough,
  CreateMultipartUpload: passThrough,
  DeleteBucket: passThrough,
  GetBucketLocation: passThrough,
  GetBucketReplication: passThrough,
  GetBucketVersioning: passThrough,
  GetObjectAttributes: passThrough,
  GetObjectLegalHold: passThrough,
  GetObjectLockConfiguration: passThrough,
  GetObjectRetention: passThrough,
  GetObjectTagging: passThrough,
  HeadBucket: passThrough,
  ListMultipartUploads: passThrough,
  ListenNotification: passThrough,
  ListObjectVersions: passThrough,
  ListObjects: passThrough,
  ListObjectsV2: passThrough,
  ListParts: passThrough,
  PutBucketVersioning: passThrough,
  PutObjectLockConfiguration: passThrough,
  UploadPart: passThrough,
  Unknown: passThrough,
}

/*
 * Operations of the gateway, one function each. `serve-request.ts` calls them when the signature and the rights are known to
 * be good.
 */

import type { KnownOperation } from '../../s3/operation-table.ts'
import type { GatewayOperation } from '../context.ts'
import { putObjectAcl, changeMetadata } from './metadata.ts'
import { deleteBucket, putBucketLifecycle, putBucketVersioning, putObjectLockConfiguration } from './bucket-settings.ts'
import { deleteObject, deleteObjects } from './deletes.ts'
import { listBuckets } from './list-buckets.ts'
import { listen, passThrough } from './pass-through.ts'
import { completeMultipartUpload, copyObject, createMultipartUpload, putObject, uploadPartCopy } from './put-object.ts'
import { readObject } from './read-object.ts'

/** What each operation does: those that change or read objects are understood further, the rest is passed on as it was read. */
export const operations: Readonly<Record<KnownOperation, GatewayOperation>> = {
  PutObject: putObject,
  CopyObject: copyObject,
  CompleteMultipartUpload: completeMultipartUpload,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  PutObjectTagging: changeMetadata,
  DeleteObjectTagging: changeMetadata,
  PutObjectRetention: changeMetadata,
  PutObjectLegalHold: changeMetadata,
  PutObjectAcl: putObjectAcl,
  GetObject: readObject,
  HeadObject: readObject,
  ListBuckets: listBuckets,
  UploadPartCopy: uploadPartCopy,
  AbortMultipartUpload: passThrough,
  CreateBucket: passThrough,
  CreateMultipartUpload: createMultipartUpload,
  DeleteBucket: deleteBucket,
  DeleteBucketCors: passThrough,
  DeleteBucketEncryption: passThrough,
  DeleteBucketLifecycle: passThrough,
  DeleteBucketOwnershipControls: passThrough,
  DeleteBucketPolicy: passThrough,
  DeleteBucketTagging: passThrough,
  DeleteBucketWebsite: passThrough,
  DeletePublicAccessBlock: passThrough,
  GetBucketAcl: passThrough,
  GetBucketCors: passThrough,
  GetBucketEncryption: passThrough,
  GetBucketLifecycleConfiguration: passThrough,
  GetBucketLocation: passThrough,
  GetBucketOwnershipControls: passThrough,
  GetBucketPolicy: passThrough,
  GetBucketPolicyStatus: passThrough,
  GetBucketReplication: passThrough,
  GetBucketTagging: passThrough,
  GetBucketVersioning: passThrough,
  GetBucketWebsite: passThrough,
  GetObjectAcl: passThrough,
  GetObjectAttributes: passThrough,
  GetObjectLegalHold: passThrough,
  GetObjectLockConfiguration: passThrough,
  GetObjectRetention: passThrough,
  GetObjectTagging: passThrough,
  GetPublicAccessBlock: passThrough,
  HeadBucket: passThrough,
  ListMultipartUploads: passThrough,
  ListObjectVersions: passThrough,
  ListObjects: passThrough,
  ListObjectsV2: passThrough,
  ListParts: passThrough,
  ListenNotification: listen,
  ListenServiceNotification: listen,
  PutBucketAcl: passThrough,
  PutBucketCors: passThrough,
  PutBucketEncryption: passThrough,
  PutBucketLifecycleConfiguration: putBucketLifecycle,
  PutBucketOwnershipControls: passThrough,
  PutBucketPolicy: passThrough,
  PutBucketTagging: passThrough,
  PutBucketVersioning: putBucketVersioning,
  PutBucketWebsite: passThrough,
  PutObjectLockConfiguration: putObjectLockConfiguration,
  PutPublicAccessBlock: passThrough,
  SelectObjectContent: passThrough,
  UploadPart: passThrough,
}

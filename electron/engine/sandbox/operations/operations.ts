import type { S3Operation } from '../../s3/route.ts'
import type { SandboxOperation } from '../exchange.ts'
import * as acl from './acl.ts'
import * as buckets from './buckets.ts'
import * as copy from './copy-object.ts'
import * as deletion from './delete-object.ts'
import * as listing from './listing.ts'
import * as locking from './locking.ts'
import * as multipart from './multipart.ts'
import { getObjectAttributes } from './object-attributes.ts'
import * as read from './read-object.ts'
import * as tagging from './tagging.ts'
import { putObject } from './write-object.ts'

/** Every operation of the sandbox; it has implemented no other. */
export const operations: Readonly<Partial<Record<S3Operation, SandboxOperation>>> = {
  ListBuckets: buckets.listBuckets,
  CreateBucket: buckets.createBucket,
  HeadBucket: buckets.headBucket,
  DeleteBucket: buckets.deleteBucket,
  GetBucketLocation: buckets.getBucketLocation,
  GetBucketVersioning: buckets.getBucketVersioning,
  PutBucketVersioning: buckets.putBucketVersioning,
  GetObjectLockConfiguration: buckets.getObjectLockConfiguration,
  PutObjectLockConfiguration: buckets.putObjectLockConfiguration,
  GetBucketReplication: buckets.getBucketReplication,
  ListenNotification: buckets.listenNotification,
  ListenServiceNotification: buckets.listenNotification,
  ListObjects: listing.listObjects,
  ListObjectsV2: listing.listObjectsV2,
  ListObjectVersions: listing.listObjectVersions,
  ListMultipartUploads: listing.listMultipartUploads,
  GetObject: read.getObject,
  // The answer of GET, whose body the server leaves out.
  HeadObject: read.getObject,
  GetObjectAttributes: getObjectAttributes,
  PutObject: putObject,
  CopyObject: copy.copyObject,
  DeleteObject: deletion.deleteObject,
  DeleteObjects: deletion.deleteObjects,
  CreateMultipartUpload: multipart.createMultipartUpload,
  UploadPart: multipart.uploadPart,
  UploadPartCopy: copy.uploadPartCopy,
  CompleteMultipartUpload: multipart.completeMultipartUpload,
  AbortMultipartUpload: multipart.abortMultipartUpload,
  ListParts: multipart.listParts,
  GetObjectTagging: tagging.getObjectTagging,
  PutObjectTagging: tagging.putObjectTagging,
  DeleteObjectTagging: tagging.deleteObjectTagging,
  GetObjectAcl: acl.getObjectAcl,
  PutObjectAcl: acl.putObjectAcl,
  GetObjectRetention: locking.getObjectRetention,
  PutObjectRetention: locking.putObjectRetention,
  GetObjectLegalHold: locking.getObjectLegalHold,
  PutObjectLegalHold: locking.putObjectLegalHold,
}

import { element, errorDocument } from './xml-write.ts'

interface ErrorKind {
  readonly status: number
  readonly message: string
}
const kind = (status: number, message: string): ErrorKind => ({ status, message })

/** Every S3 error that is answered here: the one list. Codes and statuses as in the S3 API reference. */
export const s3ErrorKinds = {
  AccessForbidden: kind(403, 'CORSResponse: the rules of this bucket do not allow this request from this origin.'),
  AccessControlListNotSupported: kind(400, 'The bucket does not allow ACLs.'),
  AccessDenied: kind(403, 'Access Denied.'),
  AuthorizationHeaderMalformed: kind(400, 'The authorization header that you provided is not valid.'),
  AuthorizationQueryParametersError: kind(400, 'The authorization query parameters that you provided are not valid.'),
  BadDigest: kind(400, 'The Content-MD5 or checksum value that you specified did not match what we received.'),
  BucketAlreadyExists: kind(409, 'The requested bucket name is not available.'),
  BucketAlreadyOwnedByYou: kind(409, 'The bucket that you tried to create already exists, and you own it.'),
  BucketNotEmpty: kind(409, 'The bucket that you tried to delete is not empty.'),
  EntityTooLarge: kind(400, 'Your proposed upload exceeds the maximum allowed object size.'),
  EntityTooSmall: kind(400, 'Your proposed upload is smaller than the minimum allowed part size.'),
  IncompleteBody: kind(400, 'You did not provide the number of bytes specified by the Content-Length header.'),
  InternalError: kind(500, 'We encountered an internal error. Please try again.'),
  InvalidAccessKeyId: kind(403, 'The access key ID that you provided does not exist in our records.'),
  InvalidArgument: kind(400, 'Invalid argument.'),
  InvalidBucketName: kind(400, 'The specified bucket is not valid.'),
  InvalidBucketState: kind(409, 'The request is not valid for the current state of the bucket.'),
  InvalidChunkSizeError: kind(403, 'The chunks of the body are too small.'),
  InvalidDigest: kind(400, 'The Content-MD5 or checksum value that you specified is not valid.'),
  InvalidObjectState: kind(403, 'The operation is not valid for the object’s storage class.'),
  InvalidPart: kind(400, 'One or more of the specified parts could not be found, or its entity tag did not match.'),
  InvalidPartOrder: kind(400, 'The list of parts was not in ascending order.'),
  InvalidPartNumber: kind(416, 'The requested part number is not satisfiable.'),
  InvalidRange: kind(416, 'The requested range is not satisfiable.'),
  InvalidRequest: kind(400, 'Invalid request.'),
  InvalidStorageClass: kind(400, 'The storage class that you specified is not valid.'),
  InvalidTag: kind(400, 'The tag set is not valid.'),
  InvalidURI: kind(400, 'The specified URI could not be parsed.'),
  KeyTooLongError: kind(400, 'Your key is too long.'),
  MalformedXML: kind(400, 'The XML that you provided was not well formed or did not validate.'),
  MaxMessageLengthExceeded: kind(400, 'Your request was too large.'),
  MetadataTooLarge: kind(400, 'Your metadata headers exceed the maximum allowed metadata size.'),
  MethodNotAllowed: kind(405, 'The specified method is not allowed against this resource.'),
  MissingContentLength: kind(411, 'You must provide the Content-Length HTTP header.'),
  NoSuchBucket: kind(404, 'The specified bucket does not exist.'),
  NoSuchKey: kind(404, 'The specified key does not exist.'),
  NoSuchObjectLockConfiguration: kind(404, 'The specified object does not have an object lock configuration.'),
  NoSuchUpload: kind(404, 'The specified multipart upload does not exist.'),
  NoSuchVersion: kind(404, 'The specified version does not exist.'),
  NotImplemented: kind(501, 'A header or query that you provided implies functionality that is not implemented.'),
  ObjectLockConfigurationNotFoundError: kind(404, 'Object lock configuration does not exist for this bucket.'),
  PreconditionFailed: kind(412, 'At least one of the preconditions that you specified did not hold.'),
  ReadQuorumNotReached: kind(503, 'Too few copies answered to tell which version is the newest.'),
  ReplicationConfigurationNotFoundError: kind(404, 'The replication configuration was not found.'),
  ReplicationHeld: kind(409, 'A brake has stopped the replication of deletes until an operator has looked at them.'),
  ReplicationNotConfirmed: kind(503, 'Stored at the source, replication not confirmed; do not assume either way.'),
  RequestHeaderSectionTooLarge: kind(400, 'Your request header section exceeds the maximum allowed size.'),
  ReplicationRefused: kind(409, 'Stored at the source; a target refused it for good. Repeating it does not help.'),
  RequestTimeout: kind(400, 'Your socket connection was not read from or written to within the timeout period.'),
  RequestTimeTooSkewed: kind(403, 'The difference between the request time and the server’s time is too large.'),
  ServiceUnavailable: kind(503, 'Service is unable to handle the request.'),
  SignatureDoesNotMatch: kind(403, 'The request signature that we calculated does not match the one you provided.'),
  SlowDown: kind(503, 'Please reduce your request rate.'),
  XAmzContentSHA256Mismatch: kind(400, 'The provided x-amz-content-sha256 header does not match what was computed.'),
  XMinioStorageFull: kind(507, 'Storage backend has reached its minimum free drive threshold.'),
} as const satisfies Record<string, ErrorKind>

export type S3ErrorCode = keyof typeof s3ErrorKinds

export const isCode = (text: string): text is S3ErrorCode => Object.hasOwn(s3ErrorKinds, text)

interface S3ErrorOptions {
  /** Instead of the list's own words. */
  readonly message?: string
  readonly status?: number
  /** Extra response headers, such as `x-amz-delete-marker`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The region that signatures must name; told as AWS does. */
  readonly region?: string
  readonly cause?: unknown
}

/** A refusal in the words of the S3 protocol. Thrown by operations, answered once by the server. */
export class S3Error extends Error {
  readonly code: S3ErrorCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly region: string | null

  constructor(code: S3ErrorCode, options: S3ErrorOptions = {}) {
    super(options.message ?? s3ErrorKinds[code].message, { cause: options.cause })
    this.name = 'S3Error'
    this.code = code
    this.status = options.status ?? s3ErrorKinds[code].status
    this.headers = options.headers ?? {}
    this.region = options.region ?? null
  }
}

/** The body of an error answer. */
export function errorXml(error: S3Error, resource: string, requestId: string): string {
  return errorDocument(
    element('Code', error.code) +
      element('Message', error.message) +
      element('Region', error.region) +
      element('Resource', resource) +
      element('RequestId', requestId),
  )
}

import { describe, expect, test } from 'vitest'
import { fault, FaultError, type FaultCode } from '../../shared/model/fault.ts'
import {
  faultFrom,
  faultFromAnswer,
  redact,
  type FaultContext,
  type SiteAnswer,
} from '../../electron/engine/base/errors.ts'

const context: FaultContext = { operation: 'PutObject', siteId: 'b', bucket: 'photos', key: 'a/b.jpg' }
type Refusal = readonly [status: number, code: string | null, words: string | null, wanted: FaultCode]

const refusals: readonly Refusal[] = [
  [403, 'InvalidAccessKeyId', 'The key does not exist', 'ACCESS_KEY_UNKNOWN'],
  [403, 'SignatureDoesNotMatch', '', 'SIGNATURE_REJECTED'],
  [403, 'RequestTimeTooSkewed', null, 'CLOCK_SKEW'],
  [403, 'AccessDenied', 'Access Denied.', 'ACCESS_DENIED'],
  [403, null, null, 'ACCESS_DENIED'],
  [403, 'AccessDenied', 'Access Denied because object protected by object lock.', 'OBJECT_LOCKED'],
  [400, 'ObjectLocked', 'Object is WORM protected and cannot be overwritten', 'OBJECT_LOCKED'],
  [404, 'NoSuchBucket', '', 'BUCKET_MISSING'],
  [404, 'NoSuchKey', '', 'NOT_FOUND'],
  [404, 'NoSuchVersion', '', 'NOT_FOUND'],
  [404, 'NoSuchUpload', '', 'NOT_FOUND'],
  [400, 'InvalidTag', '', 'TAGS_OVER_LIMIT'],
  [400, 'BadRequest', 'Tags cannot be more than 10', 'TAGS_OVER_LIMIT'],
  [400, 'MetadataTooLarge', '', 'METADATA_OVER_LIMIT'],
  [400, 'KeyTooLongError', '', 'KEY_NOT_ALLOWED'],
  [400, 'InvalidObjectName', '', 'KEY_NOT_ALLOWED'],
  [400, 'XMinioInvalidObjectName', 'Object name contains unsupported characters.', 'KEY_NOT_ALLOWED'],
  [400, 'EntityTooLarge', '', 'OBJECT_TOO_LARGE'],
  [413, null, null, 'OBJECT_TOO_LARGE'],
  [403, 'QuotaExceeded', '', 'QUOTA_EXCEEDED'],
  [507, 'XMinioStorageFull', 'Storage backend has reached its minimum free drive threshold', 'QUOTA_EXCEEDED'],
  [507, null, null, 'QUOTA_EXCEEDED'],
  [400, 'InvalidStorageClass', '', 'STORAGE_CLASS_UNKNOWN'],
  [404, 'ObjectLockConfigurationNotFoundError', '', 'BUCKET_LOCK_MISSING'],
  [404, 'NoSuchObjectLockConfiguration', '', 'BUCKET_LOCK_MISSING'],
  [400, 'InvalidRequest', 'Bucket is missing ObjectLockConfiguration', 'BUCKET_LOCK_MISSING'],
  [400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration', 'BUCKET_LOCK_MISSING'],
  [409, 'InvalidBucketState', 'Object Lock configuration cannot be enabled on existing buckets', 'BUCKET_LOCK_MISSING'],
  [
    400,
    'InvalidRequest',
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided.',
    'ENCRYPTION_KEY_NEEDED',
  ],
  [400, 'KMS.NotFoundException', 'Invalid keyId', 'KMS_KEY_MISSING'],
  // MinIO and Ceph, word for word.
  [404, 'kms:KeyNotFound', 'key with given key ID does not exist', 'KMS_KEY_MISSING'],
  [403, 'InvalidAccessKeyId', 'Failed to retrieve the actual key, kms-keyid: nokey', 'KMS_KEY_MISSING'],
  [
    400,
    'InvalidArgument',
    'Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption-aws-kms-key-id',
    'KMS_KEY_MISSING',
  ],
  [
    403,
    'AccessDenied',
    'proposed retain-until date shortens an existing retention period and governance bypass check failed',
    'OBJECT_LOCKED',
  ],
  [403, 'InvalidObjectState', 'The operation is not valid for the object’s storage class', 'OBJECT_ARCHIVED'],
  [400, 'KMS.DisabledException', '', 'KMS_KEY_MISSING'],
  [501, 'KMSNotConfigured', '', 'KMS_KEY_MISSING'],
  [400, 'BadDigest', '', 'CONTENT_MISMATCH'],
  [400, 'XAmzContentSHA256Mismatch', '', 'CONTENT_MISMATCH'],
  [400, 'IncompleteBody', '', 'BODY_CUT'],
  [501, 'NotImplemented', '', 'NOT_SUPPORTED'],
  [405, 'MethodNotAllowed', '', 'NOT_SUPPORTED'],
  [400, 'InvalidArgument', 'VersionID specified x but versioning not enabled on b', 'BUCKET_UNVERSIONED'],
  [503, 'SlowDown', 'Please reduce your request rate.', 'SLOW_DOWN'],
  [503, 'SlowDownWrite', '', 'SLOW_DOWN'],
  [429, null, null, 'SLOW_DOWN'],
  [503, null, null, 'SLOW_DOWN'],
  [503, 'ServiceUnavailable', '', 'SERVER_ERROR'],
  [500, 'InternalError', '', 'SERVER_ERROR'],
  [502, null, null, 'SERVER_ERROR'],
  [400, 'InvalidArgument', '', 'REQUEST_REFUSED'],
  [400, null, null, 'REQUEST_REFUSED'],
  [301, 'PermanentRedirect', 'the bucket is in region eu-west-1', 'BUCKET_ELSEWHERE'],
]

describe('a site’s refusal becomes the fault that tells what to do', () => {
  test.each(refusals)('%s %s “%s” → %s', (status, code, words, wanted) => {
    expect(faultFromAnswer({ status, code, words }, context).code).toBe(wanted)
  })
})

test('a refused operation tells which right to grant, on which bucket and at which site', () => {
  const remedyOf = (operation: string, bucket?: string): string =>
    faultFromAnswer({ status: 403, code: 'AccessDenied', words: null }, { operation, siteId: 'oslo', bucket }).remedy
  expect([remedyOf('UploadPart', 'photos'), remedyOf('ListBuckets'), remedyOf('probe', 'photos')]).toEqual([
    'Grant the missing right s3:PutObject on the bucket photos at the site oslo, to the access key used there, then retry.',
    'Grant the missing right s3:ListAllMyBuckets at the site oslo, to the access key used there, then retry.',
    'Grant the missing right for probe on the bucket photos at the site oslo, to the access key used there, then retry.',
  ])
})

test('Ceph’s wordless refusals are told apart by what the request carried, and only then', () => {
  const codeOf = (code: string, carried: FaultContext['carried']) =>
    faultFromAnswer({ status: 400, code, words: '' }, { ...context, carried }).code
  expect([
    codeOf('InvalidRequest', ['lock']),
    codeOf('InvalidArgument', ['storage-class']),
    codeOf('InvalidRequest', ['storage-class']),
    codeOf('InvalidArgument', ['lock']),
  ]).toEqual(['BUCKET_LOCK_MISSING', 'STORAGE_CLASS_UNKNOWN', 'REQUEST_REFUSED', 'REQUEST_REFUSED'])
})

test('a site that says how long to wait is waited for', () => {
  const busy: SiteAnswer = { status: 503, code: 'ServiceUnavailable', words: null, retryAfterMs: 7_000 }
  expect(faultFromAnswer(busy, context)).toMatchObject({ code: 'SLOW_DOWN', retry: 'after', afterMs: 7_000, site: 'b' })
})

const thrown = (code: string, message = `connect ${code} 127.0.0.1:9`): Error =>
  Object.assign(new Error(message), { code })

describe('a broken connection becomes the fault that tells what to do', () => {
  test.each([
    ['ENOTFOUND', 'DNS_FAILED'],
    ['EAI_AGAIN', 'DNS_FAILED'],
    ['ECONNREFUSED', 'CONNECT_REFUSED'],
    ['EHOSTUNREACH', 'CONNECT_TIMEOUT'],
    ['ETIMEDOUT', 'CONNECT_TIMEOUT'],
    ['ECONNRESET', 'CONNECTION_LOST'],
    ['EPIPE', 'CONNECTION_LOST'],
    ['EPROTO', 'TLS_FAILED'],
    ['CERT_HAS_EXPIRED', 'TLS_FAILED'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_FAILED'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_FAILED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_FAILED'],
    ['ABORT_ERR', 'CANCELLED'],
    ['ERR_OUR_OWN_BUG', 'INTERNAL'],
  ] as const)('%s → %s', (code, wanted) => {
    expect(faultFrom(thrown(code), context).code).toBe(wanted)
  })

  test('the first of several addresses speaks for all, and a cause for its wrapper', () => {
    expect(faultFrom(new AggregateError([thrown('ECONNREFUSED')]), context).code).toBe('CONNECT_REFUSED')
    expect(faultFrom(new TypeError('fetch failed', { cause: thrown('ENOTFOUND') }), context).code).toBe('DNS_FAILED')
  })

  test('our own faults pass unchanged', () => {
    const own = fault('SOURCE_CHANGED', 'as it was')
    expect(faultFrom(new FaultError(own), context)).toBe(own)
  })

  test('an SDK error counts by its code, with Ceph’s silence as no words', () => {
    const sdk = Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: 404 } })
    sdk.name = 'NoSuchBucket'
    expect(faultFrom(sdk, context)).toMatchObject({
      code: 'BUCKET_MISSING',
      message: 'PutObject photos/a/b.jpg: answered 404 NoSuchBucket',
    })
  })
})

test('a message names operation, bucket and key and the site’s own words, and never a secret', () => {
  const secrets = ['s3cr3t/key+', 'MYACCESSKEY']
  const words =
    'The key MYACCESSKEY with s3cr3t/key+ and AKIAIOSFODNN7EXAMPLE: AWS4-HMAC-SHA256 Credential=MYACCESSKEY/2026, Signature=deadbeef'
  const { message } = faultFromAnswer({ status: 403, code: 'AccessDenied', words }, { ...context, secrets })
  expect(message).toBe(
    'PutObject photos/a/b.jpg: answered 403 AccessDenied: The key [redacted] with [redacted] and [redacted]: AWS4-HMAC-SHA256 [redacted]',
  )
  expect(redact('GET /b?X-Amz-Signature=abc&x=1 Signature=cafe', [])).toBe(
    'GET /b?X-Amz-Signature=[redacted]&x=1 Signature=[redacted]',
  )
})

test('a message stays one short line whatever the key or the site holds', () => {
  const { message } = faultFromAnswer(
    { status: 400, code: 'Weird', words: `two\nlines ${'x'.repeat(5_000)}` },
    { ...context, key: 'new\nline\u0001' },
  )
  expect(message).toMatch(/^PutObject photos\/new\\u000aline\\u0001: answered 400 Weird: two\\u000alines x+…$/)
  expect(message.length).toBeLessThan(500)
})

/*
 * Fault translation: errors of the SDK, HTTP, TLS and the system become faults here and nowhere else. Used by the store for
 * what sites answer, and by the hosts for what nobody caught.
 */

import type { Elsewhere } from '../../../shared/model/rule.ts'
import { fault, FaultError, type Fault, type FaultCode } from '../../../shared/model/fault.ts'
import { grantRemedy } from '../../../shared/model/rights.ts'
import { retryAfterMs } from './retry-after.ts'

/** What was asked of whom: it goes into the message, so that a fault can be understood without a log. */
export interface FaultContext {
  /** The S3 operation, such as `PutObject`. */
  readonly operation: string
  readonly siteId?: string | undefined
  readonly bucket?: string | undefined
  readonly key?: string | undefined
  /** Texts that must never appear in a message: access key and secret. */
  readonly secrets?: readonly string[] | undefined
  /** What the request carried; settles refusals that Ceph sends without a word. */
  readonly carried?: readonly ('lock' | 'storage-class' | 'tags' | 'body')[] | undefined
}

/** A refusal as the site sent it. */
export interface SiteAnswer {
  readonly status: number
  /** S3 error code; null where the answer had no body (HEAD) or was not S3's. */
  readonly code: string | null
  /** The site's own words. */
  readonly words: string | null
  /** From `Retry-After`. */
  readonly retryAfterMs?: number | null | undefined
  /** Where the site says that it is to be asked instead. */
  readonly elsewhere?: Elsewhere | null | undefined
}

/** Codes that mean one thing whatever came with them. */
const codeFaults: Readonly<Record<string, FaultCode>> = {
  AccessDenied: 'ACCESS_DENIED',
  AllAccessDisabled: 'ACCESS_DENIED',
  AccountProblem: 'ACCESS_DENIED',
  UnauthorizedAccess: 'ACCESS_DENIED',
  ErrReplicationPermissionCheckError: 'ACCESS_DENIED',
  ReplicationPermissionCheck: 'ACCESS_DENIED',
  XMinioAdminAccessDenied: 'ACCESS_DENIED',
  InvalidAccessKeyId: 'ACCESS_KEY_UNKNOWN',
  InvalidToken: 'ACCESS_KEY_UNKNOWN',
  ExpiredToken: 'ACCESS_KEY_UNKNOWN',
  InvalidClientTokenId: 'ACCESS_KEY_UNKNOWN',
  XMinioDisabledAccount: 'ACCESS_KEY_UNKNOWN',
  SignatureDoesNotMatch: 'SIGNATURE_REJECTED',
  AuthorizationHeaderMalformed: 'REGION_WRONG',
  PermanentRedirect: 'BUCKET_ELSEWHERE',
  TemporaryRedirect: 'BUCKET_ELSEWHERE',
  Redirect: 'BUCKET_ELSEWHERE',
  RequestTimeTooSkewed: 'CLOCK_SKEW',
  RequestExpired: 'CLOCK_SKEW',
  RequestInTheFuture: 'CLOCK_SKEW',
  NoSuchBucket: 'BUCKET_MISSING',
  NoSuchKey: 'NOT_FOUND',
  NoSuchVersion: 'NOT_FOUND',
  NoSuchUpload: 'NOT_FOUND',
  NotFound: 'NOT_FOUND',
  XMinioObjectNotFound: 'NOT_FOUND',
  SlowDown: 'SLOW_DOWN',
  SlowDownRead: 'SLOW_DOWN',
  SlowDownWrite: 'SLOW_DOWN',
  TooManyRequests: 'SLOW_DOWN',
  TooManyRequestsException: 'SLOW_DOWN',
  Throttling: 'SLOW_DOWN',
  ThrottlingException: 'SLOW_DOWN',
  RequestLimitExceeded: 'SLOW_DOWN',
  BandwidthLimitExceeded: 'SLOW_DOWN',
  XMinioServerBusy: 'SLOW_DOWN',
  Busy: 'SLOW_DOWN',
  InternalError: 'SERVER_ERROR',
  ServiceUnavailable: 'SERVER_ERROR',
  OperationAborted: 'SERVER_ERROR',
  RequestTimeout: 'SERVER_ERROR',
  ConcurrentModification: 'SERVER_ERROR',
  XMinioServerNotInitialized: 'SERVER_ERROR',
  XMinioReadQuorum: 'SERVER_ERROR',
  XMinioWriteQuorum: 'SERVER_ERROR',
  XMinioBackendDown: 'SERVER_ERROR',
  XMinioIAMNotInitialized: 'SERVER_ERROR',
  XMinioBucketMetadataNotInitialized: 'SERVER_ERROR',
  XMinioOperationTimedOut: 'SERVER_ERROR',
  QuotaExceeded: 'QUOTA_EXCEEDED',
  XMinioStorageFull: 'QUOTA_EXCEEDED',
  XMinioAdminBucketQuotaExceeded: 'QUOTA_EXCEEDED',
  XRustfsAdminBucketQuotaExceeded: 'QUOTA_EXCEEDED',
  StorageFull: 'QUOTA_EXCEEDED',
  InsufficientCapacity: 'QUOTA_EXCEEDED',
  TooManyObjects: 'QUOTA_EXCEEDED',
  InvalidTag: 'TAGS_OVER_LIMIT',
  BadRequestTooManyTags: 'TAGS_OVER_LIMIT',
  MetadataTooLarge: 'METADATA_OVER_LIMIT',
  RequestHeaderSectionTooLarge: 'METADATA_OVER_LIMIT',
  KeyTooLongError: 'KEY_NOT_ALLOWED',
  KeyTooLong: 'KEY_NOT_ALLOWED',
  InvalidObjectName: 'KEY_NOT_ALLOWED',
  InvalidURI: 'KEY_NOT_ALLOWED',
  XMinioInvalidObjectName: 'KEY_NOT_ALLOWED',
  XMinioInvalidResourceName: 'KEY_NOT_ALLOWED',
  XMinioObjectExistsAsDirectory: 'KEY_NOT_ALLOWED',
  XMinioParentIsObject: 'KEY_NOT_ALLOWED',
  EntityTooLarge: 'OBJECT_TOO_LARGE',
  MaxSizeExceeded: 'OBJECT_TOO_LARGE',
  InvalidStorageClass: 'STORAGE_CLASS_UNKNOWN',
  InvalidObjectState: 'OBJECT_ARCHIVED',
  ObjectLockConfigurationNotFoundError: 'BUCKET_LOCK_MISSING',
  NoSuchObjectLockConfiguration: 'BUCKET_LOCK_MISSING',
  ObjectLocked: 'OBJECT_LOCKED',
  InvalidRetentionPeriod: 'OBJECT_LOCKED',
  BadDigest: 'CONTENT_MISMATCH',
  InvalidDigest: 'CONTENT_MISMATCH',
  XAmzContentSHA256Mismatch: 'CONTENT_MISMATCH',
  XAmzContentChecksumMismatch: 'CONTENT_MISMATCH',
  IncompleteBody: 'BODY_CUT',
  NotImplemented: 'NOT_SUPPORTED',
  AccessControlListNotSupported: 'NOT_SUPPORTED',
  MethodNotAllowed: 'NOT_SUPPORTED',
  XNotImplemented: 'NOT_SUPPORTED',
  XMinioMethodNotAllowed: 'NOT_SUPPORTED',
  KMSNotConfigured: 'KMS_KEY_MISSING',
  XMinioKMSNotConfigured: 'KMS_KEY_MISSING',
  XMinioKMSKeyNotFound: 'KMS_KEY_MISSING',
  InvalidEncryptionAlgorithmError: 'KMS_KEY_MISSING',
}

/** The best that a bare status tells, where there is no known code. */
const statusFaults: Readonly<Record<number, FaultCode>> = {
  301: 'BUCKET_ELSEWHERE',
  302: 'BUCKET_ELSEWHERE',
  307: 'BUCKET_ELSEWHERE',
  308: 'BUCKET_ELSEWHERE',
  401: 'ACCESS_DENIED',
  403: 'ACCESS_DENIED',
  404: 'NOT_FOUND',
  405: 'NOT_SUPPORTED',
  408: 'SERVER_ERROR',
  409: 'CONFLICT',
  412: 'CONFLICT',
  413: 'OBJECT_TOO_LARGE',
  429: 'SLOW_DOWN',
  431: 'METADATA_OVER_LIMIT',
  501: 'NOT_SUPPORTED',
  507: 'QUOTA_EXCEEDED',
}

/** Codes too general to stand alone: the words, or what the request carried, decide. First match wins. */
const wordFaults: readonly (readonly [RegExp, FaultCode])[] = [
  [/kms managed key/i, 'KMS_KEY_MISSING'],
  [/must be made over a secure connection/i, 'ENCRYPTION_KEY_NEEDS_TLS'],
  [/server.side encryption|customer.provided key|sse-?c\b/i, 'ENCRYPTION_KEY_NEEDED'],
  [/missing object ?lock|object ?lock is not enabled|object ?lock configuration/i, 'BUCKET_LOCK_MISSING'],
  [
    /shortens an existing retention|worm protected|protected by object ?lock|object is locked|under retention|legal hold/i,
    'OBJECT_LOCKED',
  ],
  [/versioning (?:is )?not (?:been )?enabled|must have versioning|versioning must be/i, 'BUCKET_UNVERSIONED'],
  [/\btags? cannot|too many tags/i, 'TAGS_OVER_LIMIT'],
  [/storage ?class/i, 'STORAGE_CLASS_UNKNOWN'],
]

const generalCodes = new Set([
  'InvalidRequest',
  'InvalidArgument',
  'BadRequest',
  'AccessDenied',
  'InvalidBucketState',
  'MethodNotAllowed',
])

const slowDownAfterMs = 2_000

function codeOf(answer: SiteAnswer, context: FaultContext): FaultCode {
  const { status, code, words, elsewhere } = answer
  if (elsewhere != null) return status === 400 ? 'REGION_WRONG' : 'BUCKET_ELSEWHERE'
  // Ceph calls a key of its key service that it cannot have an unknown access key.
  if ((code !== null && /^kms[.:]|^Kms/i.test(code)) || /\bkms-?key-?id\b/i.test(words ?? '')) return 'KMS_KEY_MISSING'
  // Every site that refuses a tag's characters calls them as it calls a tag too long: what was sent decides.
  if (code === 'InvalidTag' && context.carried?.includes('tags') === true) return 'TAG_REFUSED'
  // The answer to a HEAD, and a proxy's web page, have no code: the status alone says that it is too much for the site.
  if (status === 503 && (code === null || answer.retryAfterMs != null)) return 'SLOW_DOWN'
  if (code === null || generalCodes.has(code)) {
    const told = wordFaults.find(([pattern]) => words !== null && pattern.test(words))
    if (told !== undefined) return told[1]
    const silent = status === 400 || status === 409 ? silentFault(code, context) : null
    if (silent !== null) return silent
  }
  const byCode = code === null ? undefined : codeFaults[code]
  if (byCode !== undefined) return byCode
  const byStatus = statusFaults[status]
  if (byStatus !== undefined) return byStatus
  return status >= 500 ? 'SERVER_ERROR' : status < 300 ? 'RESPONSE_UNREADABLE' : 'REQUEST_REFUSED'
}

/** Ceph 16 names neither the header nor the reason: what the request carried is the only clue. */
function silentFault(code: string | null, context: FaultContext): FaultCode | null {
  const carried = context.carried ?? []
  if ((code === 'InvalidRequest' || code === 'InvalidBucketState') && carried.includes('lock'))
    return 'BUCKET_LOCK_MISSING'
  if (code === 'InvalidArgument' && carried.includes('storage-class')) return 'STORAGE_CLASS_UNKNOWN'
  return null
}

/** Turns a site's refusal into a fault. */
export function faultFromAnswer(answer: SiteAnswer, context: FaultContext): Fault {
  const code = codeOf(answer, context)
  const own = [answer.code, answer.words].filter((part) => part !== null && part !== '').join(': ')
  const said = [own, elsewhereText(answer.elsewhere)].filter((part) => part !== '').join('; ')
  const message = describe(context, said === '' ? `answered ${answer.status}` : `answered ${answer.status} ${said}`)
  const more = {
    ...(context.siteId === undefined ? {} : { site: context.siteId }),
    ...(code === 'ACCESS_DENIED' ? { remedy: grantRemedy(context) } : {}),
    ...(code === 'REQUEST_REFUSED' && own === '' ? { remedy: noWordsRemedy } : {}),
    ...(answer.elsewhere?.region == null ? {} : { region: answer.elsewhere.region }),
    ...(answer.elsewhere?.endpoint == null ? {} : { endpoint: answer.elsewhere.endpoint }),
  }
  const afterMs = answer.retryAfterMs ?? (answer.code === null ? undefined : slowDownAfterMs)
  return fault(code, message, code === 'SLOW_DOWN' && afterMs !== undefined ? { ...more, afterMs } : more)
}

const noWordsRemedy =
  'The site gave no reason: look into its log, or what lies before it, for this request. Then retry.'

function elsewhereText(elsewhere: SiteAnswer['elsewhere']): string {
  if (elsewhere == null) return ''
  const { region, endpoint } = elsewhere
  const where = [...(region === null ? [] : [`region ${region}`]), ...(endpoint === null ? [] : [endpoint])]
  return `the site names ${where.join(', at ')}`
}

/** A fault of a connection or a body, named by us and not by a foreign error. */
export function faultAt(code: FaultCode, words: string, context: FaultContext): FaultError {
  return new FaultError(
    fault(code, describe(context, words), context.siteId === undefined ? {} : { site: context.siteId }),
  )
}

const errnoFaults: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'DNS_FAILED',
  EAI_AGAIN: 'DNS_FAILED',
  EAI_FAIL: 'DNS_FAILED',
  EAI_NODATA: 'DNS_FAILED',
  EAI_NONAME: 'DNS_FAILED',
  ECONNREFUSED: 'CONNECT_REFUSED',
  EHOSTUNREACH: 'CONNECT_TIMEOUT',
  ENETUNREACH: 'CONNECT_TIMEOUT',
  EHOSTDOWN: 'CONNECT_TIMEOUT',
  ENETDOWN: 'CONNECT_TIMEOUT',
  ETIMEDOUT: 'CONNECT_TIMEOUT',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'CONNECT_TIMEOUT',
  // The SDK's own, for connections and answers that do not come in time.
  TimeoutError: 'CONNECT_TIMEOUT',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  ERR_STREAM_PREMATURE_CLOSE: 'CONNECTION_LOST',
  ERR_STREAM_DESTROYED: 'CONNECTION_LOST',
  EPROTO: 'TLS_FAILED',
  ABORT_ERR: 'CANCELLED',
  EMFILE: 'INTERNAL',
}

const tlsError =
  /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|CRL_|ERROR_IN_C|INVALID_PURPOSE|PATH_LENGTH)/

/**
 * Turns anything thrown into a fault: our own pass unchanged; SDK, errno and TLS errors are translated; the rest is
 * INTERNAL, without its stack.
 */
export function faultFrom(error: unknown, context: FaultContext): Fault {
  if (error instanceof FaultError) return error.fault
  const said = sdkAnswer(error)
  if (said !== null) return faultFromAnswer(said, context)
  const { code, text } = nameOf(error)
  const kind =
    errnoFaults[code] ?? (tlsError.test(code) ? 'TLS_FAILED' : code === 'AbortError' ? 'CANCELLED' : 'INTERNAL')
  return faultAt(kind, text, context).fault
}

/** {@link faultFrom} as something to throw, with the foreign error as its cause. */
export function faultErrorFrom(error: unknown, context: FaultContext): FaultError {
  return error instanceof FaultError ? error : new FaultError(faultFrom(error, context), { cause: error })
}

function nameOf(error: unknown): { readonly code: string; readonly text: string } {
  if (!(error instanceof Error)) return { code: '', text: 'failed for an unknown reason' }
  // Happy eyeballs reports every address it tried in one AggregateError, whose own message is empty.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  const own = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (own === '' && first instanceof Error && 'code' in first) return nameOf(first)
  const text = error.message !== '' ? error.message : first instanceof Error ? first.message : own
  return { code: own !== '' ? own : error.name, text: own === '' || text.includes(own) ? text : `${own} ${text}` }
}

/** An error of the SDK that stands for an HTTP answer. Ceph's empty `<Message>` arrives as `UnknownError`. */
function sdkAnswer(error: unknown): SiteAnswer | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null
  const status = Number(metadata.httpStatusCode)
  const words = error.message === 'UnknownError' || error.message === error.name ? null : error.message
  return { status, code: sdkCode(error), words, retryAfterMs: retryAfterMs(sdkHeaders(error)) }
}

/** S3's code; null where the SDK had none to read and named the error itself. */
export function sdkCode({ name }: Error): string | null {
  return ['Unknown', 'UnknownError', 'Error'].includes(name) || /^\d+$/.test(name) ? null : name
}

function sdkHeaders(error: Error): Readonly<Record<string, string>> {
  const { $response } = error as { readonly $response?: { readonly headers?: Readonly<Record<string, string>> } }
  return $response?.headers ?? {}
}

function describe(context: FaultContext, words: string): string {
  const place =
    context.bucket === undefined ? '' : ` ${context.bucket}${context.key === undefined ? '' : `/${context.key}`}`
  return redact(`${context.operation}${place}: ${shorten(words)}`, context.secrets ?? [])
}

const longestWords = 400
const shorten = (words: string): string =>
  words.length <= longestWords ? words : `${words.slice(0, longestWords - 1)}…`

/** Takes the given secrets, and anything that looks like part of a signed request, out of a text for people. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '[redacted]')
  return clean
    .replace(/(Signature=|Credential=|X-Amz-Signature=|X-Amz-Credential=|AWSAccessKeyId=)[^\s,&<"']+/gi, '$1[redacted]')
    .replace(/AWS4-HMAC-SHA256[^\n]*/g, 'AWS4-HMAC-SHA256 [redacted]')
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '[redacted]')
    .replace(controlCharacters, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// eslint-disable-next-line no-control-regex -- keys and server texts may hold them, a log line must not
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

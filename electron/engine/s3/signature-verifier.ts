import { timingSafeEqual, type KeyObject } from 'node:crypto'
import { canonicalQuery, decodePercent, type Query } from './query.ts'
import { S3Error } from './s3-error.ts'
import { withoutBlanks, type IncomingHeaderMap } from './headers.ts'
import {
  algorithm,
  amzDateOf,
  canonicalRequest,
  hexHmac,
  isAscii,
  parseAmzDate,
  signedChunksPayload,
  signedChunksTrailerPayload,
  signingKey,
  stringToSign,
  unsignedPayload,
  unsignedTrailerPayload,
  type SignatureScope,
} from './sigv4.ts'
import { hasOddBlank, spellBlanks } from './signed-blanks.ts'
import { encodeKey } from './uri.ts'

/** S3 accepts a request whose time is at most this far from its own. */
const clockWindowMs = 15 * 60_000
const longestPresignSeconds = 7 * 24 * 3600
/** The SDKs sign a dozen; user metadata comes on top. */
const mostSignedHeaders = 256

/** What is needed to check the signatures of the chunks and trailers that follow. */
export interface ChunkSeed {
  readonly key: KeyObject
  readonly amzDate: string
  readonly scope: SignatureScope
  readonly signature: string
}

/** How the body is protected, as `x-amz-content-sha256` says. */
export type PayloadPromise =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly hex: string }
  | { readonly kind: 'chunked'; readonly trailer: boolean; readonly seed: ChunkSeed | null }

export interface Verified {
  readonly accessKeyId: string
  readonly payload: PayloadPromise
}

export interface RequestToVerify {
  readonly method: string
  readonly rawPath: string
  readonly query: Query
  readonly headers: IncomingHeaderMap
}

export interface VerifyOptions {
  /** The secret of an access key; undefined when the key is not known. */
  readonly secretOf: (accessKeyId: string) => string | undefined
  /** null takes any region. */
  readonly region: string | null
}

interface SignatureClaim {
  readonly accessKeyId: string
  readonly scope: SignatureScope
  readonly amzDate: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly payloadHash: string
  /** Absent for signed headers; seconds for presigned URLs. */
  readonly expiresSeconds?: number
}

/** Checks SigV4 signatures, from the Authorization header or a presigned query. Remembers the signing keys of the day. */
export class SignatureVerifier {
  readonly #options: VerifyOptions
  readonly #keys = new Map<string, KeyObject>()

  constructor(options: VerifyOptions) {
    this.#options = options
  }

  /** Returns who signed and what the body must be; throws the S3 error that the client is owed. */
  verify(request: RequestToVerify, now: number): Verified {
    const claim = readClaim(request)
    checkScope(claim, this.#options.region)
    const secret = this.#options.secretOf(claim.accessKeyId)
    if (secret === undefined) throw new S3Error('InvalidAccessKeyId')
    checkTime(claim, now)
    checkSignedHeaders(claim, request.headers)
    const key = this.#signingKey(claim, secret)
    if (!signatureMatches(claim, request, key)) throw new S3Error('SignatureDoesNotMatch')
    return { accessKeyId: claim.accessKeyId, payload: payloadPromise(claim, key) }
  }

  #signingKey(claim: SignatureClaim, secret: string): KeyObject {
    const name = `${claim.accessKeyId}/${claim.scope.date}/${claim.scope.region}`
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    // Regions may be chosen by the caller: the cache must not grow with them.
    if (this.#keys.size >= 64) this.#keys.clear()
    const key = signingKey(secret, claim.scope)
    this.#keys.set(name, key)
    return key
  }
}

function readClaim(request: RequestToVerify): SignatureClaim {
  const authorization = request.headers['authorization']
  if (typeof authorization === 'string') {
    if (inQuery.some((name) => request.query.has(name))) throw new S3Error('InvalidArgument', { message: signedTwice })
    return headerClaim(authorization, request)
  }
  if (request.query.has('X-Amz-Signature')) return presignedClaim(request)
  if (request.query.has('AWSAccessKeyId')) throw new S3Error('InvalidRequest', { message: olderSignature })
  throw new S3Error('AccessDenied')
}

const inQuery = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature']
const signedTwice = 'The request is signed in its Authorization header and in its query. Only one of them is allowed.'

/** Clients show a refusal's message and hardly more, so that it says what to set where. */
const olderSignature =
  'The request is signed with Signature Version 2. Only Signature Version 4 (AWS4-HMAC-SHA256) is taken here. ' +
  'Set your client to it: aws: `aws configure set default.s3.signature_version s3v4`; ' +
  'boto3: Config(signature_version="s3v4"); s3cmd: signature_v2 = False; rclone: v2_auth = false.'

function headerClaim(authorization: string, request: RequestToVerify): SignatureClaim {
  const malformed = (): S3Error => new S3Error('AuthorizationHeaderMalformed')
  if (authorization.startsWith('AWS ')) throw new S3Error('InvalidRequest', { message: olderSignature })
  if (!authorization.startsWith(`${algorithm} `)) throw malformed()
  const fields = authorizationFields(authorization.slice(algorithm.length + 1), malformed)
  const payloadHash = request.headers['x-amz-content-sha256']
  if (typeof payloadHash !== 'string') {
    throw new S3Error('InvalidRequest', { message: 'Missing required header: x-amz-content-sha256.' })
  }
  return {
    ...credential(fields['Credential'], malformed),
    amzDate: requestDate(request),
    signedHeaders: headerNames(fields['SignedHeaders'], malformed),
    signature: fields['Signature'],
    payloadHash,
  }
}

type Field = 'Credential' | 'SignedHeaders' | 'Signature'

/** The three of them, each once: where one stands twice, readers differ in which counts. */
function authorizationFields(text: string, malformed: () => S3Error): Readonly<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {}
  for (const field of text.split(',', 4)) {
    const at = field.indexOf('=')
    const name = field.slice(0, at).trim()
    if (name !== 'Credential' && name !== 'SignedHeaders' && name !== 'Signature') throw malformed()
    if (found[name] !== undefined) throw malformed()
    found[name] = field.slice(at + 1).trim()
  }
  const { Credential, SignedHeaders, Signature } = found
  if (Credential === undefined || SignedHeaders === undefined || Signature === undefined) throw malformed()
  return { Credential, SignedHeaders, Signature }
}

/** Each once: else a long header could be hashed as often as its name fits into a request. */
function headerNames(text: string, malformed: () => S3Error): readonly string[] {
  const names = text.split(';', mostSignedHeaders + 1)
  if (names.length > mostSignedHeaders || new Set(names).size < names.length) throw malformed()
  if (!names.includes('host') || names.some((name) => name === '' || name !== name.toLowerCase())) throw malformed()
  return names
}

/** RFC 9110 §5.6.7, in the form that everybody writes; UTC also as a number. */
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]0000)$/

/** `x-amz-date`, or the standard Date header for the clients that sign that one. */
function requestDate(request: RequestToVerify): string {
  const amzDate = request.headers['x-amz-date']
  if (typeof amzDate === 'string') return amzDate
  const date = String(request.headers['date'])
  const at = httpDate.test(date) ? Date.parse(date) : Number.NaN
  if (Number.isNaN(at)) throw new S3Error('AccessDenied', { message: 'A valid Date or x-amz-date header is required.' })
  return amzDateOf(at)
}

function presignedClaim({ query, headers }: RequestToVerify): SignatureClaim {
  const malformed = (): S3Error => new S3Error('AuthorizationQueryParametersError')
  /** The only one of that name: where there are two, readers differ in which counts. */
  const only = (name: string): string | undefined => {
    const [value, ...others] = query.all(name)
    if (others.length > 0) throw malformed()
    return value
  }
  if (only('X-Amz-Algorithm') !== algorithm) throw malformed()
  const expires = only('X-Amz-Expires') ?? ''
  const expiresSeconds = Number(expires)
  if (!/^(?:0|[1-9]\d{0,5})$/.test(expires) || expiresSeconds > longestPresignSeconds) throw malformed()
  const declared = only('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256']
  return {
    ...credential(only('X-Amz-Credential') ?? '', malformed),
    amzDate: only('X-Amz-Date') ?? '',
    signedHeaders: headerNames(only('X-Amz-SignedHeaders') ?? '', malformed),
    signature: only('X-Amz-Signature') ?? '',
    payloadHash: typeof declared === 'string' ? declared : unsignedPayload,
    expiresSeconds,
  }
}

/** Access keys may hold slashes, so the four fields of the scope are counted from the end. */
function credential(text: string, malformed: () => S3Error): Pick<SignatureClaim, 'accessKeyId' | 'scope'> {
  const fields = text.split('/')
  const [date, region, service, end] = fields.slice(-4)
  const accessKeyId = fields.slice(0, -4).join('/')
  if (date === undefined || region === undefined || service !== 's3' || end !== 'aws4_request' || accessKeyId === '')
    throw malformed()
  if (!/^\d{8}$/.test(date)) throw malformed()
  return { accessKeyId, scope: { date, region, service } }
}

function checkScope(claim: SignatureClaim, region: string | null): void {
  if (region === null || claim.scope.region === region) return
  throw new S3Error('AuthorizationHeaderMalformed', {
    message: `The authorization header is malformed; the region '${claim.scope.region}' is wrong; expecting '${region}'.`,
    region,
  })
}

function checkTime(claim: SignatureClaim, now: number): void {
  const signedAt = parseAmzDate(claim.amzDate)
  if (signedAt === null || claim.amzDate.slice(0, 8) !== claim.scope.date) {
    throw new S3Error('AccessDenied', { message: 'The request date is not valid or not of the credential’s day.' })
  }
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(now - signedAt) > clockWindowMs) throw new S3Error('RequestTimeTooSkewed')
    return
  }
  if (signedAt - now > clockWindowMs) throw new S3Error('AccessDenied', { message: 'Request is not valid yet.' })
  if (now > signedAt + claim.expiresSeconds * 1000) {
    throw new S3Error('AccessDenied', { message: 'Request has expired.' })
  }
}

/** An unsigned x-amz-* header could be added on the way and change what the request does. */
function checkSignedHeaders(claim: SignatureClaim, headers: RequestToVerify['headers']): void {
  const signed = new Set(claim.signedHeaders)
  const free = claim.expiresSeconds === undefined ? '' : 'x-amz-content-sha256'
  const missing = Object.keys(headers).filter(
    (name) => (name === 'host' || (name.startsWith('x-amz-') && name !== free)) && !signed.has(name),
  )
  if (missing.length > 0) {
    throw new S3Error('AccessDenied', {
      message: `There were headers present in the request which were not signed: ${missing.join(', ')}.`,
    })
  }
}

/**
 * Clients agree on the bytes but not on the text that is signed: the path as sent or in its canonical encoding, header
 * text as Latin-1 (what is on the wire) or as UTF-8 (what the SDK hashed). All name the same request, so any may match.
 */
function signatureMatches(claim: SignatureClaim, request: RequestToVerify, key: KeyObject): boolean {
  const query = canonicalQuery(request.query)
  if (pathMatches(request.rawPath, query, claim, request, key)) return true
  const canonicalPath = encodeKey(decodePercent(request.rawPath))
  return canonicalPath !== request.rawPath && pathMatches(canonicalPath, query, claim, request, key)
}

function pathMatches(
  path: string,
  query: string,
  claim: SignatureClaim,
  request: RequestToVerify,
  key: KeyObject,
): boolean {
  const { method, headers } = request
  const { payloadHash, amzDate, scope, signature } = claim
  const signedHeaders = claim.signedHeaders.join(';')
  const matches = (spelling: Spelling): boolean => {
    const headerLines = headerLinesOf(claim.signedHeaders, headers, spelling)
    const canonical = canonicalRequest({ method, path, query, headerLines, signedHeaders, payloadHash })
    const encodings = isAscii(canonical) ? (['latin1'] as const) : (['latin1', 'utf8'] as const)
    return encodings.some((encoding) =>
      sameSignature(hexHmac(key, stringToSign(canonical, amzDate, scope, encoding)), signature),
    )
  }
  return (
    matches(mostClients) || (claim.signedHeaders.some((name) => isOdd(textOf(headers[name]))) && others.some(matches))
  )
}

type Spelling = (value: string) => string

const mostClients: Spelling = (value) => spellBlanks(value, 'blanks')
const others: readonly Spelling[] = [
  // The SDK for JavaScript takes a no-break space of latin1 for one: a byte that many letters have in UTF-8.
  (value) => value.replace(/[ \t\u00a0]+/g, ' ').replace(/^ | $/g, ''),
  ...(['words', 'spaces', 'first'] as const).map((spelling) => (value: string) => spellBlanks(value, spelling)),
]
const isOdd = (value: string): boolean => hasOddBlank(value) || value.includes('\u00a0')

function headerLinesOf(names: readonly string[], headers: IncomingHeaderMap, spelling: Spelling): string {
  let lines = ''
  for (const name of names) lines += `${name}:${spelling(withoutBlanks(textOf(headers[name])))}\n`
  return lines
}

const textOf = (value: IncomingHeaderMap[string]): string =>
  typeof value === 'string' ? value : (value ?? []).join(',')

/** Compares in constant time; the length of a signature is no secret. */
export function sameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}

function payloadPromise(claim: SignatureClaim, key: KeyObject): PayloadPromise {
  const { amzDate, scope, signature } = claim
  const seed: ChunkSeed = { key, amzDate, scope, signature }
  switch (claim.payloadHash) {
    case unsignedPayload:
      return { kind: 'unsigned' }
    case unsignedTrailerPayload:
      return { kind: 'chunked', trailer: true, seed: null }
    case signedChunksPayload:
      return { kind: 'chunked', trailer: false, seed }
    case signedChunksTrailerPayload:
      return { kind: 'chunked', trailer: true, seed }
    default:
      return sha256Promise(claim.payloadHash)
  }
}

function sha256Promise(hash: string): PayloadPromise {
  if (/^[0-9a-f]{64}$/.test(hash)) return { kind: 'sha256', hex: hash }
  throw new S3Error('InvalidArgument', {
    message: 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING-* value, or a valid SHA-256 in hex.',
  })
}

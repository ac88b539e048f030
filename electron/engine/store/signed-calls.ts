import type { Pumped } from '../s3/pumped.ts'
import { hash } from 'node:crypto'
import type { Site } from '../../../shared/model/site.ts'
import { FaultError } from '../../../shared/model/fault.ts'
import { isLoopback } from '../../../shared/model/listen-address.ts'
import { faultAt, faultFromAnswer, type FaultContext, type SiteAnswer } from '../base/errors.ts'
import { retryAfterMs } from '../base/retry-after.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import type { SseCKey } from './port.ts'
import { encodeQuery, type QueryPair } from '../s3/uri.ts'
import type { HeaderPair } from '../s3/headers.ts'
import { emptyPayloadHash, unsignedPayload } from '../s3/sigv4.ts'
import { requestHead } from './wire/request-head.ts'
import type { BlankSpelling } from '../s3/signed-blanks.ts'
import { BlankProbe } from './blank-probe.ts'
import { customerKeyHeaders } from '../s3/header-names.ts'
import type { ConnectionPool } from './wire/connection-pool.ts'
import type { Timeouts, WireAnswer } from './wire/request.ts'
import { BucketEndpoints, type RedirectHint } from './bucket-endpoints.ts'
import { XmlError, xmlLeaves } from '../s3/xml-scan.ts'

/** One S3 request in our words, before it is addressed, signed and sent. */
export interface SignedCall {
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket?: string | undefined
  readonly key?: string | undefined
  readonly query?: readonly QueryPair[] | undefined
  readonly headers?: readonly HeaderPair[] | undefined
  readonly body?: Uint8Array | Pumped | undefined
  readonly sizeBytes?: number | undefined
  /** `x-amz-content-sha256` for a body with a framing of its own. */
  readonly payloadHash?: string | undefined
  /** Sign the bytes of the body too: Ceph's topic requests are refused otherwise. */
  readonly signBody?: boolean | undefined
  /** Give a 2xx body as a stream. */
  readonly stream?: boolean | undefined
  /** Statuses besides 2xx that the caller reads itself. */
  readonly accept?: readonly number[] | undefined
  readonly carried?: FaultContext['carried']
  readonly responseMs?: number | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Called when its head leaves; again where it is sent once more. */
  readonly onSent?: (() => void) | undefined
  /** Sent along, if the way to the site is fit for it. */
  readonly sseCKey?: SseCKey | undefined
  readonly signal?: AbortSignal | undefined
}

/** Bodies above this size wait for `100 Continue`: a refusal then costs a round trip instead of the body. */
const expectAboveBytes = 1024 * 1024

/** Sends signed requests to one site and turns refusals into faults. */
export class SignedCalls {
  readonly #site: Site
  readonly #pool: ConnectionPool
  readonly #timeouts: Timeouts
  readonly #endpoints: BucketEndpoints
  readonly #blanks = new BlankProbe()
  readonly #secrets: readonly string[]
  readonly #onRequest: (() => void) | undefined

  constructor(
    site: Site,
    keys: KeyPair,
    pool: ConnectionPool,
    timeouts: Timeouts,
    now: () => number,
    endpoints = new BucketEndpoints(site, keys, now),
    onRequest?: () => void,
  ) {
    this.#site = site
    this.#pool = pool
    this.#timeouts = timeouts
    this.#endpoints = endpoints
    this.#secrets = [keys.secretAccessKey, keys.accessKeyId]
    this.#onRequest = onRequest
  }

  get timeouts(): Timeouts {
    return this.#timeouts
  }

  context(call: SignedCall): FaultContext {
    const { operation, bucket, key, carried, sseCKey } = call
    const secrets = sseCKey === undefined ? this.#secrets : [...this.#secrets, ...spellings(sseCKey)]
    return { operation, siteId: this.#site.id, bucket, key, carried, secrets }
  }

  /** Throws a FaultError unless the status is 2xx or in `accept`. */
  async send(call: SignedCall): Promise<WireAnswer> {
    const answer = await this.exchange(call)
    if (answer.status < 300 || call.accept?.includes(answer.status) === true) return answer
    throw this.refused(call, answer)
  }

  /** Any status is an answer here; only broken connections throw. A site that names the right region is asked once more. */
  async exchange(call: SignedCall): Promise<WireAnswer> {
    const asked = this.#endpoints.at(call.bucket)
    const answer = await this.#exchange(call)
    if (answer.status < 300) return answer
    const mayRepeat = call.body === undefined || call.body instanceof Uint8Array
    return this.#endpoints.follow(call.bucket, redirectHintOf(answer), asked) && mayRepeat
      ? this.#exchange(call)
      : answer
  }

  /** What requests for the bucket are signed for; another one than before where the site said so. */
  regionOf(bucket: string): string {
    return this.#endpoints.at(bucket).region
  }

  async #exchange(call: SignedCall): Promise<WireAnswer> {
    // Others may wait for the same answer: it does not end with this call.
    const asking: SignedCall = { ...getLocation, bucket: call.bucket }
    const blanks = await this.#blanks.spelling(call.headers ?? [], async (header, spelling) =>
      readRefusal(await this.#exchangeSpelt({ ...asking, headers: [header] }, spelling)),
    )
    const answer = await this.#exchangeSpelt(call, blanks)
    if (answer.status === 403) this.#blanks.heard(readRefusal(answer))
    return answer
  }

  #exchangeSpelt(call: SignedCall, blanks: BlankSpelling): Promise<WireAnswer> {
    call.signal?.throwIfAborted()
    const { method, body, sizeBytes = body instanceof Uint8Array ? body.length : 0 } = call
    const context = this.context(call)
    const streamed = body !== undefined && !(body instanceof Uint8Array)
    const expectContinue = sizeBytes > expectAboveBytes
    this.#onRequest?.()
    return this.#pool.send({
      host: this.#endpoints.at(call.bucket).address.host(call.bucket),
      method,
      head: this.#head(call, sizeBytes, expectContinue, blanks),
      body: streamed || sizeBytes > 0 ? (body ?? null) : null,
      sizeBytes,
      expectContinue,
      onBytes: call.onBytes,
      onSent: call.onSent,
      stream: call.stream ?? false,
      responseMs: call.responseMs ?? this.#timeouts.responseMs,
      signal: call.signal,
      context,
    })
  }

  refused(call: SignedCall, answer: WireAnswer): FaultError {
    const elsewhere = this.#endpoints.elsewhere(call.bucket, redirectHintOf(answer))
    return new FaultError(faultFromAnswer({ ...readRefusal(answer), elsewhere }, this.context(call)))
  }

  /** Reads a 2xx answer's document; what makes no sense is a fault. */
  readXml<T>(call: SignedCall, answer: WireAnswer, read: (xml: Buffer) => T): T {
    try {
      return read(answer.bytes)
    } catch (error) {
      if (error instanceof XmlError) throw faultAt('RESPONSE_UNREADABLE', error.message, this.context(call))
      throw error
    }
  }

  #head(call: SignedCall, sizeBytes: number, expectContinue: boolean, blanks: BlankSpelling): string {
    const { method, bucket, key, body } = call
    const context = this.context(call)
    const { address, signer } = this.#endpoints.at(bucket)
    const host = address.host(bucket)
    if (call.sseCKey !== undefined && !isFitForKeys(this.#site.endpoint))
      throw faultAt('ENCRYPTION_KEY_NEEDS_TLS', 'the key was not sent', context)
    const path = encoded(() => address.path(bucket, key), context)
    const query = encodeQuery(call.query ?? [])
    const headers: HeaderPair[] = [['host', host.header], ...(call.headers ?? []), ...keyHeaders(call.sseCKey)]
    const signed = signer.sign({ method, path, query, headers, payloadHash: payloadHashOf(call), blanks })
    const hasLength = body !== undefined || method === 'PUT' || method === 'POST'
    const told = { sizeBytes: hasLength ? sizeBytes : null, expectContinue }
    return requestHead({ method, path, query, headers: signed, ...told }, context)
  }
}

/** Small, and refused for a wrong signature before anything else. */
const getLocation = { operation: 'GetBucketLocation', method: 'GET', query: [['location', '']] } as const

function keyHeaders(key: SseCKey | undefined): readonly HeaderPair[] {
  if (key === undefined) return []
  return [
    [customerKeyHeaders.algorithm, 'AES256'],
    [customerKeyHeaders.key, key.key],
    [customerKeyHeaders.md5, key.md5],
  ]
}

/** As a site might repeat it in a refusal. */
const spellings = ({ key }: SseCKey): readonly string[] => [key, Buffer.from(key, 'base64').toString('hex')]

/** The key is in the request's head as it is: in clear it goes no further than this machine. */
function isFitForKeys(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** Object bytes go unsigned: they are checked by MD5 where it is known. */
function payloadHashOf({ body, signBody, payloadHash }: SignedCall): string {
  if (payloadHash !== undefined) return payloadHash
  if (body === undefined) return emptyPayloadHash
  return signBody === true && body instanceof Uint8Array ? hash('sha256', body, 'hex') : unsignedPayload
}

function encoded(path: () => string, context: FaultContext): string {
  try {
    return path()
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw faultAt('KEY_NOT_ALLOWED', 'the key is not valid Unicode', context)
  }
}

/** What the site says in its refusal: S3's error document, or the bare status. */
export function readRefusal(answer: WireAnswer): SiteAnswer {
  const { status, headers, bytes } = answer
  const leaves = errorLeaves(bytes)
  const [code = null, words = null] = [leaves.get('Code'), leaves.get('Message')]
  return { status, code, words, retryAfterMs: retryAfterMs(headers) }
}

export function redirectHintOf({
  status,
  headers,
  bytes,
}: Pick<WireAnswer, 'status' | 'headers' | 'bytes'>): RedirectHint {
  const leaves = errorLeaves(bytes)
  const [code, region, endpoint] = ['Code', 'Region', 'Endpoint'].map((name) => leaves.get(name) ?? null)
  return { status, headers, code: code ?? null, region: region ?? null, endpoint: endpoint ?? null }
}

function errorLeaves(bytes: Buffer): ReadonlyMap<string, string> {
  try {
    return bytes.length > 0 ? xmlLeaves(bytes) : new Map()
  } catch (error) {
    // A proxy's web page: its status is all that can be used.
    if (!(error instanceof XmlError)) throw error
    return new Map()
  }
}

/** Value of `Content-MD5`. */
export const contentMd5Of = (bytes: Uint8Array): string => hash('md5', bytes, 'base64')

import { hash } from 'node:crypto'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Site } from '../../../shared/model/site.ts'
import type { FaultContext } from '../base/errors.ts'
import type { HeaderPair } from '../s3/headers.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { pumped } from '../s3/pumped.ts'
import type { BlankSpelling } from '../s3/signed-blanks.ts'
import { emptyPayloadHash, unsignedPayload } from '../s3/sigv4.ts'
import { BlankProbe } from './blank-probe.ts'
import { secureContextOf } from './s3-store.ts'
import { redirectHintOf, readRefusal } from './signed-calls.ts'
import { BucketEndpoints } from './bucket-endpoints.ts'
import { ConnectionPool } from './wire/connection-pool.ts'
import { requestHead } from './wire/request-head.ts'
import { defaultTimeouts, type Timeouts, type WireAnswer } from './wire/request.ts'

/** A request as somebody else made it, to be signed anew and sent as it is. */
export interface WireCall {
  /** The S3 operation, for messages. */
  readonly operation: string
  readonly method: string
  /** '' at the service level. */
  readonly bucket: string
  /** Decoded; '' at the service and bucket levels. */
  readonly key: string
  /** Encoded and sorted as SigV4 wants it. */
  readonly query: string
  readonly headers: readonly HeaderPair[]
  /** Sent, but not part of the signature: what proxies on the way may change. */
  readonly unsigned: readonly HeaderPair[]
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
  /** null sends no Content-Length. */
  readonly sizeBytes: number | null
  readonly expectContinue: boolean
  /** `x-amz-content-sha256` for a body with a framing of its own; otherwise it follows from the body. */
  readonly payloadHash?: string | undefined
  /** For what has to be asked as anybody: without Lockstep's signature and rights. */
  readonly anonymous?: true
  /** Give a 2xx body as a stream, unless it is small. */
  readonly stream: boolean
  readonly responseMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** One site as the gateway speaks to it: any request, any answer. Only broken connections throw. */
export interface SiteWire {
  send(call: WireCall): Promise<WireAnswer>
  readonly timeouts: Timeouts
  /** Ends everything under way. */
  close(): void
}

export interface SiteWireOptions {
  readonly site: Site
  readonly keys: KeyPair
  readonly sockets: number
  readonly timeouts?: Partial<Timeouts> | undefined
  /** Epoch ms: dates the signatures. */
  readonly now: () => number
}

/** Answers up to this size are passed on in one piece. */
const smallBytes = 64 * 1024

export function openSiteWire(options: SiteWireOptions): SiteWire {
  return new SignedWire(options)
}

/** Signs each request for the region that its bucket is in, and says again where the site points elsewhere. */
class SignedWire implements SiteWire {
  readonly timeouts: Timeouts
  readonly #site: Site
  readonly #keys: KeyPair
  readonly #endpoints: BucketEndpoints
  readonly #pool: ConnectionPool
  readonly #blanks = new BlankProbe()

  constructor({ site, keys, sockets, timeouts, now }: SiteWireOptions) {
    this.timeouts = { ...defaultTimeouts, ...timeouts }
    this.#site = site
    this.#keys = keys
    this.#endpoints = new BucketEndpoints(site, keys, now)
    let secureContext: ReturnType<typeof secureContextOf> | null = null
    this.#pool = new ConnectionPool({
      sockets,
      timeouts: this.timeouts,
      secureContext: () => (secureContext ??= secureContextOf(site)),
      insecureSkipVerify: site.tls.insecureSkipVerify,
      ticks: () => performance.now(),
    })
  }

  async send(call: WireCall): Promise<WireAnswer> {
    const bucket = bucketOf(call)
    const asked = this.#endpoints.at(bucket)
    const answer = await this.#once(call)
    if (answer.status < 300 || call.anonymous === true) return answer
    const isNamed = this.#endpoints.follow(bucket, redirectHintOf(answer), asked)
    return isNamed && (call.body === null || call.body instanceof Uint8Array) ? this.#once(call) : answer
  }

  close(): void {
    const place = { site: this.#site.id }
    this.#pool.close(new FaultError(fault('CANCELLED', 'Lockstep closed its connections to the site', place)))
  }

  async #once(call: WireCall): Promise<WireAnswer> {
    if (call.anonymous === true) return this.#spelt(call, 'blanks')
    // Others may wait for the same answer: it does not end with this call.
    const asking = { ...getLocation, bucket: call.bucket }
    const blanks = await this.#blanks.spelling(call.headers, async (header, spelling) =>
      readRefusal(await this.#spelt({ ...asking, headers: [header] }, spelling)),
    )
    const answer = await this.#spelt(call, blanks)
    if (answer.status === 403) this.#blanks.heard(readRefusal(answer))
    return answer
  }

  async #spelt(call: WireCall, blanks: BlankSpelling): Promise<WireAnswer> {
    call.signal?.throwIfAborted()
    const { method, body, sizeBytes, expectContinue, stream, responseMs = this.timeouts.responseMs, signal } = call
    const bucket = bucketOf(call)
    return this.#pool.send({
      host: this.#endpoints.at(bucket).address.host(bucket),
      method,
      head: this.#headOf(call, blanks),
      body: body === null || body instanceof Uint8Array ? body : pumped(body),
      sizeBytes: sizeBytes ?? 0,
      expectContinue,
      stream,
      smallBytes,
      responseMs,
      signal,
      context: this.#context(call),
    })
  }

  #headOf(call: WireCall, blanks: BlankSpelling): string {
    const { method, query, sizeBytes, expectContinue } = call
    const bucket = bucketOf(call)
    const { address, signer } = this.#endpoints.at(bucket)
    const path = address.path(bucket, call.key === '' ? undefined : call.key)
    const headers: HeaderPair[] = [['host', address.host(bucket).header], ...call.headers]
    const payloadHash = payloadHashOf(call)
    const sent = call.anonymous === true ? headers : signer.sign({ method, path, query, headers, payloadHash, blanks })
    const whole = [...sent, ...call.unsigned]
    return requestHead({ method, path, query, headers: whole, sizeBytes, expectContinue }, this.#context(call))
  }

  #context({ operation, bucket, key }: WireCall): FaultContext {
    const { secretAccessKey, accessKeyId } = this.#keys
    return { operation, siteId: this.#site.id, bucket, key, secrets: [secretAccessKey, accessKeyId] }
  }
}

const bucketOf = ({ bucket }: WireCall): string | undefined => (bucket === '' ? undefined : bucket)

const getLocation = {
  operation: 'GetBucketLocation',
  method: 'GET',
  key: '',
  query: 'location=',
  unsigned: [],
  body: null,
  sizeBytes: null,
  expectContinue: false,
  stream: false,
} as const

/** Unlike the store's own, a body at hand is signed: its client may have said no MD5. One that streams cannot be before its head has left. */
function payloadHashOf({ body, payloadHash }: WireCall): string {
  if (payloadHash !== undefined) return payloadHash
  if (body === null) return emptyPayloadHash
  return body instanceof Uint8Array ? hash('sha256', body, 'hex') : unsignedPayload
}

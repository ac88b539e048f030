import { checksumHeaderName } from '../s3/checksum.ts'
import type { Site } from '../../../shared/model/site.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { openSiteWire, type SiteWire } from '../store/site-wire.ts'
import type { Timeouts, WireAnswer } from '../store/wire/request.ts'
import type { OutgoingBody } from './client-body.ts'
import type { S3Call } from './protocol/read-call.ts'
import { forwardHeaders, forwardQuery } from './forward-headers.ts'
import { chunkedFrames, chunkedHeaders, chunkedLength, type Trailing } from '../s3/aws-chunked-frame.ts'
import type { HeaderPair } from '../s3/headers.ts'
import { unsignedTrailerPayload } from '../s3/sigv4.ts'
import { TrailerProbe } from './trailer-probe.ts'

export interface UpstreamOptions {
  readonly site: (siteId: string) => Site
  readonly keys: (siteId: string) => KeyPair
  readonly timeouts?: Partial<Timeouts> | undefined
  readonly now: () => number
}

/** How a client's request goes to a site. */
export interface Passage {
  readonly siteId: string
  /** In the client's bucket, unless another is named. */
  readonly bucket?: string
  readonly body: OutgoingBody
  /** Over the client's; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly stream: boolean
  readonly responseMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What of a request goes to a site. */
export type SentCall = Pick<S3Call, 'operation' | 'method' | 'bucket' | 'key' | 'query' | 'headers'>

export interface UnsignedPreflight {
  readonly bucket: string
  readonly key: string
  readonly headers: readonly HeaderPair[]
  readonly responseMs: number
  readonly signal: AbortSignal
}

/** Requests under way to one site; more wait for a connection that is free. */
const sockets = 1024

interface OpenSite {
  readonly site: Site
  readonly keys: KeyPair
  readonly wire: SiteWire
  readonly trailers: TrailerProbe
}

/** The gateway's connections to the sites, opened when they are needed, anew when a site was edited. */
export class Upstream {
  readonly #options: UpstreamOptions
  readonly #open = new Map<string, OpenSite>()

  constructor(options: UpstreamOptions) {
    this.#options = options
  }

  get timeouts(): Partial<Timeouts> {
    return this.#options.timeouts ?? {}
  }

  /** Signed anew, otherwise as the client made it. Any answer is one; only broken connections throw. */
  async send({ call }: { readonly call: SentCall }, passage: Passage): Promise<WireAnswer> {
    const { headers } = call
    const { siteId, bucket = call.bucket, stream, responseMs, signal } = passage
    const { wire, trailers } = this.#opened(siteId)
    const trailing = trailingOf(passage.body)
    const framed = trailing !== null && (await trailers.takes(bucket)) ? trailing : null
    const body = framed === null ? passage.body : { ...passage.body, ...framesOf(framed) }
    const sums = framed === null ? checksumHeaders(headers, body) : framedHeaders(framed, headers)
    const { signed, unsigned } = forwardHeaders(headers, { ...sums, ...passage.headers })
    return wire.send({
      operation: call.operation,
      method: call.method,
      bucket,
      key: call.key,
      query: forwardQuery(call.query, passage.query),
      headers: signed,
      unsigned,
      body: body.body,
      sizeBytes: body.sizeBytes,
      expectContinue: body.expectContinue,
      payloadHash: framed === null ? undefined : unsignedTrailerPayload,
      stream,
      responseMs,
      signal,
    })
  }

  /** A preflight, unsigned: the site answers it by the bucket's CORS rules for anybody. */
  preflight(siteId: string, { bucket, key, headers, responseMs, signal }: UnsignedPreflight): Promise<WireAnswer> {
    return this.#opened(siteId).wire.send({
      operation: 'Preflight',
      method: 'OPTIONS',
      bucket,
      key,
      query: '',
      headers,
      unsigned: [],
      anonymous: true,
      body: null,
      sizeBytes: null,
      expectContinue: false,
      stream: false,
      responseMs,
      signal,
    })
  }

  close(): void {
    for (const { wire } of this.#open.values()) wire.close()
    this.#open.clear()
  }

  #opened(siteId: string): OpenSite {
    const { now, timeouts } = this.#options
    const site = this.#options.site(siteId)
    const keys = this.#options.keys(siteId)
    const known = this.#open.get(siteId)
    // Requests under way end on the old connections, which close by themselves when idle.
    if (known !== undefined && known.site === site && known.keys === keys) return known
    const wire = openSiteWire({ site, keys, sockets, timeouts, now })
    const opened: OpenSite = { site, keys, wire, trailers: new TrailerProbe(wire, now) }
    this.#open.set(siteId, opened)
    return opened
  }
}

/**
 * A checksum that came behind the body goes before it where the body is at hand. Where it is not, and the site takes none
 * behind it, it has been checked here, and the site must not be told to expect one.
 */
function checksumHeaders(headers: S3Call['headers'], body: OutgoingBody): Record<string, string | undefined> {
  if (headers['x-amz-trailer'] === undefined) return {}
  if (body.trailing.length > 0) return { 'x-amz-sdk-checksum-algorithm': undefined }
  const found: Record<string, string | undefined> = {}
  for (const [algorithm, value] of body.checksums) found[checksumHeaderName(algorithm)] = value
  return body.checksums.size === 0 ? { 'x-amz-sdk-checksum-algorithm': undefined } : found
}

/** null where nothing follows the body, or it is at hand. */
function trailingOf({ body, sizeBytes, trailing, checksums }: OutgoingBody): Trailing | null {
  if (body === null || body instanceof Uint8Array || sizeBytes === null || trailing.length === 0) return null
  return { pieces: body, sizeBytes, algorithms: trailing, checksums }
}

const framesOf = (trailing: Trailing): Pick<OutgoingBody, 'body' | 'sizeBytes'> => ({
  body: chunkedFrames(trailing),
  sizeBytes: chunkedLength(trailing),
})

/** Over what {@link forwardHeaders} would say of the content. */
function framedHeaders(trailing: Trailing, headers: S3Call['headers']): Record<string, string> {
  return chunkedHeaders(trailing, headers['content-encoding'])
}

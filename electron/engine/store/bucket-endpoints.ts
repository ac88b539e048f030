import type { Elsewhere } from '../../../shared/model/rule.ts'
import type { Site } from '../../../shared/model/site.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { createAddress, type Address } from '../s3/address.ts'
import { createSigner, type Signer } from '../s3/signer.ts'
import type { HeaderMap } from '../s3/headers.ts'

/** How to ask for a bucket. */
export interface BucketEndpoint {
  readonly endpoint: string
  readonly region: string
  readonly address: Address
  readonly signer: Signer
}

/** A refusal as far as it may say where to ask instead. */
export interface RedirectHint {
  readonly status: number
  readonly code: string | null
  readonly headers: HeaderMap
  /** Elements `Region` and `Endpoint` of the error document. */
  readonly region: string | null
  readonly endpoint: string | null
}

const regionShape = /^[a-z0-9][a-z0-9-]{0,62}$/i
const hostShape = /^[a-z0-9.-]+(?::\d{1,5})?$/i
const redirects: ReadonlySet<number> = new Set([301, 302, 307, 308])
/** What a site said longer ago than this may have been put right there since: it is believed anew. */
const circleMs = 10_000
/** AWS names its endpoints by region; all of them take the same keys. */
const awsHost = /^s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/

/**
 * Where the buckets of one site are asked for: as the site is set, until it says itself that it expects another region. Keys
 * follow such a word to the site's own host only, or to the endpoints of AWS where the site is one: any other host might be
 * anybody's.
 */
export class BucketEndpoints {
  readonly #site: Pick<Site, 'endpoint' | 'region' | 'pathStyle'>
  readonly #host: string
  readonly #own: BucketEndpoint
  readonly #learned = new Map<string, BucketEndpoint>()
  /** When which region was tried last, by bucket: a site that sends one round in a circle is not followed. */
  readonly #tried = new Map<string, Map<string, number>>()
  readonly #now: () => number
  readonly #asked = new Set<string>()
  readonly #place: (endpoint: string, region: string) => BucketEndpoint
  readonly #onLearned: (region: string) => void

  constructor(
    site: Pick<Site, 'endpoint' | 'region' | 'pathStyle'>,
    keys: KeyPair,
    now: () => number,
    onLearned: (region: string) => void = () => undefined,
  ) {
    this.#site = site
    this.#host = new URL(site.endpoint).host
    this.#place = (endpoint, region) => ({
      endpoint,
      region,
      address: createAddress({ endpoint, pathStyle: site.pathStyle }),
      signer: createSigner(keys, region, now),
    })
    this.#now = now
    this.#own = this.#place(site.endpoint, site.region)
    this.#onLearned = onLearned
  }

  /** `bucket` undefined: the site as a whole. */
  at(bucket: string | undefined): BucketEndpoint {
    return this.#learned.get(bucket ?? '') ?? this.#own
  }

  /** What a refusal says; null when it points nowhere, or to where it was asked. */
  elsewhere(bucket: string | undefined, answer: RedirectHint): Elsewhere | null {
    const isRedirect = redirects.has(answer.status)
    if (!isRedirect && !(answer.status === 400 && saysRegion(answer))) return null
    const named = answer.region ?? answer.headers['x-amz-bucket-region'] ?? null
    const region = named !== null && regionShape.test(named) && named !== this.at(bucket).region ? named : null
    const host = isRedirect ? hostOf(answer) : null
    const isOurs = host === null || host === this.#host || (region !== null && this.#awsEndpoint(region) !== null)
    const endpoint = isOurs ? null : `${new URL(this.#site.endpoint).protocol}//${host}`
    return region === null && endpoint === null ? null : { region, endpoint }
  }

  /** true: the same request may be sent again, and goes where the site said. `asked`: where it went before. */
  follow(bucket: string | undefined, answer: RedirectHint, asked: BucketEndpoint): boolean {
    // Requests side by side are refused alike: the first has learned it for all.
    if (this.at(bucket) !== asked) return answer.status === 400 || redirects.has(answer.status)
    const found = this.elsewhere(bucket, answer)
    if (found === null || found.region === null || found.endpoint !== null) return false
    const elsewhere = redirects.has(answer.status) ? this.#awsEndpoint(found.region) : null
    // Sent away without a word where to: the same host would send away again.
    if (redirects.has(answer.status) && elsewhere === null && hostOf(answer) !== this.#host) return false
    const name = bucket ?? ''
    const tried = this.#tried.get(name) ?? new Map([[asked.region, this.#now()]])
    if (this.#now() - (tried.get(found.region) ?? -Infinity) < circleMs) return false
    this.#tried.set(name, tried.set(found.region, this.#now()))
    this.#learned.set(name, this.#place(elsewhere ?? this.#site.endpoint, found.region))
    this.#onLearned(found.region)
    return true
  }

  /**
   * true: the answer to a HEAD says nothing, and a GET of the bucket might say the right region. Once a bucket: a site may
   * refuse a HEAD with 400 for other reasons.
   */
  isWordless(bucket: string | undefined, { status, code, headers }: RedirectHint): boolean {
    if (status !== 400 || code !== null || bucket === undefined || this.#asked.has(bucket)) return false
    this.#asked.add(bucket)
    return headers['x-amz-bucket-region'] === undefined
  }

  #awsEndpoint(region: string): string | null {
    const own = awsHost.exec(this.#host)
    if (own === null || !this.#site.endpoint.startsWith('https:')) return null
    return `https://s3.${region}.amazonaws.com${own[1] ?? ''}`
  }
}

const saysRegion = ({ code, region, headers }: RedirectHint): boolean =>
  code === 'AuthorizationHeaderMalformed'
    ? region !== null
    : code === null && headers['x-amz-bucket-region'] !== undefined

function hostOf({ endpoint, headers }: RedirectHint): string | null {
  if (endpoint !== null) return hostShape.test(endpoint) ? endpoint.toLowerCase() : null
  const location = headers['location']
  return location !== undefined && URL.canParse(location) ? new URL(location).host : null
}

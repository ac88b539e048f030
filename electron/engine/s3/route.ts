import { operationTable, type Level, type OperationRow, type S3Operation } from './operation-table.ts'
import { decodePercent, parseQuery, type Query } from './query.ts'
import { S3Error } from './s3-error.ts'

export type { S3Operation } from './operation-table.ts'

type OperationChoice = readonly [selector: string | null, operation: S3Operation]

const rows: readonly (readonly [S3Operation, OperationRow])[] = Object.entries(operationTable).map(
  ([operation, row]) => [operation as S3Operation, row],
)
/** By method and level: the query names that select an operation, in the order of the list, the plain operation last. */
const choices: ReadonlyMap<string, readonly OperationChoice[]> = new Map(
  [...Map.groupBy(rows, ([, { method, level }]) => `${method} ${level}`)].map(([place, found]) => [
    place,
    found
      .filter(([, { copies }]) => !copies)
      .map(([operation, { selector }]): OperationChoice => [selector, operation])
      .toSorted(([a], [b]) => Number(a === null) - Number(b === null)),
  ]),
)

/** Names that select some operation: a request that carries one is never taken for a plain operation. */
const selectors: ReadonlySet<string> = new Set([
  ...rows.flatMap(([, { selector }]) => selector ?? []),
  // S3 has these, and this list of operations has not.
  ...(
    'accelerate analytics intelligent-tiering inventory logging metrics notification renameObject requestPayment restore ' +
    'session torrent'
  ).split(' '),
])

/** What a request line asks for, and of what: read once, with nothing judged yet. */
export interface Routed {
  readonly operation: S3Operation
  readonly method: string
  /** '' at the service level. */
  readonly bucket: string
  /** Decoded; '' at the service and bucket levels. */
  readonly key: string
  readonly query: Query
  /** As on the wire, for the signature. */
  readonly rawPath: string
}

export interface RouteOptions {
  /** Host names whose subdomains are buckets: with `s3.test`, `Host: b.s3.test` means bucket `b`. */
  readonly baseHosts: readonly string[]
}

type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Printable ASCII without `#`, from the first slash on: what a request target may be made of (RFC 9112 §3.2.1). */
const originForm = /^\/[!"$-~]*$/

/**
 * Reads bucket, key and operation from the raw request target. The target is never normalised: `a/../b`, `//` and `%2F`
 * are parts of keys. Throws where there is more than one way to read it.
 */
export function route(method: string, target: string, headers: RequestHeaders, options: RouteOptions): Routed {
  if (!originForm.test(target)) throw new S3Error('InvalidURI')
  const mark = target.indexOf('?')
  const rawPath = mark < 0 ? target : target.slice(0, mark)
  const query = parseQuery(mark < 0 ? '' : target.slice(mark + 1))
  const { bucket, key } = resource(rawPath, bucketOfHost(headers['host'], options.baseHosts))
  if (key.length > 341 && Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
  const operation = chooseOperation(method, bucket, key, query, headers['x-amz-copy-source'] !== undefined)
  return { operation, method, bucket, key, query, rawPath }
}

function bucketOfHost(host: string | readonly string[] | undefined, baseHosts: readonly string[]): string | null {
  if (typeof host !== 'string' || baseHosts.length === 0) return null
  // A full name may end with a dot.
  const name = host.replace(/\.?(?::\d+)?$/, '').toLowerCase()
  for (const base of baseHosts) {
    if (name.endsWith(`.${base}`)) return name.slice(0, -base.length - 1)
  }
  return null
}

/** A bucket is named or there is nothing: an empty name before a key is read by each server in its own way. */
function resource(rawPath: string, hostBucket: string | null): { readonly bucket: string; readonly key: string } {
  const path = rawPath.slice(1)
  const slash = hostBucket === null ? path.indexOf('/') : -1
  const bucket = hostBucket ?? decodePercent(slash < 0 ? path : path.slice(0, slash))
  if (bucket === '' ? rawPath !== '/' || hostBucket !== null : bucket.includes('/'))
    throw new S3Error('InvalidBucketName')
  if (hostBucket !== null) return { bucket, key: decodePercent(path) }
  return { bucket, key: slash < 0 ? '' : decodePercent(path.slice(slash + 1)) }
}

function chooseOperation(method: string, bucket: string, key: string, query: Query, copies: boolean): S3Operation {
  const level: Level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object'
  const found = choices.get(`${method} ${level}`)?.find(([selector]) => selector === null || query.has(selector))
  if (found === undefined) return 'Unknown'
  const [selector, operation] = found
  if (selector === null && query.pairs.some(([name]) => selectors.has(name))) return 'Unknown'
  if (copies && operation === 'PutObject') return 'CopyObject'
  if (copies && operation === 'UploadPart') return 'UploadPartCopy'
  return operation
}

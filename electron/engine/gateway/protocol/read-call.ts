import type { GatewayRight } from '../../../../shared/model/gateway-rights.ts'
import { checkKey } from './key.ts'
import { parseCopySource, type CopySource } from './copy-source.ts'
import * as headerNames from '../../s3/header-names.ts'
import { withoutAwsChunked } from '../../s3/content-coding.ts'
import { operationTable, type KnownOperation, type OperationRow } from '../../s3/operation-table.ts'
import { ignored, isWellFormed, repeatable } from './query-syntax.ts'
import { Query } from '../../s3/query.ts'
import { rightOfHeader } from './header-rights.ts'
import type { Routed } from '../../s3/route.ts'
import { S3Error } from '../../s3/s3-error.ts'

/** Names in lower case. */
export type CallHeaders = Readonly<Record<string, string | undefined>>

/** A client's request, read once: what is authorised, and what goes to a site, are both made of this and of nothing else. */
export interface S3Call {
  readonly operation: KnownOperation
  readonly method: string
  /** '' at the service level. */
  readonly bucket: string
  /** Decoded; '' at the service and bucket levels. */
  readonly key: string
  /** Only names that the operation has, with values of their syntax; without the signature of a presigned URL. */
  readonly query: Query
  /** Only those with a meaning in this operation, and `x-amz-trailer`; those of a presigned URL's query among them. */
  readonly headers: CallHeaders
  /**
   * The rights that the whole request needs in {@link bucket}, for {@link key}. A copy needs `read` for its source besides, and
   * DeleteObjects what its document says.
   */
  readonly needs: readonly GatewayRight[]
  readonly copySource: CopySource | null
  /** The longest body that belongs to it; null leaves that to the site. */
  readonly mostBodyBytes: number | null
}

export interface IncomingHeaders {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values in turn, as they came: joined ones no longer tell that they were several. */
  readonly rawHeaders: readonly string[]
}

interface Shape {
  readonly row: OperationRow
  readonly query: ReadonlySet<string>
  readonly required: readonly string[]
  readonly headers: ReadonlySet<string>
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')
const consumed = new Set(words(headerNames.consumed))

const shapes: ReadonlyMap<string, Shape> = new Map(
  Object.entries(operationTable).map(([operation, row]: [string, OperationRow]) => {
    const required = words(row.requires)
    const selector = row.selector === null ? [] : [row.selector]
    const query = new Set([...selector, ...required, ...words(row.query)])
    const headers = new Set([...words(headerNames.common), ...words(row.headers)])
    return [operation, { row, query, required, headers }] as const
  }),
)
/** Every header that has a meaning in some operation: in another, S3 passes it over. */
const knownHeaders: ReadonlySet<string> = new Set([...shapes.values()].flatMap(({ headers }) => [...headers]))

const mostHeaders = 256
/** Ways in which servers are steered past S3: by their own replication, administration and other dialects. */
const foreign = /^x-(?:minio|rustfs|rgw|ceph|emc|goog|oss|cos|obs|container|object|account|auth|copy|delete|versions)-/

/** A replicator asks the site to answer for itself and not for a peer: the gateway does, and tells its site anew. */
const ownAnswer = /^x-(?:minio|rustfs)-source-proxy-request$/

/** Reads the whole of a request that was routed. Throws the refusal of what is not known, or can be read in more than one way. */
export function readCall(routed: Routed, incoming: IncomingHeaders): S3Call {
  const { operation, method, bucket, key } = routed
  if (operation === 'Unknown') throw notKnown(routed)
  checkKey(key)
  const shape = shapes.get(operation)!
  refuseRepeated(incoming, shape)
  const headers: Record<string, string> = {}
  const needs = new Set<GatewayRight>(shape.row.needs)
  const take = (name: string, value: string): void => {
    headers[name] = value
    const right = rightOfHeader(name, value)
    if (right !== null) needs.add(right)
  }
  readHeaders(incoming, shape, take)
  const query = readQuery(routed.query, shape, (name, value) => {
    if (headers[name] !== undefined) throw twice(name)
    take(name, value)
  })
  if (operation === 'DeleteObject' && query.has('versionId')) {
    needs.delete('delete')
    needs.add('deleteVersions')
  }
  const copySource = shape.row.copies ? parseCopySource(headers['x-amz-copy-source'] ?? '') : null
  if (copySource !== null) headers['x-amz-copy-source'] = copySource.header
  const parsed = { operation, method, bucket, key, query, headers, copySource }
  return { ...parsed, needs: [...needs], mostBodyBytes: shape.row.bodyBytes }
}

function notKnown({ bucket, query, method }: Routed): S3Error {
  // Sign-in services and administration live there on most servers: nothing for clients of objects.
  if (bucket === '') return new S3Error('AccessDenied', { message: 'The gateway passes no such request on.' })
  const named = query.pairs.map(([name]) => name).slice(0, 3)
  const what = named.length === 0 ? method : `${method} with ?${named.join('&').slice(0, 100)}`
  return new S3Error('NotImplemented', { message: `The gateway knows no operation ${what} here, and passes none on.` })
}

function readHeaders({ headers }: IncomingHeaders, shape: Shape, take: (name: string, value: string) => void): void {
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string') continue
    if (shape.headers.has(name)) {
      const text = name === 'content-encoding' ? withoutAwsChunked(value) : value
      if (text !== '' || name !== 'content-encoding') take(name, text)
    } else if (name.startsWith('x-')) readOther(name, value, shape, take)
  }
}

function readOther(name: string, value: string, shape: Shape, take: (name: string, value: string) => void): void {
  if (name.startsWith(headerNames.metadataPrefix)) {
    if (shape.headers.has('x-amz-meta-*')) take(name, value)
  } else if (name === 'x-amz-trailer') take(name, value)
  else if (consumed.has(name) || knownHeaders.has(name) || (value === 'false' && ownAnswer.test(name))) return
  else if (name.startsWith('x-amz-') || foreign.test(name)) throw unknownHeader(name)
}

const unknownHeader = (name: string): S3Error =>
  new S3Error('NotImplemented', {
    message: `The gateway does not know the header ${name.slice(0, 100)}, and passes it to no site.`,
  })

/** What a presigned URL carries of its signature. */
export const presigned: ReadonlySet<string> = new Set(
  (
    'X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature X-Amz-Security-Token ' +
    'X-Amz-Content-Sha256'
  ).split(' '),
)

function readQuery(query: Query, shape: Shape, takeHeader: (name: string, value: string) => void): Query {
  if (query.pairs.length === 0 && shape.required.length === 0) return query
  const pairs: (readonly [string, string])[] = []
  const seen = new Set<string>()
  for (const pair of query.pairs) {
    const [name, value] = pair
    if (seen.has(name) && !repeatable.has(name)) throw twice(name)
    seen.add(name)
    if (presigned.has(name) || ignored.has(name)) continue
    if (shape.query.has(name)) {
      if (!isWellFormed(name, value))
        throw new S3Error('InvalidArgument', { message: `The value of ${name} is not one of S3.` })
      pairs.push(pair)
    } else if (/^x-amz-/i.test(name)) readLifted(name.toLowerCase(), value, shape, takeHeader)
    else throw unknownName(name)
  }
  const missing = shape.required.find((name) => !seen.has(name))
  if (missing !== undefined) throw new S3Error('InvalidArgument', { message: `This request needs ${missing}.` })
  return new Query(pairs)
}

const unknownName = (name: string): S3Error =>
  new S3Error('NotImplemented', {
    message: `The gateway does not know ?${name.slice(0, 100)} here, and passes it to no site.`,
  })

/**
 * Headers that the signer of a URL put into its query. Those of checksums describe a body that was not there yet: SDKs write
 * the checksum of nothing.
 */
function readLifted(name: string, value: string, shape: Shape, take: (name: string, value: string) => void): void {
  if (consumed.has(name) || name.startsWith('x-amz-checksum-') || name === 'x-amz-sdk-checksum-algorithm') return
  const isKnown = name.startsWith(headerNames.metadataPrefix)
    ? shape.headers.has('x-amz-meta-*')
    : shape.headers.has(name)
  // oxlint-disable-next-line no-control-regex -- a header holds none of them
  if (!isKnown || /[\u0000-\u001f\u007f]|[^\u0000-\u00ff]/.test(value)) throw unknownName(name)
  take(name, value)
}

const twice = (name: string): S3Error =>
  new S3Error('InvalidRequest', {
    message: `${name.slice(0, 100)} was given more than once: servers disagree which counts.`,
  })

/** Of a repeated header some servers take the first, some the last, some all. So too where `Connection` claims one for itself. */
function refuseRepeated({ headers, rawHeaders }: IncomingHeaders, shape: Shape): void {
  if (rawHeaders.length > 2 * mostHeaders) throw new S3Error('RequestHeaderSectionTooLarge')
  const counts = (name: string): boolean =>
    shape.headers.has(name) || consumed.has(name) || name.startsWith('x-amz-') || name === 'host' || name === 'expect'
  let names = 0
  for (const _ in headers) names += 1
  if (2 * names !== rawHeaders.length) {
    const seen = new Set<string>()
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at]!.toLowerCase()
      if (seen.has(name) && counts(name)) throw twice(name)
      seen.add(name)
    }
  }
  const { connection } = headers
  if (typeof connection !== 'string' || connection === 'keep-alive' || connection === 'close') return
  const claimed = connection
    .toLowerCase()
    .split(/[\s,]+/)
    .find((name) => counts(name) && name !== 'user-agent')
  if (claimed !== undefined) throw new S3Error('InvalidRequest', { message: `Connection names ${claimed}.` })
}

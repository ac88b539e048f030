import type { IncomingHttpHeaders } from 'node:http'
import type { Query } from '../../s3/query.ts'
import { S3Error } from '../../s3/s3-error.ts'
import type { Bodies } from '../bodies.ts'
import { parseRange, type ByteRange } from '../byte-range.ts'
import { judge, readConditions } from '../conditions.ts'
import { bucketOf, header, versionOf, type Answer, type SandboxOperation } from '../exchange.ts'
import { checkCustomerKey, customerKeyOf, describeVersion, refuseArchived } from '../object-headers.ts'
import { sliceSegments } from '../segment.ts'
import type { Version } from '../version-table.ts'

export const getObject: SandboxOperation = (site, exchange) => {
  const { headers, call } = exchange
  const bucket = bucketOf(site, exchange)
  const version = versionOf(site, bucket, call.key, call.query.get('versionId'))
  checkCustomerKey(version.facts.customerKeyMd5, customerKeyOf(headers))
  if (call.method !== 'HEAD') refuseArchived(version)
  const described = describeVersion(bucket, version)
  const verdict = judge(headers, readConditions, version)
  if (verdict === 'failed') throw new S3Error('PreconditionFailed')
  if (verdict === 'not-modified') return { status: 304, headers: described }
  const wanted = wantedBytes(headers, call.query, version)
  return {
    status: wanted.status,
    headers: { ...described, ...wanted.headers, ...checksumsOf(headers, version), ...overrides(call.query) },
    ...(call.method === 'HEAD' ? {} : { body: openBody(site.catalog.bodies, version, wanted.range) }),
  }
}

interface WantedBytes {
  readonly status: 200 | 206
  readonly headers: Readonly<Record<string, string | number>>
  /** null for an empty body. */
  readonly range: ByteRange | null
}

function wantedBytes(headers: IncomingHttpHeaders, query: Query, version: Version): WantedBytes {
  const part = query.get('partNumber')
  if (part !== undefined) return partRange(Number(part), version)
  const range = parseRange(header(headers, 'range'), version.sizeBytes)
  if (range === 'unsatisfiable') {
    throw new S3Error('InvalidRange', { headers: { 'content-range': `bytes */${version.sizeBytes}` } })
  }
  if (range !== null) return partial(range, version, {})
  const whole = version.sizeBytes === 0 ? null : { first: 0, last: version.sizeBytes - 1 }
  return { status: 200, headers: { 'content-length': version.sizeBytes }, range: whole }
}

function partRange(partNumber: number, version: Version): WantedBytes {
  const { segments, sizeBytes, facts } = version
  if (!Number.isInteger(partNumber) || partNumber < 1) {
    throw new S3Error('InvalidArgument', { message: 'Part number must be an integer between 1 and 10000.' })
  }
  const parts = facts.multipart === true ? segments.map((segment) => segment.sizeBytes) : [sizeBytes]
  const size = parts[partNumber - 1]
  if (size === undefined) throw new S3Error('InvalidPartNumber')
  const count: Record<string, number> = facts.multipart === true ? { 'x-amz-mp-parts-count': parts.length } : {}
  if (size === 0) return { status: 200, headers: { ...count, 'content-length': 0 }, range: null }
  const first = parts.slice(0, partNumber - 1).reduce((sum, one) => sum + one, 0)
  return partial({ first, last: first + size - 1 }, version, count)
}

function partial(range: ByteRange, version: Version, more: Readonly<Record<string, number>>): WantedBytes {
  const { first, last } = range
  const contentRange = `bytes ${first}-${last}/${version.sizeBytes}`
  return { status: 206, headers: { ...more, 'content-length': last - first + 1, 'content-range': contentRange }, range }
}

function checksumsOf(headers: IncomingHttpHeaders, version: Version): Record<string, string> {
  if (header(headers, 'x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return {}
  // A checksum of the whole body says nothing about a range of it.
  if (headers['range'] !== undefined) return {}
  return Object.fromEntries(
    Object.entries(version.facts.checksums ?? {}).map(([name, value]) => [`x-amz-checksum-${name}`, value]),
  )
}

const overridable = ['type', 'language', 'disposition', 'encoding'] as const

function overrides(query: Query): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of overridable) {
    const value = query.get(`response-content-${name}`)
    if (value !== undefined) found[`content-${name}`] = value
  }
  for (const name of ['cache-control', 'expires']) {
    const value = query.get(`response-${name}`)
    if (value !== undefined) found[name] = value
  }
  return found
}

function openBody(bodies: Bodies, version: Version, range: ByteRange | null): NonNullable<Answer['body']> {
  if (range === null) return Buffer.alloc(0)
  const slices = sliceSegments(version.segments, range.first, range.last)
  const small = slices.length === 1 ? bodies.readSmall(slices[0]!) : null
  return small ?? { sizeBytes: range.last - range.first + 1, chunks: bodies.read(slices) }
}

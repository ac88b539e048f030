import type { IncomingHttpHeaders } from 'node:http'
import { isMarkHeader } from '../replicate/origin.ts'
import type { HeaderPair } from '../store/sigv4.ts'
import { canonicalQuery } from './protocol/sigv4-sign.ts'
import { Query } from './protocol/query.ts'

/** What concerns one connection only (RFC 9110 §7.6.1), what the gateway says anew, and the client's own signature. */
const dropped = new Set(
  (
    'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade ' +
    'host authorization date x-amz-date x-amz-content-sha256 x-amz-security-token ' +
    'content-length expect x-amz-decoded-content-length x-amz-trailer'
  ).split(' '),
)

/** Signed: S3 demands the x-* ones. The rest may be changed by proxies on the way, which must not break the signature. */
const isSigned = (name: string): boolean => name.startsWith('x-') || name.startsWith('content-')

interface Forwarded {
  readonly signed: readonly HeaderPair[]
  readonly unsigned: readonly HeaderPair[]
}

/**
 * The client's headers as the site gets them, without marks of Lockstep; `changes` go over them, undefined takes one away.
 * Names in lower case.
 */
export function forwardHeaders(
  headers: IncomingHttpHeaders,
  changes: Readonly<Record<string, string | undefined>> = {},
): Forwarded {
  const hops = new Set((headers.connection ?? '').toLowerCase().split(/[\s,]+/))
  const signed: HeaderPair[] = []
  const unsigned: HeaderPair[] = []
  for (const name in headers) {
    const value = name in changes ? undefined : textOf(name, headers[name])
    if (value === undefined || dropped.has(name) || hops.has(name) || isMarkHeader(name)) continue
    if (isSigned(name)) signed.push([name, value])
    else unsigned.push([name, value])
  }
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) signed.push([name, value])
  return { signed, unsigned }
}

function textOf(name: string, value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value.join(', ') : value
  return name === 'content-encoding' ? contentCoding(text) : text
}

/** aws-chunked is the transport's, and was taken off; what else the client says of the content stays. */
export function contentCoding(text: string | undefined): string | undefined {
  const codings = text?.split(',').map((coding) => coding.trim())
  return codings?.filter((coding) => coding !== 'aws-chunked').join(',') || undefined
}

/** What a presigned URL carries of its signature: not the site's business. */
export const presigned =
  /^X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token|Content-Sha256)$/

/** The query without a presigned URL's signature, encoded and sorted; `changes` replace values, undefined takes a name away. */
export function forwardQuery(query: Query, changes: Readonly<Record<string, string | undefined>> = {}): string {
  if (query.pairs.length === 0) return ''
  const pairs = query.pairs.flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (presigned.test(name)) return []
    if (!(name in changes)) return [[name, value]]
    const changed = changes[name]
    return changed === undefined ? [] : [[name, changed]]
  })
  return canonicalQuery(new Query(pairs))
}

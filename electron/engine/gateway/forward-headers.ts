import { isMarkHeader } from '../replicate/marks/origin.ts'
import type { HeaderPair } from '../s3/headers.ts'
import type { CallHeaders } from './protocol/read-call.ts'
import { canonicalQuery, Query } from '../s3/query.ts'

/** Signed: S3 demands the x-* ones. The rest may be changed by proxies on the way, which must not break the signature. */
const isSigned = (name: string): boolean => name.startsWith('x-') || name.startsWith('content-')

interface Forwarded {
  readonly signed: readonly HeaderPair[]
  readonly unsigned: readonly HeaderPair[]
}

/**
 * A request's headers as the site gets them, without marks of Lockstep; `changes` go over them, undefined takes one away.
 * Names in lower case.
 */
export function forwardHeaders(
  headers: CallHeaders,
  changes: Readonly<Record<string, string | undefined>> = {},
): Forwarded {
  const signed: HeaderPair[] = []
  const unsigned: HeaderPair[] = []
  for (const name in headers) {
    const value = name in changes ? undefined : headers[name]
    // The trailer was read here: none follows.
    if (value === undefined || name === 'x-amz-trailer' || isMarkHeader(name)) continue
    if (isSigned(name)) signed.push([name, value])
    else unsigned.push([name, value])
  }
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) signed.push([name, value])
  return { signed, unsigned }
}

/** The query, encoded and sorted; `changes` replace values, undefined takes a name away. */
export function forwardQuery(query: Query, changes: Readonly<Record<string, string | undefined>> = {}): string {
  if (query.pairs.length === 0) return ''
  const pairs = query.pairs.flatMap(([name, value]): readonly (readonly [string, string])[] => {
    if (!(name in changes)) return [[name, value]]
    const changed = changes[name]
    return changed === undefined ? [] : [[name, changed]]
  })
  return canonicalQuery(new Query(pairs))
}

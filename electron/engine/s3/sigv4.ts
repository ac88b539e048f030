import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'
import { encodeUri } from './xml.ts'
import type { Query } from './query.ts'

/** The scope of a SigV4 signature: `date/region/service/aws4_request`. */
export interface SignatureScope {
  /** YYYYMMDD. */
  readonly date: string
  readonly region: string
  readonly service: string
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * The key that signs everything of one day, region and service. A key object, because Node takes several times as long
 * to begin an HMAC with the same key in a buffer.
 */
export function signingKey(secretAccessKey: string, scope: SignatureScope): KeyObject {
  const dateKey = hmac(`AWS4${secretAccessKey}`, scope.date)
  return createSecretKey(hmac(hmac(hmac(dateKey, scope.region), scope.service), 'aws4_request'))
}

export const scopeText = (scope: SignatureScope): string =>
  `${scope.date}/${scope.region}/${scope.service}/aws4_request`

export const hexHmac = (key: KeyObject, text: string): string => createHmac('sha256', key).update(text).digest('hex')

export interface CanonicalRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Lower case, in the order of the signature. */
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
}

/** The text whose hash is signed. */
export function canonicalRequest(request: CanonicalRequest): string {
  let headers = ''
  for (const name of request.signedHeaders) headers += `${name}:${headerText(request.headers[name])}\n`
  const names = request.signedHeaders.join(';')
  return `${request.method}\n${request.path}\n${request.query}\n${headers}\n${names}\n${request.payloadHash}`
}

function headerText(value: string | readonly string[] | undefined): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : value.join(',')
  return text.trim().replace(/\s+/g, ' ')
}

/** Query parameters encoded and sorted, without the signature itself. */
export function canonicalQuery(query: Query): string {
  if (query.pairs.length === 0) return ''
  return query.pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The text that the signing key signs. Header text outside ASCII is hashed in the given encoding. */
export function stringToSign(
  canonical: string,
  amzDate: string,
  scope: SignatureScope,
  encoding: 'latin1' | 'utf8',
): string {
  const digest = hash('sha256', encoding === 'utf8' ? canonical : Buffer.from(canonical, encoding), 'hex')
  return `AWS4-HMAC-SHA256\n${amzDate}\n${scopeText(scope)}\n${digest}`
}

/** Epoch ms of `YYYYMMDDTHHMMSSZ`; null when it is not such a date. */
export function parseAmzDate(text: string): number | null {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at) ? null : at
}

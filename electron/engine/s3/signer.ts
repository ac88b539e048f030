import type { KeyObject } from 'node:crypto'
import type { HeaderPair } from './headers.ts'
import type { KeyPair } from './key-pair.ts'
import { spellBlanks, type BlankSpelling } from './signed-blanks.ts'
import {
  algorithm,
  amzDateOf,
  canonicalRequest,
  hexHmac,
  scopeText,
  signingKey,
  stringToSign,
  type SignatureScope,
} from './sigv4.ts'

export interface Signable {
  readonly method: string
  /** Encoded once, exactly as sent. */
  readonly path: string
  /** Encoded and sorted, exactly as sent. */
  readonly query: string
  /** Every header to be signed, `host` among them. Values are latin1 text. */
  readonly headers: readonly HeaderPair[]
  /** Hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
  /** As the site reads them; only tabs and blanks outside ASCII differ. */
  readonly blanks?: BlankSpelling | undefined
}

export interface Signer {
  /** All headers to send: those given, and `x-amz-date`, `x-amz-content-sha256`, `authorization`. */
  sign(request: Signable): HeaderPair[]
}

/** Signs requests for service `s3`; the signing key is derived once a day, the date text once a second. */
export function createSigner(keys: KeyPair, region: string, now: () => number): Signer {
  let second = Number.NaN
  let date = ''
  let scope: SignatureScope = { date: '', region, service: 's3' }
  let key: KeyObject | null = null

  const amzDate = (): string => {
    const current = Math.floor(now() / 1000)
    if (current === second) return date
    second = current
    date = amzDateOf(current * 1000)
    if (date.slice(0, 8) !== scope.date) {
      scope = { ...scope, date: date.slice(0, 8) }
      key = signingKey(keys.secretAccessKey, scope)
    }
    return date
  }

  return {
    sign({ method, path, query, headers, payloadHash, blanks = 'blanks' }) {
      const all: HeaderPair[] = [...headers, ['x-amz-content-sha256', payloadHash], ['x-amz-date', amzDate()]]
      const { signedHeaders, headerLines } = sortedHeaders(all, blanks)
      const canonical = canonicalRequest({ method, path, query, headerLines, signedHeaders, payloadHash })
      const signature = hexHmac(key!, stringToSign(canonical, date, scope, 'latin1'))
      const credential = `${keys.accessKeyId}/${scopeText(scope)}`
      all.push([
        'authorization',
        `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      ])
      return all
    },
  }
}

function sortedHeaders(
  headers: readonly HeaderPair[],
  blanks: BlankSpelling,
): { signedHeaders: string; headerLines: string } {
  const sorted = headers.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
  let signedHeaders = ''
  let headerLines = ''
  for (const [name, value] of sorted) {
    signedHeaders += signedHeaders === '' ? name : `;${name}`
    headerLines += `${name}:${spellBlanks(value, blanks)}\n`
  }
  return { signedHeaders, headerLines }
}

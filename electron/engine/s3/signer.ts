import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'
import type { KeyPair } from './key-pair.ts'

/** Header names in lower case. */
export type HeaderPair = readonly [name: string, value: string]

export interface Signable {
  readonly method: string
  /** Encoded once, exactly as sent: S3 signs the path without normalising it. */
  readonly path: string
  /** Encoded and sorted, exactly as sent. */
  readonly query: string
  /** Every header to be signed, `host` among them. Values are latin1 text. */
  readonly headers: readonly HeaderPair[]
  /** Hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

export interface Signer {
  /** All headers to send: those given, and `x-amz-date`, `x-amz-content-sha256`, `authorization`. */
  sign(request: Signable): HeaderPair[]
}

export const unsignedPayload = 'UNSIGNED-PAYLOAD'
/** For a body in aws-chunked framing with a checksum behind it. */
export const unsignedTrailerPayload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
export const emptyPayloadHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Signature Version 4 for service `s3`; the signing key is derived once a day, the date text once a second. */
export function createSigner(keys: KeyPair, region: string, now: () => number): Signer {
  let second = Number.NaN
  let date = ''
  let day = ''
  let scope = ''
  // As a key object: Node takes eight times as long to begin an HMAC with the same key in a buffer.
  let signingKey: KeyObject | null = null

  const amzDate = (): string => {
    const current = Math.floor(now() / 1000)
    if (current === second) return date
    second = current
    date = new Date(current * 1000).toISOString().replace(/[-:]|\.\d{3}/g, '')
    if (date.slice(0, 8) !== day) {
      day = date.slice(0, 8)
      scope = `${day}/${region}/s3/aws4_request`
      signingKey = createSecretKey(
        hmac(hmac(hmac(hmac(`AWS4${keys.secretAccessKey}`, day), region), 's3'), 'aws4_request'),
      )
    }
    return date
  }

  return {
    sign({ method, path, query, headers, payloadHash }) {
      const all: HeaderPair[] = [...headers, ['x-amz-content-sha256', payloadHash], ['x-amz-date', amzDate()]]
      const [signed, canonical] = canonicalHeaders(all)
      const text = `${method}\n${path}\n${query}\n${canonical}\n${signed}\n${payloadHash}`
      const digest = hash('sha256', isAscii(text) ? text : Buffer.from(text, 'latin1'), 'hex')
      const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`
      const signature = createHmac('sha256', signingKey!).update(toSign).digest('hex')
      const credential = `${keys.accessKeyId}/${scope}`
      all.push([
        'authorization',
        `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
      ])
      return all
    },
  }
}

function canonicalHeaders(headers: readonly HeaderPair[]): [signed: string, canonical: string] {
  const sorted = headers.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
  let signed = ''
  let canonical = ''
  for (const [name, value] of sorted) {
    signed += signed === '' ? name : `;${name}`
    canonical += `${name}:${value.includes('  ') ? value.replace(/ {2,}/g, ' ') : value}\n`
  }
  return [signed, canonical]
}

// eslint-disable-next-line no-control-regex -- the range is the definition of ASCII
const isAscii = (text: string): boolean => !/[^\x00-\x7f]/.test(text)

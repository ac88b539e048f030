import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect } from 'vitest'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'
import { chunkedBody, type RawRequest } from './gateway-raw.ts'

export const small = Buffer.from('a small body')
/** More than the gateway reads before it sends anything on. */
export const large = randomBytes(3 * 1024 * 1024)

export const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(bytes))
  return value.toString('base64')
}

export function chunked(content: Buffer, crc: string, more: Partial<RawRequest> = {}): Omit<RawRequest, 'url' | 'key'> {
  return {
    body: chunkedBody(content, crc),
    payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: [
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', String(content.length)],
      ['x-amz-trailer', 'x-amz-checksum-crc32'],
    ],
    ...more,
  }
}

const unsigned = { payloadHash: 'UNSIGNED-PAYLOAD' } as const
const md5OfOther: readonly HeaderPair[] = [['content-md5', 'XrY7u+Ae7tCTyyK7j1rNww==']]
const framed = Buffer.from(`${small.length.toString(16)}\r\n${small.toString()}\r\n0\r\n\r\n`)

const decodedAs = (length: number): readonly HeaderPair[] => [
  ['x-amz-decoded-content-length', String(length)],
  ['x-amz-trailer', 'x-amz-checksum-crc32'],
]

/** What may be wrong with a put, and what its client hears. */
export const wrongs: Readonly<Record<string, readonly [Omit<RawRequest, 'url' | 'key'>, string | RegExp]>> = {
  'a wrong secret': [{ body: small, secretAccessKey: 'another' }, '403 SignatureDoesNotMatch'],
  'a request of an hour ago': [{ body: small, now: () => Date.now() - 3_600_000 }, '403 RequestTimeTooSkewed'],
  'a request of the hour to come': [{ body: small, now: () => Date.now() + 3_600_000 }, '403 RequestTimeTooSkewed'],
  'a header added on the way': [{ body: small, unsigned: ['x-amz-acl: public-read'] }, '403 AccessDenied'],
  'other bytes than were signed, small': [
    { body: small, payloadHash: 'a'.repeat(64) },
    '400 XAmzContentSHA256Mismatch',
  ],
  'other bytes than were signed, large': [
    { body: large, payloadHash: 'a'.repeat(64) },
    '400 XAmzContentSHA256Mismatch',
  ],
  'a wrong Content-MD5, small': [{ body: small, headers: md5OfOther }, '400 BadDigest'],
  'a wrong Content-MD5, large': [{ ...unsigned, body: large, headers: md5OfOther }, '400 BadDigest'],
  'a wrong checksum before the body': [
    { body: small, headers: [['x-amz-checksum-crc32', 'AAAAAA==']] },
    '400 BadDigest',
  ],
  'a wrong checksum before the body, large': [
    { ...unsigned, body: large, headers: [['x-amz-checksum-crc32', 'AAAAAA==']] },
    '400 BadDigest',
  ],
  'a wrong checksum behind the body, small': [chunked(small, 'AAAAAA=='), '400 BadDigest'],
  'a wrong checksum behind the body, large': [chunked(large, 'AAAAAA=='), '400 BadDigest'],
  // What is too much is read as the next request: which of the two faults is told first is a matter of chance.
  'a body longer than declared': [{ body: large, contentLength: large.length - 1 }, /^400/],
  'a decoded length that is too short': [
    { ...chunked(large, crcOf(large)), headers: decodedAs(large.length - 1) },
    '400 IncompleteBody',
  ],
  'a decoded length that is too long': [
    { ...chunked(large, crcOf(large)), headers: decodedAs(large.length + 1) },
    '400 IncompleteBody',
  ],
  'no length': [{ body: Buffer.alloc(0), contentLength: null }, '411 MissingContentLength'],
  'both lengths': [{ body: small, unsigned: ['transfer-encoding: chunked'] }, '400'],
  'both lengths, the other way round': [
    { ...unsigned, body: framed, contentLength: null, unsigned: ['transfer-encoding: chunked', 'content-length: 12'] },
    '400',
  ],
  'two lengths': [{ body: small, unsigned: ['content-length: 3'] }, '400'],
  'a length that is no number': [{ body: small, contentLength: null, unsigned: ['content-length: +12'] }, '400'],
  'chunks of HTTP instead of a length': [
    { ...unsigned, body: framed, contentLength: null, unsigned: ['transfer-encoding: chunked'] },
    '411 MissingContentLength',
  ],
  'a transfer coding that nobody knows': [
    { ...unsigned, body: framed, contentLength: null, unsigned: ['transfer-encoding: xchunked'] },
    '400',
  ],
  'a blank before the colon': [{ body: small, unsigned: ['transfer-encoding : chunked'] }, '400'],
  'a zero byte in a header': [{ body: small, unsigned: ['user-agent: a\0b'] }, '400'],
}

/** By the names of {@link wrongs}, for a whole comparison. */
export const answersToWrongs: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(wrongs).map(([name, [, words]]) => [
    name,
    typeof words === 'string' ? words : expect.stringMatching(words),
  ]),
)

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { crc32 } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { answerOn, chunkedBody, rawRequest, type RawRequest } from '../support/gateway-raw.ts'
import { eventually } from '../support/eventually.ts'
import { startWorld, type World } from '../support/world.ts'

const small = Buffer.from('a small body')
const large = randomBytes(3 * 1024 * 1024)
const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(bytes))
  return value.toString('base64')
}

function chunked(content: Buffer, crc: string, more: Partial<RawRequest> = {}): Omit<RawRequest, 'url' | 'key'> {
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

const unsignedLarge = { body: large, payloadHash: 'UNSIGNED-PAYLOAD' } as const
const md5OfOther: RawRequest['headers'] = [['content-md5', 'XrY7u+Ae7tCTyyK7j1rNww==']]

/** What is wrong, and what the client hears. */
const wrongs: Readonly<Record<string, readonly [Omit<RawRequest, 'url' | 'key'>, string]>> = {
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
  'a wrong Content-MD5, large': [{ ...unsignedLarge, headers: md5OfOther }, '400 BadDigest'],
  'a wrong checksum before the body': [
    { body: small, headers: [['x-amz-checksum-crc32', 'AAAAAA==']] },
    '400 BadDigest',
  ],
  'a wrong checksum behind the body, small': [chunked(small, 'AAAAAA=='), '400 BadDigest'],
  'a wrong checksum behind the body, large': [chunked(large, 'AAAAAA=='), '400 BadDigest'],
  'a decoded length that is too short': [
    {
      ...chunked(large, crcOf(large)),
      headers: [
        ['x-amz-decoded-content-length', String(large.length - 1)],
        ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ],
    },
    '400 IncompleteBody',
  ],
  'a decoded length that is too long': [
    {
      ...chunked(large, crcOf(large)),
      headers: [
        ['x-amz-decoded-content-length', String(large.length + 1)],
        ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ],
    },
    '400 IncompleteBody',
  ],
  'no length': [{ body: Buffer.alloc(0), contentLength: null }, '411 MissingContentLength'],
  'both lengths': [{ body: small, unsigned: ['transfer-encoding: chunked'] }, '400'],
  'two lengths': [{ body: small, unsigned: ['content-length: 3'] }, '400'],
  'a length that is no number': [{ body: small, contentLength: null, unsigned: ['content-length: +12'] }, '400'],
}

async function worldBehind(): Promise<World & { readonly url: string }> {
  const world = await startWorld({ config: { gateway: gatewayConfig }, rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  return { ...world, url: gatewayUrl(world.api()) }
}

test('what is not as it was promised is refused with the reason, and stored nowhere', async () => {
  const world = await worldBehind()
  const heard: Record<string, string> = {}
  const stored: string[] = []
  for (const [name, [put]] of Object.entries(wrongs)) {
    const key = name.replaceAll(/[^a-z]/gi, '-')
    heard[name] = await answerOn(rawRequest({ ...put, url: world.url, key }))
    if (takenAnywhere(world, key)) stored.push(name)
  }
  expect({ heard, stored }).toEqual({
    heard: Object.fromEntries(Object.entries(wrongs).map(([name, [, words]]) => [name, words])),
    stored: [],
  })
})

test.each([
  ['small', small, 3],
  ['large', large, 2 * 1024 * 1024],
] as const)('a client that goes away in the middle leaves nothing behind: %s', async (name, body, sentBytes) => {
  const world = await worldBehind()
  const key = `gone-${name}`
  const socket = rawRequest({ url: world.url, key, body, sentBytes })
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(1))
  socket.destroy()
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(0))
  // What is left is the engine's own event stream.
  await eventually(() => expect(world.a.requests.active).toBe(1))
  expect(takenAnywhere(world, key)).toBe(false)
  expect(requests(world)[0]).toMatchObject({ key, status: 0 })
})

test('a body with a checksum behind it is taken, large and small, and both sites have its bytes', async () => {
  const world = await worldBehind()
  const heard = [
    await answerOn(rawRequest({ url: world.url, key: 'small', ...chunked(small, crcOf(small)) })),
    await answerOn(rawRequest({ url: world.url, key: 'large', ...chunked(large, crcOf(large)) })),
  ]
  expect(heard).toEqual(['200', '200'])
  await world.settled()
  const etag = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`
  const lines = [`large ${large.length} ${etag(large)}`, `small ${small.length} ${etag(small)}`]
  expect(await world.sides()).toEqual({ a: lines, b: lines })
})

test('a document that declares entities is refused before it is read', async () => {
  const { url } = await worldBehind()
  const body = Buffer.from('<!DOCTYPE x [<!ENTITY a "aaaa">]><Delete><Object><Key>&a;</Key></Object></Delete>')
  expect(await answerOn(rawRequest({ url, method: 'POST', key: '', query: 'delete=', body }))).toBe('400 MalformedXML')
})

test('a thousand idle connections are in nobody’s way', async () => {
  const world = await worldBehind()
  const { port, hostname } = new URL(world.url)
  const sockets = Array.from({ length: 1000 }, () => connect(Number(port), hostname).on('error', () => {}))
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  await eventually(() => expect(world.api().gateway.view().openConnections).toBeGreaterThanOrEqual(1000))
  expect(await answerOn(rawRequest({ url: world.url, key: 'among-many', body: small }))).toBe('200')
})

const takenAnywhere = ({ a, b }: World, key: string): boolean =>
  a.requests.count({ method: 'PUT', key, status: 200 }) + b.requests.count({ method: 'PUT', key }) > 0

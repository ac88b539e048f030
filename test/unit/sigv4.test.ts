import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAwsChunked } from '../../electron/engine/s3/aws-chunked-decode.ts'
import { checksumAlgorithms, startChecksum } from '../../electron/engine/s3/checksum.ts'
import { openPayload } from '../../electron/engine/s3/payload.ts'
import { route } from '../../electron/engine/s3/route.ts'
import { hexHmac, scopeText, signingKey } from '../../electron/engine/s3/sigv4.ts'
import { SignatureVerifier, type Verified } from '../../electron/engine/s3/signature-verifier.ts'
import { encodeUri } from '../../electron/engine/s3/uri.ts'
import { awkwardKeys } from '../support/awkward-keys.ts'

const keys = { accessKeyId: 'AKID/EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const region = 'eu-test-1'
const now = Date.UTC(2026, 10, 21, 2, 3, 4)
const minuteMs = 60_000

class NodeSha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' ? secret : secret === undefined ? undefined : bytesOf(secret)
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key)
  }
  update(part: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof part === 'string' ? part : bytesOf(part))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}
const bytesOf = (part: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(part) ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part)

/** The reference implementation, as the SDK configures it for S3. */
const oracle = new SignatureV4({
  service: 's3',
  region,
  credentials: keys,
  sha256: NodeSha256,
  uriEscapePath: false,
  applyChecksum: false,
})
const verifier = new SignatureVerifier({
  region,
  secretOf: (given) => (given === keys.accessKeyId ? keys.secretAccessKey : undefined),
})

interface Plan {
  readonly method: string
  readonly key: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}
interface Wire {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
}

const toRequest = ({ method, key, query, headers }: Plan) => ({
  method,
  protocol: 'http:',
  hostname: 'site.test',
  port: 9000,
  path: `/bucket/${encodeUri(key).replaceAll('%2F', '/')}`,
  query: { ...query },
  headers: { host: 'site.test:9000', ...headers },
})

function onWire(signed: Awaited<ReturnType<SignatureV4['presign']>>): Wire {
  const pairs = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeUri(name)}=${encodeUri(String(value))}`,
  )
  const headers = Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method: signed.method,
    target: signed.path + (pairs.length === 0 ? '' : `?${pairs.join('&')}`),
    headers: Object.fromEntries(headers),
  }
}

const sign = async (plan: Plan, at = now): Promise<Wire> =>
  onWire(await oracle.sign(toRequest(plan), { signingDate: new Date(at) }))
/** As the SDK's S3 presigner does: the payload stays free, which the query says. */
const presign = async (plan: Plan, expiresIn = 900): Promise<Wire> =>
  onWire(
    await oracle.presign(toRequest({ ...plan, headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } }), {
      signingDate: new Date(now),
      expiresIn,
    }),
  )

function verify({ method, target, headers }: Wire, at = now): Verified {
  return verifier.verify({ ...route(method, target, headers, { baseHosts: [] }), headers }, at)
}

const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
const simple: Plan = { method: 'PUT', key: 'a/b', query: { 'x-id': 'PutObject' }, headers: unsigned }

const anyKey = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.constantFrom(...awkwardKeys))
  .filter((key) => Buffer.byteLength(key) <= 1024)
const anyQuery = fc.dictionary(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  { maxKeys: 4, noNullPrototype: true },
)
// What Node lets into a header: printable ASCII, Latin-1 and tabs, here without the blanks at the ends that HTTP strips.
const headerText = fc.stringMatching(/^[!-~\u00a1-\u00ff]([\t -~\u00a1-\u00ff]{0,20}[!-~\u00a1-\u00ff])?$/)
const anyHeaders = fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z0-9-]{1,10}$/), headerText, {
  maxKeys: 4,
  noNullPrototype: true,
})
const anyPlan: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE'),
  key: anyKey,
  query: anyQuery,
  headers: anyHeaders.map((headers) => ({ ...headers, ...unsigned })),
})

describe('signatures', () => {
  it('whatever the SDK’s signer signs is accepted, for every key, query and header', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, async (plan) => {
        expect(verify(await sign(plan))).toMatchObject({ accessKeyId: keys.accessKeyId, payload: { kind: 'unsigned' } })
      }),
      { numRuns: 300 },
    )
  })

  it('a header in UTF-8 is accepted byte for byte, whichever letters it has', async () => {
    const letters = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .filter((text) => !/[\s\p{Cc}]/u.test(text))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constantFrom('voilà', 'Район', 'à la carte'), letters), async (text) => {
        const signed = await sign({ ...simple, headers: { 'x-amz-meta-text': text, ...unsigned } })
        const headers = { ...signed.headers, 'x-amz-meta-text': Buffer.from(text).toString('latin1') }
        expect(verify({ ...signed, headers }).accessKeyId).toBe(keys.accessKeyId)
      }),
      { numRuns: 200 },
    )
  })

  it('a presigned URL is accepted like a signed header', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, async (plan) => {
        expect(verify(await presign(plan)).payload).toEqual({ kind: 'unsigned' })
      }),
      { numRuns: 150 },
    )
  })

  it('the key is read as it was meant, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(anyKey, async (key) => {
        const wire = await sign({ ...simple, key })
        expect(route(wire.method, wire.target, wire.headers, { baseHosts: [] })).toMatchObject({
          bucket: 'bucket',
          key,
        })
      }),
    )
  })

  it('a change of method, key, query, header, payload hash or signature is refused', async () => {
    const wire = await sign({ ...simple, headers: { ...unsigned, 'x-amz-meta-a': 'b' } })
    const authorization = wire.headers['authorization']!
    const changed: readonly Wire[] = [
      { ...wire, method: 'DELETE' },
      { ...wire, target: wire.target.replace('/a/b', '/a/c') },
      { ...wire, target: wire.target.replace('/a/b', '/a//b') },
      { ...wire, target: `${wire.target}&versionId=1` },
      { ...wire, headers: { ...wire.headers, 'x-amz-meta-a': 'c' } },
      { ...wire, headers: { ...wire.headers, 'x-amz-content-sha256': createHash('sha256').digest('hex') } },
      {
        ...wire,
        headers: { ...wire.headers, authorization: authorization.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      },
      { ...wire, headers: { ...wire.headers, authorization: authorization.slice(0, -1) } },
    ]
    for (const one of changed)
      expect(() => verify(one)).toThrow(expect.objectContaining({ code: 'SignatureDoesNotMatch' }))
  })

  it('an x-amz header that was added after signing is refused', async () => {
    const wire = await sign(simple)
    const added = { ...wire, headers: { ...wire.headers, 'x-amz-acl': 'public-read' } }
    expect(() => verify(added)).toThrow(expect.objectContaining({ code: 'AccessDenied' }))
  })

  it('a path that a client escaped more than needed names the same object', async () => {
    const wire = await sign({ ...simple, key: "it's(1)!" })
    const escaped = {
      ...wire,
      target: wire.target.replace('%27', "'").replace('%28', '(').replace('bucket', '%62ucket'),
    }
    expect(verify(escaped).accessKeyId).toBe(keys.accessKeyId)
  })

  it('fifteen minutes of skew are accepted, a second more is not', async () => {
    for (const direction of [-1, 1]) {
      const wire = await sign(simple, now + direction * 15 * minuteMs)
      expect(verify(wire).accessKeyId).toBe(keys.accessKeyId)
      const late = await sign(simple, now + direction * (15 * minuteMs + 1000))
      expect(() => verify(late)).toThrow(expect.objectContaining({ code: 'RequestTimeTooSkewed' }))
    }
  })

  it('a presigned URL ends with its last second', async () => {
    const wire = await presign(simple, 60)
    expect(verify(wire, now + minuteMs).accessKeyId).toBe(keys.accessKeyId)
    expect(() => verify(wire, now + minuteMs + 1)).toThrow(/expired/)
  })

  it('unknown keys, other regions and unsigned requests are refused each in its own words', async () => {
    const wire = await sign(simple)
    const authorization = wire.headers['authorization']!
    const withAuthorization = (text: string): Wire => ({ ...wire, headers: { ...wire.headers, authorization: text } })
    const codes = [
      withAuthorization(authorization.replace('AKID/EXAMPLE', 'STRANGER')),
      withAuthorization(authorization.replace(region, 'mars-1')),
      withAuthorization('Basic YTpi'),
      { ...wire, headers: { host: 'site.test:9000' } },
    ].map((one) => codeOf(() => verify(one)))
    expect(codes).toEqual([
      'InvalidAccessKeyId',
      'AuthorizationHeaderMalformed',
      'AuthorizationHeaderMalformed',
      'AccessDenied',
    ])
  })

  it('a request that is signed with version 2 is told what is taken, and what to set', () => {
    const headers = { host: 'site.test:9000' }
    const older = [
      { method: 'GET', target: '/bucket/key', headers: { ...headers, authorization: 'AWS AKID/EXAMPLE:c2lnbmVk' } },
      { method: 'GET', target: '/bucket/key?AWSAccessKeyId=AKID&Expires=9999999999&Signature=c2lnbmVk', headers },
    ]
    expect(older.map((one) => codeOf(() => verify(one)))).toEqual(['InvalidRequest', 'InvalidRequest'])
    for (const one of older) expect(() => verify(one)).toThrow(/Signature Version 4 .*signature_version s3v4/)
  })
})

function codeOf(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'none'
  }
}

const scope = { date: '20261121', region, service: 's3' }
const amzDate = '20261121T020304Z'
const seed = { key: signingKey(keys.secretAccessKey, scope), amzDate, scope, signature: 'f'.repeat(64) }
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

/** Frames and signs a body as an SDK does, straight from the SigV4 specification of chunked uploads. */
function frame(body: Buffer, chunkBytes: number, signs: boolean, trailer: string | null): Buffer {
  let previous = seed.signature
  const next = (algorithm: string, hashes: string): string => {
    previous = hexHmac(seed.key, [algorithm, amzDate, scopeText(scope), previous, hashes].join('\n'))
    return previous
  }
  const parts: Buffer[] = []
  for (let at = 0; at <= body.length; at += chunkBytes) {
    const isLast = at >= body.length
    const chunk = isLast ? Buffer.alloc(0) : body.subarray(at, at + chunkBytes)
    const signature = signs
      ? `;chunk-signature=${next('AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${sha256(chunk)}`)}`
      : ''
    parts.push(Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`), chunk)
    if (isLast) break
    parts.push(Buffer.from('\r\n'))
    if (at + chunkBytes > body.length) at = body.length - chunkBytes
  }
  if (trailer !== null) {
    parts.push(Buffer.from(`${trailer}\r\n`))
    if (signs) {
      const signature = next('AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer}\n`))
      parts.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`))
    }
  }
  parts.push(Buffer.from('\r\n'))
  return Buffer.concat(parts)
}

/** Cuts into buffers of the given sizes, over and over: the network cuts where it likes. */
async function* arriving(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const announced = new Set(['x-amz-checksum-crc32'])

const anyBody = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const anySizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 })
const anyFraming = fc.record({ body: anyBody, chunkBytes: fc.integer({ min: 1, max: 150 }), sizes: anySizes })

describe('aws-chunked', () => {
  it('a signed body comes out as it went in, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyFraming, fc.boolean(), async ({ body, chunkBytes, sizes }, trailer) => {
        const framed = frame(body, chunkBytes, true, trailer ? 'x-amz-checksum-crc32:AAAAAA==' : null)
        const options = { seed, trailers: trailer ? announced : null, decodedBytes: body.length }
        expect(await collect(decodeAwsChunked(arriving(framed, sizes), options))).toEqual(body)
      }),
    )
  })

  it('one changed byte anywhere in a signed body is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyFraming, fc.nat(), async ({ body, chunkBytes, sizes }, where) => {
        const framed = frame(body, chunkBytes, true, 'x-amz-checksum-crc32:AAAAAA==')
        // The line end that closes the last line carries nothing.
        framed[where % (framed.length - 4)]! ^= 1
        const options = { seed, trailers: announced, decodedBytes: body.length }
        await expect(collect(decodeAwsChunked(arriving(framed, sizes), options))).rejects.toThrow()
      }),
    )
  })

  it('a body that ends early or is longer than announced is refused', async () => {
    const body = Buffer.from('0123456789')
    const framed = frame(body, 4, true, null)
    const decode = (bytes: Buffer, decodedBytes: number): Promise<Buffer> =>
      collect(decodeAwsChunked(arriving(bytes, [7]), { seed, trailers: null, decodedBytes }))
    await expect(decode(framed.subarray(0, -90), 10)).rejects.toMatchObject({ code: 'IncompleteBody' })
    await expect(decode(framed, 9)).rejects.toMatchObject({ code: 'IncompleteBody' })
  })
})

describe('payloads', () => {
  const body = Buffer.from('the body')
  const md5 = createHash('md5').update(body).digest('base64')
  const receive = (
    headers: Record<string, string>,
    payload: Verified['payload'],
    bytes: Buffer = body,
  ): Promise<Buffer> =>
    collect(openPayload(arriving(bytes, [3]), { 'content-length': '8', ...headers }, payload, 'PutObject').bytes)

  it('what the client promised about its body is held against the body', async () => {
    const other = Buffer.from('The body')
    const hash = { kind: 'sha256', hex: sha256(body) } as const
    const free = { kind: 'unsigned' } as const
    expect(await receive({ 'content-md5': md5 }, hash)).toEqual(body)
    await expect(receive({}, hash, other)).rejects.toMatchObject({ code: 'XAmzContentSHA256Mismatch' })
    await expect(receive({ 'content-md5': md5 }, free, other)).rejects.toMatchObject({ code: 'BadDigest' })
    await expect(receive({}, free, body.subarray(1))).rejects.toMatchObject({ code: 'IncompleteBody' })
  })

  it('a checksum is verified in a header and in a trailer', async () => {
    for (const algorithm of checksumAlgorithms) {
      const running = startChecksum(algorithm)
      running.update(body)
      const value = running.digest()
      const name = `x-amz-checksum-${algorithm}`
      const chunked = { kind: 'chunked', trailer: true, seed: null } as const
      const trailing = { 'x-amz-trailer': name, 'x-amz-decoded-content-length': '8' }
      const framed = (trailer: string): Buffer => frame(body, 5, false, `${name}:${trailer}`)
      expect(await receive({ [name]: value }, { kind: 'unsigned' })).toEqual(body)
      expect(await receive(trailing, chunked, framed(value))).toEqual(body)
      await expect(receive({ [name]: 'AAAA' }, { kind: 'unsigned' })).rejects.toMatchObject({ code: 'BadDigest' })
      await expect(receive(trailing, chunked, framed('AAAA'))).rejects.toMatchObject({ code: 'BadDigest' })
    }
  })

  it('checksums have the published check values of "123456789"', () => {
    const digests = checksumAlgorithms.map((algorithm) => {
      const running = startChecksum(algorithm)
      running.update(Buffer.from('123456789'))
      return Buffer.from(running.digest(), 'base64').toString('hex')
    })
    expect(digests.slice(0, 3)).toEqual(['cbf43926', 'e3069283', 'ae8b14860a799888'])
  })
})

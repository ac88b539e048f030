import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { siteSchema } from '../../shared/model/site.ts'
import { encodeQuery } from '../../electron/engine/s3/uri.ts'
import { createAddress } from '../../electron/engine/s3/address.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { unsignedPayload } from '../../electron/engine/s3/sigv4.ts'
import { createSigner } from '../../electron/engine/s3/signer.ts'
import { awkwardKeys } from '../support/awkward-keys.ts'
import { sandboxForTest, sandboxKeys } from '../support/sandbox.ts'

const keys = { accessKeyId: 'AKID/EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const site = { endpoint: 'https://s3.example.test:9443/base/', pathStyle: true }

class NodeSha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(part: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(part))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(part: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part)
  return part instanceof ArrayBuffer
    ? new Uint8Array(part)
    : new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
}

const oracle = new SignatureV4({
  credentials: keys,
  region: 'eu-test-1',
  service: 's3',
  sha256: NodeSha256,
  uriEscapePath: false,
  applyChecksum: false,
})

const legalKey = fc.oneof(
  fc.constantFrom(...awkwardKeys),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((key) => key.isWellFormed()),
)
const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?$/)

test('a request is signed as the reference signer signs it', async () => {
  await fc.assert(
    fc.asyncProperty(
      legalKey,
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'versionId', 'prefix', 'ü+ '), value), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z0-9]{1,8}$/), value, { maxKeys: 4 }),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      async (key, pairs, metadata, at) => {
        const query = [...new Map(pairs)]
        const path = createAddress(site).path('bucket', key)
        const headers = [['host', 's3.example.test:9443'] as const, ...Object.entries(metadata)]
        const signer = createSigner(keys, 'eu-test-1', () => at)
        const encoded = encodeQuery(query)
        const ours = signer.sign({ method: 'PUT', path, query: encoded, headers, payloadHash: unsignedPayload })
        const theirs = await oracle.sign(
          {
            method: 'PUT',
            protocol: 'https:',
            hostname: 's3.example.test',
            path,
            query: Object.fromEntries(query),
            headers: { ...Object.fromEntries(headers), 'x-amz-content-sha256': unsignedPayload },
          },
          { signingDate: new Date(at) },
        )
        expect(Object.fromEntries(ours)['authorization']).toBe(theirs.headers['authorization'])
      },
    ),
    { numRuns: 150 },
  )
})

test('blanks in a header are signed as the reference signer signs them, and no byte of a letter counts as one', async () => {
  const signer = createSigner(keys, 'eu-test-1', () => 0)
  for (const text of ['a  b', 'a \t b', 'à la carte', 'voilà', 'Район']) {
    const value = Buffer.from(text).toString('latin1')
    const request = { method: 'PUT', path: '/b/k', query: '', payloadHash: unsignedPayload }
    const ours = signer.sign({
      ...request,
      headers: [['host', 's3.test'] as const, ['x-amz-meta-text', value] as const],
    })
    const theirs = await oracle.sign(
      {
        method: 'PUT',
        protocol: 'https:',
        hostname: 's3.test',
        path: '/b/k',
        headers: { host: 's3.test', 'x-amz-meta-text': text, 'x-amz-content-sha256': unsignedPayload },
      },
      { signingDate: new Date(0) },
    )
    expect([text, Object.fromEntries(ours)['authorization']]).toEqual([text, theirs.headers['authorization']])
  }
})

test('a path is never normalised, and every byte of a key comes back from it', () => {
  const address = createAddress(site)
  expect(address.path('b', 'a/../b//./%2F+ ü')).toBe('/base/b/a/../b//./%252F%2B%20%C3%BC')
  for (const key of awkwardKeys) {
    const path = address.path('b', key)
    expect([/^[\x21-\x7e]+$/.test(path), decodeURIComponent(path.slice('/base/b/'.length))]).toEqual([true, key])
  }
})

test('virtual-host style puts the bucket in front, unless the site is an address', () => {
  const named = createAddress({ endpoint: 'https://s3.example.test', pathStyle: false })
  expect([named.host('b'), named.path('b', 'k'), named.path('b', undefined)]).toEqual([
    { name: 'b.s3.example.test', port: 443, tls: true, header: 'b.s3.example.test' },
    '/k',
    '/',
  ])
  const numbered = createAddress({ endpoint: 'http://[::1]:9000', pathStyle: false })
  expect([numbered.host('b'), numbered.path('b', 'k')]).toEqual([
    { name: '::1', port: 9000, tls: false, header: '[::1]:9000' },
    '/b/k',
  ])
})

test('a site whose clock is too far off refuses every time, whatever is asked: nothing is signed by its clock', async () => {
  const skewed = await sandboxForTest()
  const { endpoint, region } = skewed
  const declared = siteSchema.parse({ id: 'a', name: 'A', endpoint, region })
  const store = createStore({ site: declared, keys: sandboxKeys, sockets: 2 })
  onTestFinished(() => store.close())
  skewed.faults.skewClock(2 * 3_600_000)
  const asks = [() => store.listBuckets(), () => store.getTags({ bucket: 'data', key: 'key' })]
  for (const ask of [...asks, ...asks]) await expect(ask()).rejects.toMatchObject({ fault: { code: 'CLOCK_SKEW' } })
})

import { expect, test } from 'vitest'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'
import { gatewayConfig, gatewayUrl } from '../support/gateway.ts'
import { answerOn, rawRequest, type RawRequest } from '../support/gateway-raw.ts'
import { small } from '../support/gateway-wrongs.ts'
import { startWorld } from '../support/world.ts'

const nothing = Buffer.alloc(0)
const mebibyte = Buffer.alloc(1024 * 1024, '<a/>')
const many = (count: number, name: (index: number) => string): readonly HeaderPair[] =>
  Array.from({ length: count }, (_, index) => [name(index), 'x'])

const deletesOf = (...keys: readonly string[]): Buffer =>
  Buffer.from(`<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`)

/** What is too much, or belongs to another request, and what its client hears. */
const tooMuch: Readonly<Record<string, readonly [Partial<RawRequest>, string]>> = {
  'a megabyte of tags': [{ query: 'tagging=', body: mebibyte }, '400 MaxMessageLengthExceeded'],
  'a megabyte of retention': [{ query: 'retention=', body: mebibyte }, '400 MaxMessageLengthExceeded'],
  'a megabyte of legal hold': [{ query: 'legal-hold=', body: mebibyte }, '400 MaxMessageLengthExceeded'],
  'a megabyte of versioning': [{ key: '', query: 'versioning=', body: mebibyte }, '400 MaxMessageLengthExceeded'],
  'a megabyte of policy': [{ key: '', query: 'policy=', body: mebibyte }, '400 MaxMessageLengthExceeded'],
  'a list of parts beyond 10,000': [
    { method: 'POST', query: 'uploadId=u', body: Buffer.alloc(6 * 1024 * 1024, ' ') },
    '400 MaxMessageLengthExceeded',
  ],
  'a body for a read': [{ method: 'GET', body: small }, '400 InvalidRequest'],
  'a body for a delete': [{ method: 'DELETE', body: small }, '400 InvalidRequest'],
  'a body for a copy': [{ headers: [['x-amz-copy-source', 'data/k']], body: small }, '400 InvalidRequest'],
  'a body for an upload that begins': [{ method: 'POST', query: 'uploads=', body: small }, '400 InvalidRequest'],
  'hundreds of headers': [
    {
      headers: many(240, (index) => `x-amz-meta-${index}`),
      unsigned: many(20, (index) => `h${index}`).map(([name]) => `${name}: x`),
      body: small,
    },
    '400 RequestHeaderSectionTooLarge',
  ],
  'a thousand headers, most of them of no meaning': [
    { unsigned: many(1000, (index) => `h${index}`).map(([name]) => `${name}:`), body: small },
    '431',
  ],
  'a query with too many names': [
    {
      method: 'GET',
      key: '',
      query: Array.from({ length: 100 }, (_, index) => `a${index}=`)
        .sort()
        .join('&'),
      body: nothing,
    },
    '400 InvalidURI',
  ],
  'a query that is too long': [
    { method: 'GET', key: '', query: `prefix=${'a'.repeat(20_000)}`, body: nothing },
    '400 InvalidURI',
  ],
  'a prefix that no key can have': [
    { method: 'GET', key: '', query: `prefix=${'a'.repeat(5_000)}`, body: nothing },
    '400 InvalidArgument',
  ],
  'a version id that is too long': [
    { method: 'GET', query: `versionId=${'a'.repeat(2_000)}`, body: nothing },
    '400 InvalidArgument',
  ],
  'an empty version id': [{ method: 'DELETE', query: 'versionId=', body: nothing }, '400 InvalidArgument'],
  'part 10,001': [{ query: 'partNumber=10001&uploadId=u', body: small }, '400 InvalidArgument'],
  'a part with a number in hexadecimal': [{ query: 'partNumber=0x1&uploadId=u', body: small }, '400 InvalidArgument'],
  'a part without a number': [{ query: 'uploadId=u', body: small }, '400 InvalidArgument'],
  'a count that is none': [{ method: 'GET', key: '', query: 'max-keys=1e3', body: nothing }, '400 InvalidArgument'],
  'a key of 1025 bytes': [{ key: 'k'.repeat(1025), body: small }, '400 KeyTooLongError'],
  'a key with a zero byte': [{ key: 'k%00', body: small }, '400 InvalidURI'],
  'a key that some sites read as another': [{ key: 'a/../b', body: small }, '400 InvalidURI'],
  'a key that leads out of its bucket': [{ key: '..%2Fother/k', body: small }, '400 InvalidURI'],
  'a key that is a folder': [{ key: 'a/.', body: small }, '400 InvalidURI'],
  'a copy of a key that some sites read as another': [
    { headers: [['x-amz-copy-source', 'data/../other/k']], body: nothing },
    '400 InvalidURI',
  ],
  'a list of deletes with a key that leads out of its bucket': [
    { method: 'POST', key: '', query: 'delete=', body: deletesOf('k', '../other/k') },
    '400 InvalidURI',
  ],
  'a list of deletes with a key that is too long': [
    { method: 'POST', key: '', query: 'delete=', body: deletesOf('k'.repeat(1025)) },
    '400 KeyTooLongError',
  ],
  'a key that is no UTF-8': [{ key: 'k%ff', body: small }, '400 InvalidURI'],
  'a bucket of 300 letters': [{ bucket: 'b'.repeat(300), body: small }, '400 InvalidBucketName'],
}

test('what is too much, or belongs to no such request, is refused before anything is sent', async () => {
  const world = await startWorld({ config: { gateway: gatewayConfig }, rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  world.a.requests.clear()
  const heard: Record<string, string> = {}
  const url = gatewayUrl(world.api())
  for (const [name, [request]] of Object.entries(tooMuch))
    heard[name] = await answerOn(rawRequest({ url, key: 'k', body: nothing, ...request }))
  expect(heard).toEqual(Object.fromEntries(Object.entries(tooMuch).map(([name, [, words]]) => [name, words])))
  // The engine listens and lists by itself.
  const own = new Set(['ListenNotification', 'ListObjectVersions'])
  const asked = world.a.requests.list().filter(({ operation }) => !own.has(operation))
  expect(asked).toEqual([])
})

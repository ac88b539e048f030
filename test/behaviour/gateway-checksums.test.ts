import { createHash } from 'node:crypto'
import { HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { gatewayConfig, gatewayUrl } from '../support/gateway.ts'
import { answerOn, chunkedBody, rawRequest, type RawRequest } from '../support/gateway-raw.ts'
import { chunked, crcOf, large, small } from '../support/gateway-wrongs.ts'
import { startWorld, type World } from '../support/world.ts'

async function worldBehind(): Promise<World & { readonly url: string }> {
  const world = await startWorld({
    config: { gateway: gatewayConfig },
    rules: [{ scanIntervalSeconds: 604_800, ack: { policy: 'all', timeoutMs: 30_000 } }],
  })
  await world.settled()
  return { ...world, url: gatewayUrl(world.api()) }
}

const typed = (put: Omit<RawRequest, 'url' | 'key'>): Omit<RawRequest, 'url' | 'key'> => ({
  ...put,
  headers: [...(put.headers ?? []), ['content-type', 'text/plain']],
})

async function kept(client: World['s3']['a'], key = 'k'): Promise<readonly (string | undefined)[]> {
  const head = await client.send(new HeadObjectCommand({ Bucket: 'data', Key: key, ChecksumMode: 'ENABLED' }))
  return [head.ETag, head.ContentEncoding, head.ChecksumCRC32]
}

test.each([
  ['before the body, small', { body: small, headers: [['x-amz-checksum-crc32', crcOf(small)]] }, small],
  ['before the body, large', { body: large, headers: [['x-amz-checksum-crc32', crcOf(large)]] }, large],
  ['behind the body, small', chunked(small, crcOf(small)), small],
  ['behind the body, large', chunked(large, crcOf(large)), large],
] as const)('the checksum that a client sends reaches every site that takes one: %s', async (_name, put, content) => {
  const world = await worldBehind()
  await eventually(async () => {
    expect(await answerOn(rawRequest({ url: world.url, key: 'k', ...typed(put) }))).toBe('200')
    // Whether the bucket lets a write go to both sites at a time is asked behind the back of the first.
    expect(await wentTogether(world)).toBe(true)
  })
  const etag = `"${createHash('md5').update(content).digest('hex')}"`
  expect([await kept(world.s3.a), await kept(world.s3.b)]).toEqual([
    [etag, undefined, crcOf(content)],
    [etag, undefined, crcOf(content)],
  ])
})

/** The replica of a write that went to both sites at a time names the write, not a version. */
async function wentTogether({ s3 }: World): Promise<boolean> {
  const { Metadata = {} } = await s3.b.send(new HeadObjectCommand({ Bucket: 'data', Key: 'k' }))
  return (Metadata['lockstep-version'] ?? '').startsWith('write-')
}

test('a site that takes no checksum behind a body gets the body, checked here, and is asked once', async () => {
  const world = await worldBehind()
  world.a.faults.add({ on: 'UploadPart', do: { kind: 'refuse', code: 'NotImplemented' } })
  for (const key of ['one', 'two'])
    expect(await answerOn(rawRequest({ url: world.url, key, ...typed(chunked(large, crcOf(large))) }))).toBe('200')
  const etag = `"${createHash('md5').update(large).digest('hex')}"`
  expect([await kept(world.s3.a, 'one'), await kept(world.s3.a, 'two')]).toEqual([
    [etag, undefined, undefined],
    [etag, undefined, undefined],
  ])
  expect(world.a.requests.count({ operation: 'UploadPart' })).toBe(1)
  expect(world.a.requests.count({ operation: 'AbortMultipartUpload' })).toBe(1)
  expect(await answerOn(rawRequest({ url: world.url, key: 'bad', ...typed(chunked(large, 'AAAAAA==')) }))).toBe(
    '400 BadDigest',
  )
})

test('asking a site what it takes leaves nothing behind', async () => {
  const world = await worldBehind()
  expect(await answerOn(rawRequest({ url: world.url, key: 'k', ...typed(chunked(large, crcOf(large))) }))).toBe('200')
  const { Versions = [] } = await world.s3.a.send(new ListObjectVersionsCommand({ Bucket: 'data' }))
  expect(Versions.map(({ Key }) => Key).filter((key) => !key?.startsWith('.lockstep-canary/'))).toEqual(['k'])
  expect(world.a.requests.count({ operation: 'AbortMultipartUpload' })).toBe(1)
})

const upload =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part></CompleteMultipartUpload>'
const tags = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
const deletes = '<Delete><Object><Key>k</Key></Object></Delete>'
const wrong = [['x-amz-checksum-crc32', 'AAAAAA==']] as const
const wrongMd5 = [['content-md5', 'XrY7u+Ae7tCTyyK7j1rNww==']] as const

const meanings: readonly (readonly [string, Omit<RawRequest, 'url'>, string])[] = [
  // Of the object that is made: the site compares it, the document has another.
  [
    'a completed upload',
    { method: 'POST', query: 'uploadId=u', key: 'k', body: Buffer.from(upload), headers: wrong },
    '404 NoSuchUpload',
  ],
  [
    'a completed upload, the MD5 of its document',
    { method: 'POST', query: 'uploadId=u', key: 'k', body: Buffer.from(upload), headers: wrongMd5 },
    '400 BadDigest',
  ],
  // Of the body.
  ['a part', { query: 'partNumber=1&uploadId=u', key: 'k', body: small, headers: wrong }, '400 BadDigest'],
  [
    'a part without a byte',
    {
      query: 'partNumber=1&uploadId=u',
      key: 'k',
      body: Buffer.alloc(0),
      headers: [['x-amz-checksum-crc32', crcOf(small)]],
    },
    '400 BadDigest',
  ],
  [
    'an object without a byte',
    { key: 'k', body: Buffer.alloc(0), headers: [['x-amz-checksum-crc32', crcOf(small)]] },
    '400 BadDigest',
  ],
  ['an object without a byte, by MD5', { key: 'k', body: Buffer.alloc(0), headers: wrongMd5 }, '400 BadDigest'],
  ['tags', { query: 'tagging=', key: 'k', body: Buffer.from(tags), headers: wrong }, '400 BadDigest'],
  [
    'a list of deletes',
    { method: 'POST', query: 'delete=', key: '', body: Buffer.from(deletes), headers: wrong },
    '400 BadDigest',
  ],
]

test('a checksum is held against what its operation means by it', async () => {
  const { url } = await worldBehind()
  const heard: Record<string, string> = {}
  for (const [name, request] of meanings) heard[name] = await answerOn(rawRequest({ url, ...request }))
  expect(heard).toEqual(Object.fromEntries(meanings.map(([name, , answer]) => [name, answer])))
})

test('a checksum behind a list of deletes goes to the site before it', async () => {
  const world = await worldBehind()
  const document = Buffer.from(deletes)
  const request = { ...chunked(document, crcOf(document)), body: chunkedBody(document, crcOf(document)) }
  expect(await answerOn(rawRequest({ url: world.url, key: '', method: 'POST', query: 'delete=', ...request }))).toBe(
    '200',
  )
})

import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { NewGatewayKey } from '../../shared/model/gateway.ts'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'
import { clientKey, gatewayConfig, gatewayUrl, newKey } from '../support/gateway.ts'
import { wholeAnswer, type RawRequest } from '../support/gateway-raw.ts'
import { small } from '../support/gateway-wrongs.ts'
import { startWorld, type World } from '../support/world.ts'

// What is authorised and what is sent are one: no spelling of a request reaches what its key does not.

interface Guarded extends World {
  readonly url: string
  readonly reader: NewGatewayKey
}

/** Site a has a bucket `private` with `secret` besides; the reader may read `data`. */
async function guardedWorld(): Promise<Guarded> {
  const world = await startWorld({ config: { gateway: gatewayConfig }, rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.s3.a.send(new CreateBucketCommand({ Bucket: 'private' }))
  await world.s3.a.send(new PutObjectCommand({ Bucket: 'private', Key: 'secret', Body: 'the secret' }))
  await world.put('k')
  await world.settled()
  const reader = await newKey(world.api(), { buckets: ['data'], rights: ['read'] })
  world.a.requests.clear()
  return { ...world, url: gatewayUrl(world.api()), reader }
}

const nothing = Buffer.alloc(0)
type Asked = Partial<RawRequest>

const ask = ({ url }: Guarded, asked: Asked, key: typeof clientKey | NewGatewayKey = clientKey): Promise<string> =>
  wholeAnswer({ url, method: 'GET', key: 'k', body: nothing, contentLength: 0, ...key, ...asked })

/** What the site was asked beyond what is open to all who have a key. */
const askedOf = ({ a }: World, bucket: string): readonly string[] =>
  a.requests.list({ bucket }).map(({ operation, key }) => `${operation} ${key}`)

/** Spellings of a path in which somebody may read the bucket `private`. */
const spellings: readonly Asked[] = [
  { path: '//private/secret' },
  { path: '///private/secret' },
  { path: '//private', query: 'versions=' },
  { path: '//private/' },
  { path: '//%70rivate/secret' },
  { path: '//private%2Fsecret' },
  { path: '/%2Fprivate/secret' },
  { path: '/%2fprivate%2fsecret' },
  { path: '/private%2Fsecret' },
  { path: '/data%2F..%2Fprivate/secret' },
  { path: '/./private/secret' },
  { path: '/../private/secret' },
  { path: '/%2e%2e/private/secret' },
  { path: '//minio/admin/v3/info' },
  { path: '//admin/user', query: 'uid=lockstep' },
  { path: '/admin/user', query: 'uid=lockstep' },
  { path: '/%61dmin/user', query: 'uid=lockstep' },
  { path: '/private/secret', host: '.localhost' },
  { path: '/data/../private/secret' },
  { path: '/data/%2e%2e/private/secret' },
  { path: '/data/x%2f..%2f../private/secret' },
  { path: '/data/..%5cprivate/secret' },
  { path: '/secret', host: 'private.localhost' },
  { path: '/secret', host: 'private.localhost.' },
  { path: '/', query: 'versions=', host: 'private.localhost.:80' },
  { path: '/', query: 'versions=' },
  { path: '/', query: 'location=' },
  { path: '/', query: 'usage=' },
]

test.each(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])(
  'no spelling of a path reaches a bucket that its key does not: %s',
  async (method) => {
    const world = await guardedWorld()
    const heard: string[] = []
    for (const spelling of spellings) {
      const answer = await ask(world, { ...spelling, method }, world.reader)
      if (answer.startsWith('HTTP/1.1 2') || answer.includes('the secret'))
        heard.push(`${JSON.stringify(spelling)} ${answer}`)
    }
    expect({
      heard,
      asked: [...askedOf(world, 'private'), ...askedOf(world, 'admin'), ...askedOf(world, 'minio')],
    }).toEqual({
      heard: [],
      asked: [],
    })
  },
)

/** Names that no operation on an object has: here, at another level, or in S3 at all. */
const strangers =
  'torrent renameObject restore session metrics inventory analytics notification requestPayment accelerate logging policy cors ' +
  'lifecycle website encryption versioning versions location delete uploads append position rgwx-version-id rgwx-mtime ' +
  'versionId x-id2 format usage'

test('a write with a query name that its operation has not is refused, and stored nowhere', async () => {
  const world = await guardedWorld()
  const heard: Record<string, string> = {}
  for (const name of strangers.split(' ')) {
    const put = { method: 'PUT', key: 'new', query: `${name}=`, body: small, contentLength: small.length }
    heard[name] = (await ask(world, put)).slice(9, 12)
  }
  expect(Object.entries(heard).filter(([, status]) => status < '400')).toEqual([])
  expect(askedOf(world, 'data')).toEqual([])
})

const steering: readonly HeaderPair[] = [
  ['x-minio-source-replication-request', 'true'],
  ['x-minio-source-mtime', '2020-01-01T00:00:00Z'],
  ['x-minio-force-delete', 'true'],
  ['x-rustfs-source-replication-request', 'true'],
  ['x-rgw-metadata-only', 'true'],
  ['x-amz-replication-status', 'REPLICA'],
  ['x-amz-write-offset-bytes', '0'],
  ['x-amz-no-such-header', 'x'],
]

test('a header that steers a site past S3, or that nobody knows, reaches no site', async () => {
  const world = await guardedWorld()
  const heard: Record<string, string> = {}
  for (const [name, value] of steering)
    for (const method of ['PUT', 'DELETE'])
      heard[`${method} ${name}`] = (await ask(world, { method, key: 'new', headers: [[name, value]] })).slice(9, 12)
  expect(new Set(Object.values(heard))).toEqual(new Set(['501']))
  expect(askedOf(world, 'data')).toEqual([])
})

test('a replicator that reads through the gateway, and asks that no peer answers for it, is served', async () => {
  const world = await guardedWorld()
  const headers: readonly HeaderPair[] = ['minio', 'rustfs'].map((site) => [`x-${site}-source-proxy-request`, 'false'])
  const put = { method: 'PUT', key: 'new', body: small, contentLength: small.length }
  expect((await ask(world, put)).slice(9, 12)).toBe('200')
  for (const method of ['GET', 'HEAD'])
    expect((await ask(world, { method, key: 'new', headers })).slice(9, 12)).toBe('200')
})

test('what S3 lets stand once is refused when it stands twice', async () => {
  const world = await guardedWorld()
  const put = { method: 'PUT', key: 'new', body: small, contentLength: small.length }
  const twice: Readonly<Record<string, Asked>> = {
    versionId: { query: 'versionId=a&versionId=b' },
    prefix: { key: '', query: 'prefix=a&prefix=private' },
    uploadId: { ...put, query: 'partNumber=1&uploadId=a&uploadId=b' },
    partNumber: { ...put, query: 'partNumber=1&partNumber=2&uploadId=a' },
    'a selector': { key: '', query: 'versions=&versions=' },
    'x-amz-acl': { ...put, headers: [['x-amz-acl', 'private']], unsigned: ['x-amz-acl: public-read'] },
    'content-type': { ...put, headers: [['content-type', 'a/b']], unsigned: ['content-type: c/d'] },
    range: { headers: [['range', 'bytes=0-0']], unsigned: ['range: bytes=1-1'] },
    host: { unsigned: ['host: private.localhost'] },
    'a header that Connection takes away': {
      headers: [['if-none-match', '*']],
      unsigned: ['connection: if-none-match'],
    },
  }
  const heard: Record<string, string> = {}
  for (const [name, asked] of Object.entries(twice)) heard[name] = (await ask(world, asked)).slice(9, 12)
  expect(Object.entries(heard).filter(([, status]) => status !== '400' && status !== '403')).toEqual([])
  expect(askedOf(world, 'data')).toEqual([])
})

test('a copy reads the bucket that was admitted, however its source is spelt', async () => {
  const world = await guardedWorld()
  const writer = await newKey(world.api(), { buckets: ['data'], rights: ['read', 'write'] })
  const heard: string[] = []
  for (const source of [
    'private/secret',
    '/private/secret',
    '//private/secret',
    'private%2Fsecret',
    '%2Fprivate/secret',
    '%70rivate/secret',
    'data/../private/secret',
    'data/k?versionId=',
    'data/k\u00ff',
    '',
    'data',
  ]) {
    const answer = await ask(world, { method: 'PUT', key: 'copy', headers: [['x-amz-copy-source', source]] }, writer)
    if (answer.startsWith('HTTP/1.1 2')) heard.push(source)
  }
  expect({ heard, asked: askedOf(world, 'private') }).toEqual({ heard: [], asked: [] })
})

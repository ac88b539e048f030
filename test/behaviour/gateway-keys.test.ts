import {
  CopyObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { gatewayClient, gatewayConfig, gatewayUrl, newKey, requests } from '../support/gateway.ts'
import { answerOn, rawRequest } from '../support/gateway-raw.ts'
import { startWorld } from '../support/world.ts'

const answerOf = async (sent: Promise<unknown>): Promise<string> => {
  try {
    await sent
    return 'success'
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)
  }
}

const world = () => startWorld({ buckets: ['data', 'other'], config: { gateway: gatewayConfig } })

test('a key reaches its buckets and no others, neither by copying nor by listing', async () => {
  const run = await world()
  await run.put('k')
  await run.s3.a.send(new PutObjectCommand({ Bucket: 'other', Key: 'secret', Body: 'x' }))
  const client = gatewayClient(run.api(), await newKey(run.api(), { buckets: ['data'] }))
  const copy = (source: string) => client.send(new CopyObjectCommand({ Bucket: 'data', Key: 'c', CopySource: source }))
  expect({
    own: await answerOf(client.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }))),
    other: await answerOf(client.send(new GetObjectCommand({ Bucket: 'other', Key: 'secret' }))),
    list: await answerOf(client.send(new ListObjectsV2Command({ Bucket: 'other' }))),
    copies: [
      await answerOf(copy('data/k')),
      await answerOf(copy('other/secret')),
      await answerOf(copy('other%2Fsecret')),
    ],
    buckets: (await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name),
  }).toEqual({
    own: 'success',
    other: '403 AccessDenied',
    list: '403 AccessDenied',
    copies: ['success', '403 AccessDenied', '403 AccessDenied'],
    buckets: ['data'],
  })
})

test('a key that may read changes nothing', async () => {
  const run = await world()
  await run.put('k')
  run.a.requests.clear()
  const client = gatewayClient(run.api(), await newKey(run.api(), { rights: ['read'] }))
  expect(await answerOf(client.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' })))).toBe('success')
  expect(await answerOf(client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'y' })))).toBe(
    '403 AccessDenied',
  )
  expect(run.a.requests.count({ method: 'PUT' })).toBe(0)
})

test('a revoked key is refused from the next request on, and others go on', async () => {
  const run = await world()
  const [one, two] = [await newKey(run.api(), {}), await newKey(run.api(), {})]
  const list = (key: typeof one) => answerOf(gatewayClient(run.api(), key).send(new ListBucketsCommand({})))
  expect(await list(one)).toBe('success')
  await run.api().gateway.keys.revoke({ accessKeyId: one.accessKeyId })
  expect([await list(one), await list(two)]).toEqual(['403 InvalidAccessKeyId', 'success'])
  expect(requests(run)[0]).toMatchObject({ operation: 'ListBuckets', accessKeyId: two.accessKeyId, status: 200 })
})

test('a secret is told once, and is in no view, no list, no export, no log and not in the journal', async () => {
  const run = await world()
  const { secretAccessKey } = await newKey(run.api(), {})
  const { gateway, config, activity } = run.api()
  const told = JSON.stringify([
    gateway.view(),
    gateway.keys.list(),
    config.export(),
    await activity.list({ ruleId: null, level: null, before: null, limit: 100 }),
    run.log,
  ])
  expect(told).not.toContain(secretAccessKey)
  expect(told).not.toContain('client/secret+key')
  await run.stop()
  const { readFile, readdir } = await import('node:fs/promises')
  for (const file of await readdir(run.dataDir))
    expect((await readFile(`${run.dataDir}/${file}`)).includes(secretAccessKey)).toBe(false)
})

test('what a server keeps beside its buckets is closed to every key', async () => {
  const run = await world()
  const url = gatewayUrl(run.api())
  const ask = (bucket: string, key: string, method: string) =>
    answerOn(rawRequest({ url, method, bucket, key, body: Buffer.alloc(0), contentLength: 0 }))
  const heard = [
    await ask('minio', 'admin/v3/info', 'GET'),
    await ask('admin', 'user', 'PUT'),
    await ask('', '', 'POST'),
  ]
  expect(heard).toEqual(['403 AccessDenied', '403 AccessDenied', '403 AccessDenied'])
})

test('a key without the right to access lists hears that there are none: a client that copies goes on without', async () => {
  const run = await world()
  await run.put('k')
  const key = await newKey(run.api(), { rights: ['read', 'write'] })
  const url = gatewayUrl(run.api())
  const ask = (method: string) =>
    answerOn(rawRequest({ url, method, key: 'k', query: 'acl=', body: Buffer.alloc(0), contentLength: 0, ...key }))
  expect([await ask('GET'), await ask('PUT')]).toEqual(['501 NotImplemented', '403 AccessDenied'])
})

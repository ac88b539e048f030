import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { clientKey, gatewayClient, gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { presignedUrl } from '../support/gateway-presign.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { ensureRclone, rcloneRun } from '../support/rclone.ts'
import { startWorld, type World } from '../support/world.ts'

const all = { policy: 'all', timeoutMs: 30_000 } as const
const worldBehind = async (): Promise<World> => {
  const world = await startWorld({
    buckets: ['data', 'copy'],
    rules: [{ scanIntervalSeconds: 604_800, ack: all }],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  return world
}

test('the SDK as it comes, with its checksums and streams, writes and reads through the gateway', async () => {
  const world = await worldBehind()
  const client = gatewayClient(world.api())
  const body = randomBytes(6 * 1024 * 1024)
  const Bucket = 'data'
  await client.send(new PutObjectCommand({ Bucket, Key: 'buffer', Body: body, Metadata: { who: 'über' } }))
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from([body]), ContentLength: body.length }),
  )
  await client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
  const part = await client.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: body }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ...part }] }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload }))
  await client.send(
    new PutObjectTaggingCommand({ Bucket, Key: 'parts', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
  )
  for (const Key of ['buffer', 'stream', 'parts']) {
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key }))
    expect([ContentLength, Buffer.compare(Buffer.from(await Body!.transformToByteArray()), body)]).toEqual([
      body.length,
      0,
    ])
  }
  const ranged = await client.send(new GetObjectCommand({ Bucket, Key: 'stream', Range: 'bytes=10-19' }))
  expect(Buffer.from(await ranged.Body!.transformToByteArray())).toEqual(body.subarray(10, 20))
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0)
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'buffer' }, { Key: 'empty' }] } }))
  expect(
    requests(world)
      .filter(({ acks }) => acks !== null)
      .map(({ operation, acks }) => `${operation} ${acks}`),
  ).toEqual([
    'DeleteObjects 2/2',
    'PutObjectTagging 2/2',
    'CompleteMultipartUpload 2/2',
    'PutObject 2/2',
    'PutObject 2/2',
    'PutObject 2/2',
  ])
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('presigned URLs open what they were made for, for as long as they were made for', async () => {
  const world = await worldBehind()
  const url = (method: string, ageSeconds: number): Promise<string> =>
    presignedUrl(gatewayUrl(world.api()), method, '/data/by-url', Date.now() - ageSeconds * 1000)
  const put = await fetch(await url('PUT', 0), { method: 'PUT', body: 'written by URL' })
  expect([put.status, put.headers.get('x-lockstep-acks')]).toEqual([200, '2/2'])
  const got = await fetch(await url('GET', 0))
  expect(await got.text()).toBe('written by URL')
  const late = await fetch(await url('GET', 61))
  expect([late.status, await late.text()]).toEqual([403, expect.stringContaining('Request has expired.')])
})

test('rclone copies through the gateway, in parts too', async (context) => {
  const rclone = await ensureRclone()
  if (!rclone.ok) return context.skip(rclone.reason)
  const world = await worldBehind()
  await world.put('small', 'x')
  await world.put('large', randomBytes(12 * 1024 * 1024))
  const site = { endpoint: gatewayUrl(world.api()), region: 'us-east-1', ...clientKey }
  const provider = 'Minio'
  await rcloneRun('copy', { site, bucket: 'data', provider }, { site, bucket: 'copy', provider }, [
    '--s3-upload-cutoff=5Mi',
    '--s3-chunk-size=5Mi',
  ])
  const { a } = await world.sides('copy')
  expect(a.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['large 12582912', 'small 1'])
})

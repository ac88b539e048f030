import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { head, putParts } from '../support/s3-acts.ts'
import { createBucket, startWorld } from '../support/world.ts'

const mib = 1024 * 1024

async function openUploads(client: S3Client): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'data' }))
  return Uploads.length
}

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test('part layout and ETag are kept, whatever the part sizes', async () => {
    const world = await startWorld({ a: { identity }, b: { identity } })
    await putParts(world.s3.a, 'even', [5 * mib, 5 * mib])
    await putParts(world.s3.a, 'odd last', [8 * mib, 1234])
    await putParts(world.s3.a, 'uneven', [5 * mib, 6 * mib, 17])
    await putParts(world.s3.a, 'single part', [100], {
      ContentType: 'text/x-one',
      Metadata: { one: 'part' },
      Tagging: 'parts=1',
      StorageClass: 'STANDARD_IA',
    })
    await putParts(world.s3.a, 'versions', [1])
    await putParts(world.s3.a, 'versions', [5 * mib, 2])
    await world.settled(40_000)
    // Each part is read once: no layout had to be guessed, no ETag to be doubted.
    expect(world.a.requests.count({ operation: 'GetObject', key: 'uneven' })).toBe(3)
    expect(await differencesOnceSettled(world)).toEqual([])
    const [source, target] = await Promise.all([head(world.s3.a, 'uneven'), head(world.s3.b, 'uneven')])
    expect(target.ETag).toBe(source.ETag)
    expect(await openUploads(world.s3.b)).toBe(0)
  })
})

test('a single PUT of several MiB is streamed, and stays a single PUT', async () => {
  const world = await startWorld()
  for (const sizeBytes of [mib, mib + 1, 9 * mib + 7]) await world.put(`${sizeBytes} bytes`, randomBytes(sizeBytes))
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.b.requests.count({ operation: 'CreateMultipartUpload' })).toBe(0)
})

test('a copy that the engine left in the middle goes on with the part it had not sent', async () => {
  const world = await startWorld({ stopped: true })
  await putParts(
    world.s3.a,
    'big',
    Array.from({ length: 7 }, () => 5 * mib),
  )
  const stuck = world.b.faults.add({ on: 'UploadPart', after: 5, do: { kind: 'hang' } })
  await world.start()
  await expect.poll(() => stuck.hits, { timeout: 20_000 }).toBeGreaterThan(0)
  await expect.poll(() => world.b.requests.count({ operation: 'UploadPart', status: 200 })).toBe(5)
  await world.stop()
  stuck.remove()
  world.b.requests.clear()
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.b.requests.count({ operation: 'CreateMultipartUpload' })).toBe(0)
  expect(world.b.requests.count({ operation: 'UploadPart', status: 200 })).toBe(2)
})

test('a copy whose upload the target has dropped begins anew', async () => {
  const world = await startWorld({ stopped: true })
  await putParts(world.s3.a, 'big', [5 * mib, 5 * mib, 5])
  const stuck = world.b.faults.add({ on: 'CompleteMultipartUpload', do: { kind: 'server-error' } })
  await world.start()
  await expect.poll(() => stuck.hits, { timeout: 20_000 }).toBeGreaterThan(0)
  await world.stop()
  const { Uploads = [] } = await world.s3.b.send(new ListMultipartUploadsCommand({ Bucket: 'data' }))
  for (const { Key, UploadId } of Uploads)
    await world.s3.b.send(new AbortMultipartUploadCommand({ Bucket: 'data', Key, UploadId }))
  stuck.remove()
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await openUploads(world.s3.b)).toBe(0)
})

test('an unversioned object that was overwritten half way leaves no upload behind', async () => {
  const world = await startWorld({ stopped: true, buckets: [] })
  await world.s3.a.send(new CreateBucketCommand({ Bucket: 'data' }))
  await createBucket(world.s3.b, 'data')
  await putParts(world.s3.a, 'big', [5 * mib, 5 * mib, 5])
  const stuck = world.b.faults.add({ on: 'CompleteMultipartUpload', do: { kind: 'server-error' } })
  await world.start()
  await expect.poll(() => stuck.hits, { timeout: 20_000 }).toBeGreaterThan(0)
  await world.stop()
  expect(await openUploads(world.s3.b)).toBe(1)
  await putParts(world.s3.a, 'big', [5 * mib, 6])
  stuck.remove()
  await world.start()
  expect(await differencesOnceSettled(world, { currentOnly: true })).toEqual([])
  expect(await openUploads(world.s3.b)).toBe(0)
})

test('an object that is overwritten or deleted while its parts are copied ends as it is at the source', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  world.b.faults.add({ on: 'UploadPart', do: { kind: 'latency', delayMs: 200 } })
  await putParts(world.s3.a, 'big', [5 * mib, 5 * mib, 5 * mib])
  await expect.poll(() => world.b.requests.count({ operation: 'UploadPart' }), { timeout: 15_000 }).toBeGreaterThan(0)
  await world.put('big', 'small now')
  await putParts(world.s3.a, 'big', [5 * mib, 6])
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await openUploads(world.s3.b)).toBe(0)
})

test('a multipart object whose completion was answered to nobody is there once', async () => {
  const world = await startWorld({ stopped: true })
  await putParts(world.s3.a, 'big', [5 * mib, 5])
  world.b.faults.add({ on: 'CompleteMultipartUpload', times: 1, do: { kind: 'lose-answer' } })
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect((await world.sides()).b).toHaveLength(1)
})

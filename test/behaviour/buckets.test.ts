import { DeleteBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { versionsByKey } from '../compare/list-versions.ts'
import { setVersioning, makeBucket } from '../support/buckets.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { ruleOf } from '../support/rule-of.ts'
import { remove } from '../support/s3-acts.ts'
import { failures, retryAll, untilBadge, untilParked } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

/** Everything in it goes too, version by version. */
async function dropBucket(client: S3Client, world: World): Promise<void> {
  for await (const { key, versions } of versionsByKey({ site: world.b, bucket: 'data' }))
    for (const { versionId } of versions) await remove(client, key, versionId)
  await client.send(new DeleteBucketCommand({ Bucket: 'data' }))
}

test('a target bucket that is missing at the start is waited for by name', async () => {
  const world = await startWorld({ stopped: true })
  await world.put('key')
  await dropBucket(world.s3.b, world)
  await world.start()
  await untilBadge(world, 'held', /There is no bucket data\. → Create the bucket/)
  expect(world.link()).toMatchObject({ parked: 0, failing: 0 })
  await makeBucket(world.s3.b, 'data')
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a target bucket deleted in the middle parks nothing; recreated, it gets everything again', async () => {
  const world = await startWorld()
  for (let at = 0; at < 10; at++) await world.put(`old-${at}`)
  await world.settled()
  await dropBucket(world.s3.b, world)
  for (let at = 0; at < 10; at++) await world.put(`new-${at}`)
  await untilBadge(world, 'held', /There is no bucket data/)
  await expect.poll(() => world.link()).toMatchObject({ backlogCount: 10, parked: 0, failing: 0, inFlight: 0 })
  await makeBucket(world.s3.b, 'data')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('a target bucket recreated without versioning gets nothing until versioning is on', async () => {
  const world = await startWorld()
  await world.put('old')
  await world.settled()
  await dropBucket(world.s3.b, world)
  await makeBucket(world.s3.b, 'data', { versioning: 'none' })
  for (const body of ['one', 'two', 'three']) await world.put('key', body)
  await untilBadge(world, 'held', /Versioning is not enabled on data\. → Enable versioning/)
  await setVersioning(world.s3.b, 'data', 'Enabled')
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('versioning suspended at the target stops the copying before history is lost', async () => {
  const world = await startWorld()
  for (const body of ['one', 'two']) await world.put('key', body)
  await world.settled()
  await setVersioning(world.s3.b, 'data', 'Suspended')
  for (const body of ['three', 'four']) await world.put('key', body)
  await remove(world.s3.a, 'key')
  await untilBadge(world, 'held', /Versioning is not enabled on data/)
  expect(world.link().parked).toBe(0)
  await setVersioning(world.s3.b, 'data', 'Enabled')
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a locked object is parked where the target bucket was recreated without object lock, and only that one', async () => {
  const world = await startWorld({ objectLock: true })
  await world.put('before')
  await world.settled()
  await dropBucket(world.s3.b, world)
  await makeBucket(world.s3.b, 'data')
  await world.put('held', 'x', { ObjectLockLegalHoldStatus: 'ON' })
  await world.put('free')
  const [row] = await untilParked(world, ['held'])
  expect(row!.fault).toMatchObject({ code: 'BUCKET_LOCK_MISSING', site: 'b', retry: 'never' })
  expect(row!.fault.remedy).toContain('set the rule’s object lock to “ignore”')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 15_000 }).toBe(2)
  await world.api().rules.update({ ...ruleOf(world), objectLock: 'ignore' })
  await retryAll(world)
  await world.settled()
  expect((await world.sides()).b.filter((line) => line.startsWith('held'))).toHaveLength(1)
})

import { PutObjectLegalHoldCommand, PutObjectRetentionCommand, type S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { head, remove, versionsOf } from '../support/s3-acts.ts'
import { createBucket, startWorld, type World } from '../support/world.ts'

const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1000 + days * 86_400) * 1000)

async function retain(world: World, key: string, versionId: string, until: Date): Promise<void> {
  const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: until } as const
  await world.s3.a.send(new PutObjectRetentionCommand({ Bucket: 'data', Key: key, VersionId: versionId, Retention }))
}

async function hold(client: S3Client, key: string, Status: 'ON' | 'OFF'): Promise<void> {
  await client.send(new PutObjectLegalHoldCommand({ Bucket: 'data', Key: key, LegalHold: { Status } }))
}

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test('retention and legal hold arrive with the version', async () => {
    const world = await startWorld({ a: { identity }, b: { identity }, objectLock: true })
    const retained = { ObjectLockRetainUntilDate: inDays(3) }
    await world.put('governance', 'x', { ObjectLockMode: 'GOVERNANCE', ...retained })
    await world.put('compliance', 'x', { ObjectLockMode: 'COMPLIANCE', ...retained })
    await world.put('held', 'x', { ObjectLockLegalHoldStatus: 'ON' })
    await world.put('both', 'x', { ObjectLockMode: 'COMPLIANCE', ...retained, ObjectLockLegalHoldStatus: 'ON' })
    await world.put('both', 'newer, free')
    await remove(world.s3.a, 'governance')
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await head(world.s3.b, 'compliance')).toMatchObject({ ObjectLockMode: 'COMPLIANCE' })
  })

  test('retention set or prolonged later and holds set or lifted later follow', async () => {
    const world = await startWorld({ a: { identity }, b: { identity }, objectLock: true })
    const first = await world.put('key', 'one')
    const second = await world.put('key', 'two', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(1) })
    await world.put('lifted', 'x', { ObjectLockLegalHoldStatus: 'ON' })
    await world.put('held later', 'x')
    expect(await differencesOnceSettled(world)).toEqual([])
    await retain(world, 'key', first, inDays(2))
    const Retention = { Mode: 'COMPLIANCE', RetainUntilDate: inDays(5) } as const
    await world.s3.a.send(new PutObjectRetentionCommand({ Bucket: 'data', Key: 'key', VersionId: second, Retention }))
    await hold(world.s3.a, 'lifted', 'OFF')
    await hold(world.s3.a, 'held later', 'ON')
    await expect.poll(() => differencesOnceSettled(world), { timeout: 15_000 }).toEqual([])
  })
})

test('a locked object whose target bucket has no object lock is listed with its remedy', async () => {
  const world = await startWorld({ objectLock: true, rules: [{ targets: [{ site: 'b', bucket: 'plain' }] }] })
  await createBucket(world.s3.b, 'plain')
  await world.put('locked', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(1) })
  await world.put('free', 'x')
  await world.settled(30_000)
  expect((await world.failures()).map(({ key, state, fault }) => [key, state, fault.code])).toEqual([
    ['locked', 'parked', 'BUCKET_LOCK_MISSING'],
  ])
  expect(await versionsOf({ site: world.b, bucket: 'plain' }, 'free')).toHaveLength(1)
})

test('locks stay at the source under a rule that ignores them', async () => {
  const world = await startWorld({ objectLock: true, rules: [{ objectLock: 'ignore' }] })
  await world.put('locked', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(1) })
  await world.settled()
  expect((await head(world.s3.b, 'locked')).ObjectLockMode).toBeUndefined()
})

test('a version that the target alone holds under lock is not deleted there; the delete is listed', async () => {
  const world = await startWorld({ objectLock: true, rules: [{ versionDeletes: true }] })
  const id = await world.put('key', 'one')
  await world.settled()
  await hold(world.s3.b, 'key', 'ON')
  await remove(world.s3.a, 'key', id)
  await expect
    .poll(async () => (await world.failures()).map(({ fault }) => fault.code), { timeout: 10_000 })
    .toEqual(['OBJECT_LOCKED'])
  expect((await world.sides()).b).toHaveLength(1)
})

test('a late version whose place is below a locked replica is listed, and holds nothing back', async () => {
  // One scan: another that overlaps would take up again what was set aside, and meet no fault any more.
  const world = await startWorld({ objectLock: true, stopped: true, a: { changeStream: 'none' } })
  await world.put('key', 'one')
  await world.put('key', 'two', { ObjectLockLegalHoldStatus: 'ON' })
  await world.put('key', 'three')
  // Its own task fails, and so does the next one, which would bring it first.
  world.b.faults.add({ on: 'PutObject', key: 'key', times: 2, do: { kind: 'deny' } })
  await world.start()
  const sizes = async (): Promise<readonly number[]> =>
    (await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ sizeBytes }) => sizeBytes)
  await expect.poll(sizes, { timeout: 30_000 }).toEqual([5, 3])
  await world.settled(30_000)
  expect(await sizes()).toEqual([5, 3])
  await world.api().failures.retry({ seqs: (await world.failures()).map(({ seq }) => seq) })
  await expect
    .poll(async () => (await world.failures()).map(({ fault }) => fault.code), { timeout: 10_000 })
    .toEqual(['OBJECT_LOCKED'])
  expect(await sizes()).toEqual([5, 3])
})

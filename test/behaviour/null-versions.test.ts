import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { setVersioning } from '../support/buckets.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { createBucket, startWorld, type World, type WorldOptions } from '../support/world.ts'

/** A world whose source bucket never had versioning. */
async function unversionedWorld(options: WorldOptions): Promise<World> {
  const world = await startWorld({ ...options, buckets: [], stopped: true })
  await world.s3.a.send(new CreateBucketCommand({ Bucket: 'data' }))
  await createBucket(world.s3.b, 'data')
  return world
}

const current = { currentOnly: true } as const
const bodies = async (world: World, key: string): Promise<readonly string[]> =>
  (await versionsOf({ site: world.b, bucket: 'data' }, key)).map(({ kind, sizeBytes }) =>
    kind === 'marker' ? 'marker' : String(sizeBytes),
  )

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  const sites = { a: { identity }, b: { identity } } as const

  test('an unversioned source: what is there, what changes and what goes, as its readers see it', async () => {
    const world = await unversionedWorld(sites)
    for (const key of ['kept', 'changed', 'gone']) await world.put(key, 'first')
    await world.start()
    expect(await differencesOnceSettled(world, current)).toEqual([])
    await world.put('changed', 'second!')
    await remove(world.s3.a, 'gone')
    await expect.poll(() => differencesOnceSettled(world, current), { timeout: 15_000 }).toEqual([])
    expect(await bodies(world, 'kept')).toEqual(['5'])
  })

  test('an unversioned source that lost an object while nobody listened loses it at the target too', async () => {
    const world = await unversionedWorld(sites)
    for (const key of ['kept', 'gone']) await world.put(key, 'first')
    await world.start()
    await world.settled()
    await world.stop()
    await remove(world.s3.a, 'gone')
    await world.start()
    await expect.poll(() => differencesOnceSettled(world, current), { timeout: 15_000 }).toEqual([])
  })

  test('an unversioned source: an object that comes back with the same content is seen again', async () => {
    const world = await unversionedWorld(sites)
    await world.start()
    await world.put('key', 'same')
    await world.settled()
    await remove(world.s3.a, 'key')
    await expect.poll(() => differencesOnceSettled(world, current), { timeout: 15_000 }).toEqual([])
    await world.put('key', 'same')
    expect(await differencesOnceSettled(world, current)).toEqual([])
  })

  test('a source whose versioning was switched on later: the null version lies below the others', async () => {
    const world = await unversionedWorld({ ...sites, stopped: true })
    await world.put('key', 'null')
    await setVersioning(world.s3.a, 'data', 'Enabled')
    for (const body of ['second', 'third..']) await world.put('key', body)
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('a suspended source: the null version that was overwritten or hidden is so at the target', async () => {
    const world = await startWorld(sites)
    await world.put('key', 'first')
    await world.put('other', 'first')
    await world.settled()
    await setVersioning(world.s3.a, 'data', 'Suspended')
    await world.put('key', 'null one')
    expect(await differencesOnceSettled(world, current)).toEqual([])
    await world.put('key', 'null two.')
    await remove(world.s3.a, 'other')
    await expect.poll(() => differencesOnceSettled(world, current), { timeout: 15_000 }).toEqual([])
    await setVersioning(world.s3.a, 'data', 'Enabled')
    await world.put('key', 'after')
    expect(await differencesOnceSettled(world, current)).toEqual([])
  })

  test('a null version that is deleted for good goes at the target too, whether an event tells of it or a scan', async () => {
    const world = await unversionedWorld({ ...sites, rules: [{ versionDeletes: true }] })
    for (const key of ['told', 'found']) await world.put(key, 'null')
    await setVersioning(world.s3.a, 'data', 'Enabled')
    for (const key of ['told', 'found']) await world.put(key, 'second')
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    await remove(world.s3.a, 'told', 'null')
    await expect.poll(() => bodies(world, 'told'), { timeout: 15_000 }).toEqual(['6'])
    await world.stop()
    await remove(world.s3.a, 'found', 'null')
    await world.start()
    await expect.poll(() => bodies(world, 'found'), { timeout: 15_000 }).toEqual(['6'])
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('null versions that are overwritten, or hidden, at a suspended source leave nothing behind at the target', async () => {
    const world = await startWorld({ ...sites, rules: [{ versionDeletes: true }] })
    for (const key of ['key', 'hidden']) await world.put(key, 'first')
    await world.settled()
    await setVersioning(world.s3.a, 'data', 'Suspended')
    for (const body of ['null one', 'null two.', 'null three']) {
      for (const key of ['key', 'hidden']) await world.put(key, body)
      await world.settled()
    }
    await remove(world.s3.a, 'hidden')
    await expect.poll(() => bodies(world, 'hidden'), { timeout: 15_000 }).toEqual(['marker', '5'])
    await expect.poll(() => differencesOnceSettled(world), { timeout: 15_000 }).toEqual([])
    expect(await bodies(world, 'key')).toEqual(['10', '5'])
    expect(await bodies(world, 'hidden')).toEqual(['marker', '5'])
  })

  test('the same content written again over a null version is not copied again', async () => {
    const world = await unversionedWorld(sites)
    await world.start()
    for (let round = 0; round < 3; round++) {
      await world.put('key', 'same')
      await world.settled()
    }
    expect(await bodies(world, 'key')).toEqual(['4'])
  })
})

test('a null version at the target that nothing proves a replica is not deleted, and that is told', async () => {
  const sites = { a: { identity: 'adopts-minio' }, b: { identity: 'adopts-minio' } } as const
  const world = await unversionedWorld({ ...sites, rules: [{ versionDeletes: true, onTargetWrites: 'cover' }] })
  await world.put('key', 'null')
  await setVersioning(world.s3.a, 'data', 'Enabled')
  await world.put('key', 'second')
  await world.start()
  await world.settled()
  await world.stop()
  await setVersioning(world.s3.b, 'data', 'Suspended')
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'null' }))
  await setVersioning(world.s3.b, 'data', 'Enabled')
  await world.start()
  await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).not.toBe('waiting')
  await remove(world.s3.a, 'key', 'null')
  const codes = async (): Promise<readonly string[]> => (await world.failures()).map(({ fault }) => fault.code)
  await expect.poll(codes, { timeout: 15_000 }).toEqual(['NULL_DELETE_UNPROVEN'])
  expect(await bodies(world, 'key')).toHaveLength(2)
})

import { describe, expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { Random } from '../support/random.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

/** Every write to a key at the target, in the order in which the target carried them out. */
const writes = ['PutObject', 'DeleteObject'] as const

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test('overwrites and deletes of few keys arrive in the source’s order, through errors and latencies', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = new Random(seed)
    const world = await startWorld({ a: { identity }, b: { identity } })
    world.b.faults.add({ on: writes, do: { kind: 'latency', delayMs: 20 } })
    world.b.faults.add({ on: writes, key: 'k0', times: 3, after: 2, do: { kind: 'server-error' } })
    world.b.faults.add({ on: 'PutObject', key: 'k1', times: 2, after: 1, do: { kind: 'reset' } })
    world.a.faults.add({ on: 'GetObject', key: 'k2', times: 2, do: { kind: 'cut-body', afterBytes: 3 } })
    for (let step = 0; step < 60; step++) {
      const key = `k${random.int(0, 3)}`
      if (random.chance(0.25)) await remove(world.s3.a, key)
      else await world.put(key, `content ${step}`)
    }
    expect(await differencesOnceSettled(world), `seed ${seed}`).toEqual([])
  })

  test('a version that failed first and is retried later is put in its place below its successors', async () => {
    const world = await startWorld({ a: { identity }, b: { identity }, stopped: true })
    for (const body of ['one', 'two', 'three']) await world.put('key', body)
    const denied = world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'deny' } })
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    expect([denied.hits, await world.failures()]).toEqual([1, []])
  })

  test('a replica that went missing comes back below its successors, though writing them again fails at first', async () => {
    const world = await startWorld({ a: { identity }, b: { identity }, stopped: true })
    for (const body of ['one', 'two', 'three']) await world.put('key', body)
    await world.start()
    await world.settled()
    const [, , oldest] = await versionsOf({ site: world.b, bucket: 'data' }, 'key')
    await remove(world.s3.b, 'key', oldest!.versionId)
    world.b.faults.add({ on: 'PutObject', key: 'key', times: 2, after: 1, do: { kind: 'server-error' } })
    world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: { kind: 'server-error' } })
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await versionsOf({ site: world.b, bucket: 'data' }, 'key')).toHaveLength(3)
    expect(await world.failures()).toEqual([])
  })
})

test('a delete never overtakes the put before it', async () => {
  const world = await startWorld()
  await world.settled()
  const refusals = world.b.faults.add({ on: 'PutObject', key: 'key', times: 3, do: { kind: 'server-error' } })
  await world.put('key', 'short-lived')
  await remove(world.s3.a, 'key')
  expect(await differencesOnceSettled(world)).toEqual([])
  const done = world.b.requests
    .list({ key: 'key' })
    .filter(({ operation, status }) => writes.some((write) => write === operation) && status !== null && status < 300)
  expect([refusals.hits, done.map(({ operation }) => operation)]).toEqual([3, ['PutObject', 'DeleteObject']])
})

test('no version goes before an elder that failed only for now, and the elder is named as the cause', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }], engine: { retry: { maxDelayMs: 200 } } })
  const at = { site: world.b, bucket: 'data' }
  await world.put('key', 'one')
  await world.settled()
  const [replica] = await versionsOf(at, 'key')
  await remove(world.s3.b, 'key', replica!.versionId)
  const broken = world.b.faults.add({ on: 'PutObject', key: 'key', times: 4, do: { kind: 'server-error' } })
  await world.put('key', 'second')
  await expect
    .poll(async () => (await world.failures())[0]?.fault, { timeout: 10_000, interval: 5 })
    .toMatchObject({ code: 'PREDECESSOR_FAILED', message: expect.stringMatching(/comes first and failed: .*500/) })
  expect(await versionsOf(at, 'key')).toEqual([])
  await expect.poll(async () => (await versionsOf(at, 'key')).length, { timeout: 10_000 }).toBe(2)
  expect([broken.hits, (await differencesOnceSettled(world)).length]).toEqual([4, 0])
})

test('a version that fails for good is listed, holds back nothing and moves nothing', async () => {
  const world = await startWorld({ stopped: true })
  // Too much metadata for a target that needs room for the version's origin.
  const id = await world.put('key', 'one', { Metadata: { long: 'y'.repeat(2044) } })
  for (const body of ['two', 'three']) await world.put('key', body)
  await world.start()
  await world.settled()
  await world.put('key', 'four')
  await world.settled()
  const replicas = await versionsOf({ site: world.b, bucket: 'data' }, 'key')
  expect(replicas.map(({ sizeBytes }) => sizeBytes)).toEqual([4, 5, 3])
  expect(world.b.requests.count({ operation: 'PutObject', key: 'key', status: 200 })).toBe(3)
  expect((await world.failures()).map(({ versionId, state }) => [versionId, state])).toEqual([[id, 'parked']])
})

import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { forEachAtMost } from '../support/concurrency.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { putParts, remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'
import type { FaultRule } from '../../electron/engine/sandbox/fault-switch.ts'

/** Longer than any test: the target has carried it out, and nobody hears of it. */
const neverHeard = { kind: 'late-answer', delayMs: 120_000 } as const

const atTarget = (world: World, key: string) => versionsOf({ site: world.b, bucket: 'data' }, key)
const atSource = (world: World, key: string) => versionsOf({ site: world.a, bucket: 'data' }, key)

/** The engine ends after the target has stored what `act` leads to, and before it heard of it. */
async function cutShort(world: World, on: FaultRule, act: () => Promise<unknown>, versions = 1): Promise<void> {
  const silent = world.b.faults.add(on)
  await act()
  const { key } = on
  await expect.poll(() => atTarget(world, String(key)).then(({ length }) => length), { timeout: 15_000 }).toBe(versions)
  await world.stop()
  silent.remove()
}

/** Nothing at the target is deleted, and the list of failures says of which version that is. */
async function expectUnproven(world: World, versionId: string, versions = 2): Promise<void> {
  const listed = async () => (await world.failures()).map(({ fault, versionId }) => ({ code: fault.code, versionId }))
  await expect.poll(listed, { timeout: 20_000 }).toEqual([{ code: 'DELETE_UNPROVEN', versionId }])
  expect(await atTarget(world, 'key')).toHaveLength(versions)
}

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  const start = async (): Promise<World> => {
    const world = await startWorld({
      a: { identity: 'adopts-minio' },
      b: { identity },
      rules: [{ versionDeletes: true }],
    })
    // Something by which the source is known to be what it was.
    await world.put('other')
    await world.settled()
    return world
  }

  const objects = [
    ['an object', 'PutObject', (world: World) => world.put('key')],
    ['an object in parts', 'CompleteMultipartUpload', (world: World) => putParts(world.s3.a, 'key', [5 << 20, 1000])],
  ] as const
  test.each(objects)(
    '%s whose copy nobody heard of goes when its version is deleted for good meanwhile',
    async (_, on, put) => {
      const world = await start()
      await cutShort(world, { on, key: 'key', do: neverHeard }, () => put(world))
      const [version] = await atSource(world, 'key')
      await remove(world.s3.a, 'key', version!.versionId)
      // The task that looks for the version takes longer than the scan that is waited for.
      world.a.faults.add({ versionId: version!.versionId, times: 1, do: { kind: 'latency', delayMs: 3000 } })
      await world.start()
      expect(await differencesOnceSettled(world)).toEqual([])
      expect(await atTarget(world, 'key')).toEqual([])
      expect(await world.failures()).toEqual([])
    },
  )

  test('a delete marker that nobody heard of, and that is taken back meanwhile, goes where its id says whose it is, and is listed elsewhere', async () => {
    const world = await start()
    await world.put('key')
    await world.settled()
    await cutShort(world, { on: 'DeleteObject', key: 'key', do: neverHeard }, () => remove(world.s3.a, 'key'), 2)
    const [marker] = await atSource(world, 'key')
    await remove(world.s3.a, 'key', marker!.versionId)
    await world.start()
    if (identity === 'mints') return expectUnproven(world, marker!.versionId)
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await world.failures()).toEqual([])
  })

  test('an elder that came along with another version goes when it is deleted for good meanwhile', async () => {
    const world = await start()
    world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'deny' } })
    const elder = await world.put('key', 'elder')
    await expect.poll(() => world.failures(), { timeout: 15_000 }).toMatchObject([{ state: 'parked' }])
    const heard = { on: 'PutObject', key: 'key', after: 1, do: neverHeard } as const
    await cutShort(world, heard, () => world.put('key', 'younger'), 2)
    await remove(world.s3.a, 'key', elder)
    // The scan is at its end before it is known whose ids the target keeps.
    world.b.faults.add({ on: 'PutObject', key: /canary/, do: { kind: 'latency', delayMs: 2000 } })
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('a delete marker that came along with a younger version goes where its id says whose it is, and is listed elsewhere', async () => {
    const world = await start()
    await world.put('key')
    await world.settled()
    await world.stop()
    const marker = await remove(world.s3.a, 'key')
    // No scan tells of the marker: it has no task, and comes along with what an event tells of.
    world.a.faults.add({ on: 'ListObjectVersions', times: 1, do: { kind: 'latency', delayMs: 120_000 } })
    await world.start()
    await expect.poll(() => world.link().events.kind, { timeout: 15_000 }).toBe('told')
    await cutShort(world, { on: 'PutObject', key: 'key', do: neverHeard }, () => world.put('key', 'younger'), 3)
    await remove(world.s3.a, 'key', marker)
    await world.start()
    if (identity === 'mints') return expectUnproven(world, marker, 3)
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await world.failures()).toEqual([])
  })

  test('a version does not stand for another that has the same content and was deleted for good', async () => {
    const world = await start()
    const first = await world.put('key', 'same', { Metadata: { of: 'first' } })
    await world.settled()
    await world.stop()
    await remove(world.s3.a, 'key', first)
    await world.put('key', 'same', { Metadata: { of: 'second' } })
    await world.start()
    const sameIds = identity !== 'mints'
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    expect(await world.failures()).toEqual([])
  })

  test('a version does not stand for another that has the same content and of whose copy nobody heard', async () => {
    const world = await start()
    await cutShort(world, { on: 'PutObject', key: 'key', do: neverHeard }, () =>
      world.put('key', 'same', { Metadata: { of: 'first' } }),
    )
    const [first] = await atSource(world, 'key')
    await remove(world.s3.a, 'key', first!.versionId)
    await world.put('key', 'same', { Metadata: { of: 'second' } })
    await world.start()
    const sameIds = identity !== 'mints'
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    expect(await world.failures()).toEqual([])
  })

  test('a copy that was written once more to lie on top goes when its version is deleted for good meanwhile', async () => {
    const world = await start()
    const denied = world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' } })
    await world.put('key', 'elder')
    await expect.poll(() => world.failures(), { timeout: 15_000 }).toMatchObject([{ state: 'parked' }])
    denied.remove()
    world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'deny' } })
    const younger = await world.put('key', 'younger')
    await expect.poll(() => atTarget(world, 'key').then(({ length }) => length), { timeout: 15_000 }).toBe(1)
    await expect.poll(() => world.failures(), { timeout: 15_000 }).toMatchObject([{ state: 'parked' }])
    const again = { on: 'PutObject', key: 'key', after: identity === 'mints' ? 1 : 0, do: neverHeard } as const
    const [failed] = await world.failures()
    const retry = async () => world.api().failures.retry({ seqs: [failed!.seq] })
    await cutShort(world, again, retry, identity === 'mints' ? 3 : 2)
    await remove(world.s3.a, 'key', younger)
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('where a client has copied what nobody heard of, nothing is deleted, and that is told', async () => {
    const world = await start()
    await cutShort(world, { on: 'PutObject', key: 'key', do: neverHeard }, () => world.put('key'))
    const [unheard] = await atTarget(world, 'key')
    const CopySource = `data/key?versionId=${unheard!.versionId}`
    const { VersionId } = await world.s3.b.send(new CopyObjectCommand({ Bucket: 'data', Key: 'key', CopySource }))
    const [version] = await atSource(world, 'key')
    await remove(world.s3.a, 'key', version!.versionId)
    await world.start()
    await world.settled()
    const left = (await atTarget(world, 'key')).map(({ versionId }) => versionId)
    // Where ids are the source's own, its copy has another.
    const [codes, count] = identity === 'mints' ? [['DELETE_UNPROVEN'], 2] : [[], 1]
    expect([(await world.failures()).map(({ fault }) => fault.code), left.length, left[0]]).toEqual([
      codes,
      count,
      VersionId,
    ])
  })
})

test('a delete marker that was written once more to lie on top, and of which nobody heard, is there once', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  await world.put('other')
  await world.settled()
  const denied = world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' } })
  await world.put('key')
  await expect.poll(() => world.failures(), { timeout: 15_000 }).toMatchObject([{ state: 'parked' }])
  await remove(world.s3.a, 'key')
  await expect.poll(() => atTarget(world, 'key').then(({ length }) => length), { timeout: 15_000 }).toBe(1)
  await world.settled()
  denied.remove()
  const [failed] = await world.failures()
  const retry = async () => world.api().failures.retry({ seqs: [failed!.seq] })
  await cutShort(world, { on: 'DeleteObject', key: 'key', do: neverHeard }, retry, 3)
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await world.failures()).toEqual([])
})

test.each([
  { many: 60, what: 'goes' },
  { many: 520, what: 'is listed' },
])(
  'a copy that nobody heard of, below $many versions of others, $what when its version is deleted for good meanwhile',
  async ({ many, what }) => {
    const world = await startWorld({ rules: [{ versionDeletes: true }] })
    await world.put('other')
    await world.settled()
    await cutShort(world, { on: 'PutObject', key: 'key', do: neverHeard }, () => world.put('key'))
    const [unheard] = await atTarget(world, 'key')
    await forEachAtMost(
      8,
      Array.from({ length: many }, (_, at) => at),
      async (at) => {
        await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: `of a client ${at}` }))
      },
    )
    const [version] = await atSource(world, 'key')
    await remove(world.s3.a, 'key', version!.versionId)
    await world.start()
    await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
    const isThere = (await atTarget(world, 'key')).some(({ versionId }) => versionId === unheard!.versionId)
    const codes = (await world.failures()).map(({ fault }) => fault.code)
    expect([isThere, codes]).toEqual(what === 'goes' ? [false, []] : [true, ['DELETE_UNPROVEN']])
  },
)

test('a client’s copy of a replica stays when the replica is deleted for good and nobody hears of that', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  await world.put('other')
  await world.settled()
  // The delete comes while the copy is under way: one task brings the version and deletes it.
  world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'late-answer', delayMs: 1500 } })
  const refused = world.b.faults.add({ on: 'DeleteObject', key: 'key', do: { kind: 'server-error' } })
  const version = await world.put('key')
  await expect.poll(() => atTarget(world, 'key').then(({ length }) => length), { timeout: 15_000 }).toBe(1)
  await remove(world.s3.a, 'key', version)
  await expect.poll(() => world.failures(), { timeout: 15_000 }).toHaveLength(1)
  const CopySource = `data/key?versionId=${(await atTarget(world, 'key'))[0]!.versionId}`
  const { VersionId } = await world.s3.b.send(new CopyObjectCommand({ Bucket: 'data', Key: 'key', CopySource }))
  await cutShort(world, { on: 'DeleteObject', key: 'key', do: neverHeard }, async () => refused.remove())
  await world.start()
  await world.settled()
  expect((await atTarget(world, 'key')).map(({ versionId }) => versionId)).toEqual([VersionId])
})

test('a client’s copy stays that is made while a replica is deleted of whose writing nobody heard either', async () => {
  const retry = { baseDelayMs: 1500, maxDelayMs: 1500 }
  const world = await startWorld({ rules: [{ versionDeletes: true }], engine: { retry } })
  await world.put('other')
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'lose-answer' } })
  const under = { on: 'DeleteObject', key: 'key', times: 1 } as const
  const late = world.b.faults.add({ ...under, do: { kind: 'latency', delayMs: 1500 } })
  world.b.faults.add({ ...under, do: { kind: 'lose-answer' } })
  const version = await world.put('key')
  await expect.poll(() => atTarget(world, 'key').then(({ length }) => length), { timeout: 15_000 }).toBe(1)
  await remove(world.s3.a, 'key', version)
  await expect.poll(() => late.hits, { timeout: 15_000, interval: 5 }).toBe(1)
  const CopySource = `data/key?versionId=${(await atTarget(world, 'key'))[0]!.versionId}`
  const { VersionId } = await world.s3.b.send(new CopyObjectCommand({ Bucket: 'data', Key: 'key', CopySource }))
  await world.api().wait.settled({ ruleId: null, timeoutMs: 30_000 })
  expect((await atTarget(world, 'key')).map(({ versionId }) => versionId)).toEqual([VersionId])
})

test('a client’s delete at the target is not taken back with a delete of the source that never arrived', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  for (const key of ['other', 'key']) await world.put(key)
  await world.settled()
  world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: { kind: 'server-error' } })
  await remove(world.s3.a, 'key')
  await expect.poll(() => world.failures(), { timeout: 15_000 }).toHaveLength(1)
  await world.stop()
  const [marker] = await atSource(world, 'key')
  await remove(world.s3.a, 'key', marker!.versionId)
  await remove(world.s3.b, 'key')
  await world.start()
  await expectUnproven(world, marker!.versionId)
})

test('a delete marker that is taken back while the engine is down goes, where another was written on it and nobody heard of that one', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  for (const key of ['other', 'key']) await world.put(key)
  const first = await remove(world.s3.a, 'key')
  await world.settled()
  await cutShort(world, { on: 'DeleteObject', key: 'key', do: neverHeard }, () => remove(world.s3.a, 'key'), 4)
  await remove(world.s3.a, 'key', first)
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await world.failures()).toEqual([])
})

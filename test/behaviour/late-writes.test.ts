import { CopyObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { head, putTags, remove, tagsOf, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/*
 * A connection broke, nobody heard how the write ended, and the next attempt brought the same: what the first one wrote comes to lie at
 * the target after that. No version is there twice in the end, and none is covered by an elder.
 */

const engine = { retry: { baseDelayMs: 20, maxDelayMs: 20, landsWithinMs: 5_000 } }

interface LateWorld extends World {
  /** What broke comes to lie at the target; resolves when it does. */
  readonly land: () => Promise<void>
}

/** The first write of the key is broken, and carried out when the test says so. */
async function lateWorld(times = 1, versionDeletes = true): Promise<LateWorld> {
  const world = await startWorld({ engine, rules: [{ versionDeletes, deleteBrake: null }] })
  return { ...world, land: breaksWrite(world, times) }
}

function breaksWrite(world: World, times = 1): () => Promise<void> {
  const { promise: when, resolve } = Promise.withResolvers<void>()
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'late-write', when }, times })
  onTestFinished(() => resolve())
  return () => {
    resolve()
    return eventually(() => expect(world.b.requests.active).toBe(0))
  }
}

async function expectSame(world: World): Promise<void> {
  await eventually(() => expect(world.b.requests.active).toBe(0))
  await world.settled()
  const { a, b } = await world.sides()
  expect(b).toEqual(a)
}

/** The second attempt has brought what the first is to land still. */
const brought = (world: World, count: number): Promise<void> =>
  eventually(async () => expect((await world.sides()).b).toHaveLength(count))

test('a version that an unheard attempt lands late stays once', async () => {
  const world = await lateWorld()
  await world.put('key')
  await brought(world, 1)
  await world.land()
  expect((await world.sides()).b).toHaveLength(2)
  await expectSame(world)
})

test('what lands late does not cover a younger version', async () => {
  const world = await lateWorld()
  await world.put('key', 'first')
  await brought(world, 1)
  await world.put('key', 'second')
  await brought(world, 2)
  await world.land()
  await expectSame(world)
})

test('a younger version does not wait until nothing can land any more', async () => {
  const world = await startWorld({ engine: { retry: { ...engine.retry, landsWithinMs: 600_000 } } })
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'reset' }, times: 1 })
  await world.put('key', 'first')
  await brought(world, 1)
  await world.put('key', 'second')
  await brought(world, 2)
  await eventually(() => expect(world.link()).toMatchObject({ backlogCount: 0, failing: 0 }))
})

test('several attempts that land late, one after the other, leave one version', async () => {
  const world = await lateWorld(3)
  await world.put('key', 'first')
  await world.put('key', 'second')
  await brought(world, 2)
  await world.land()
  await expectSame(world)
})

test.each([
  ['goes as it went', true, 0],
  ['leaves the one that the rule keeps', false, 1],
] as const)('what lands late of a version that the source has deleted %s', async (_, versionDeletes, left) => {
  const world = await lateWorld(1, versionDeletes)
  const versionId = await world.put('key', 'first')
  await brought(world, 1)
  await remove(world.s3.a, 'key', versionId)
  await brought(world, left)
  await world.land()
  expect((await world.sides()).b).toHaveLength(left + 1)
  await world.settled()
  expect((await world.sides()).b).toHaveLength(left)
})

test('a copy that a client made of what was brought meanwhile stays', async () => {
  const world = await lateWorld()
  await world.put('key', 'first')
  await brought(world, 1)
  const [there] = await versionsOf({ site: world.b, bucket: 'data' }, 'key')
  const CopySource = `data/key?versionId=${there!.versionId}`
  await world.s3.b.send(new CopyObjectCommand({ Bucket: 'data', Key: 'key', CopySource }))
  await world.land()
  expect((await world.sides()).b).toHaveLength(3)
  await eventually(async () =>
    expect(await world.api().wait.settled({ ruleId: null, timeoutMs: 1 })).toMatchObject({ pending: 0 }),
  )
  expect((await world.sides()).b).toHaveLength(2)
})

test('what a client wrote anew with the marks of what landed late, and words of its own, stays', async () => {
  const world = await lateWorld()
  const there = async (): Promise<readonly string[]> =>
    (await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ versionId }) => versionId)
  await world.put('key', 'first')
  await brought(world, 1)
  const known = await there()
  await world.land()
  const late = (await there()).find((id) => !known.includes(id))!
  const { Metadata } = await head(world.s3.b, 'key', late)
  const { VersionId } = await world.s3.b.send(
    new CopyObjectCommand({
      Bucket: 'data',
      Key: 'key',
      CopySource: `data/key?versionId=${late}`,
      MetadataDirective: 'REPLACE',
      Metadata: { ...Metadata, colour: 'red' },
    }),
  )
  await remove(world.s3.b, 'key', late)
  await eventually(async () =>
    expect(await world.api().wait.settled({ ruleId: null, timeoutMs: 1 })).toMatchObject({ pending: 0 }),
  )
  expect(await there()).toEqual([VersionId, ...known])
})

test('what lands late stays once, though a task of an elder version has written its replica once more meanwhile', async () => {
  const filter = { prefix: '', exclude: [], tags: { go: 'yes' } }
  const world = await startWorld({ engine, rules: [{ filter, deleteMarkers: false, versionDeletes: false }] })
  const elder = await world.put('key', 'elder')
  await world.settled()
  const land = breaksWrite(world)
  await world.put('key', 'younger', { Tagging: 'go=yes' })
  await brought(world, 1)
  await putTags(world.s3.a, 'key', { go: 'yes' }, elder)
  await brought(world, 2)
  await land()
  await expectSame(world)
})

test('what lands while the engine is down is found after the start', async () => {
  const world = await lateWorld()
  await world.put('key', 'first')
  await brought(world, 1)
  await world.stop()
  await world.land()
  expect((await world.sides()).b).toHaveLength(2)
  await world.start()
  await expectSame(world)
})

test('what an engine that ended has sent may land after its next start', async () => {
  const world = await lateWorld()
  await world.put('key', 'first')
  await eventually(() => expect(world.b.requests.active).toBeGreaterThan(0))
  await world.stop()
  await world.start()
  await brought(world, 1)
  await world.land()
  await expectSame(world)
})

describe('that the next attempt finds nothing to do does not say that nothing is under way', () => {
  /** The next attempt comes later than the change, and before the write. */
  const slower = { retry: { baseDelayMs: 600, maxDelayMs: 600, landsWithinMs: 4_000 } }
  const late = { kind: 'late-write', delayMs: 2_000 } as const

  test('a version that was deleted before the next attempt', async () => {
    const world = await startWorld({ engine: slower, rules: [{ versionDeletes: true }] })
    await world.put('other')
    await world.settled()
    const met = world.b.faults.add({ on: 'PutObject', key: 'key', do: late, times: 1 })
    const versionId = await world.put('key')
    await eventually(() => expect(met.hits).toBe(1))
    await remove(world.s3.a, 'key', versionId)
    await brought(world, 2)
    await expectSame(world)
    expect(await world.failures()).toEqual([])
  })

  test('tags that went back to what they were before the next attempt', async () => {
    const world = await startWorld({ engine: slower })
    await world.put('key', 'body', { Tagging: 'colour=blue' })
    await world.settled()
    const met = world.b.faults.add({ on: 'PutObjectTagging', key: 'key', do: late, times: 1 })
    await putTags(world.s3.a, 'key', { colour: 'red' })
    await eventually(() => expect(met.hits).toBe(1))
    await putTags(world.s3.a, 'key', { colour: 'blue' })
    await eventually(async () => expect(await tagsOf(world.s3.b, 'key')).toEqual({ colour: 'red' }))
    await world.settled()
    expect(await tagsOf(world.s3.b, 'key')).toEqual({ colour: 'blue' })
  })
})

test('what is done to a version that lingers is acknowledged when the targets have it, and not before', async () => {
  const world = await startWorld({
    rules: [{ scanIntervalSeconds: 604_800, ack: { policy: 'all', timeoutMs: 2_000 } }],
    config: { gateway: gatewayConfig },
    engine: { retry: { ...engine.retry, landsWithinMs: 600_000 } },
  })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'reset' }, times: 1 })
  await world.put('key')
  await brought(world, 1)
  await eventually(() => expect(world.link().backlogCount).toBe(0))
  const refused = world.b.faults.add({ on: 'PutObjectTagging', key: 'key', do: { kind: 'server-error' } })
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
  const tag = new PutObjectTaggingCommand({ Bucket: 'data', Key: 'key', Tagging })
  await expect(gatewayClient(world.api()).send(tag)).rejects.toMatchObject({ name: 'ReplicationNotConfirmed' })
  expect(refused.hits).toBeGreaterThan(0)
})

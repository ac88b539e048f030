import { describe, expect, test } from 'vitest'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { RequestEntry } from '../../electron/engine/sandbox/request-log.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { putTags, remove, tagsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const back = { id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }
const both = [{ versionDeletes: true }, { ...back, versionDeletes: true }]

const isWrite = ({ operation, key }: RequestEntry): boolean =>
  /^(?:Put|Delete|Complete|Copy)/.test(operation) && key !== '' && !key.startsWith('.lockstep-canary/')
const writesOf = (world: World): number =>
  [world.a, world.b].reduce((sum, site) => sum + site.requests.list().filter(isWrite).length, 0)

/** Three scans of every rule from now on find nothing to write. */
async function expectRest(world: World): Promise<void> {
  await world.settled(40_000)
  const before = writesOf(world)
  for (let scan = 0; scan < 3; scan++) await world.settled()
  expect(writesOf(world)).toBe(before)
}

test('a replica goes on along a chain, and comes to rest there', async () => {
  const at = (site: string, bucket: string) => ({ site, bucket })
  const rules = [{}, { id: 'second', source: at('b', 'data'), targets: [at('a', 'third')] }]
  const world = await startWorld({ buckets: ['data', 'third'], rules })
  await world.put('key', 'one')
  await world.put('key', 'two')
  await expect.poll(async () => (await world.sides('third')).a.length, { timeout: 20_000 }).toBe(2)
  await expectRest(world)
  expect(await differencesOnceSettled(world)).toEqual([])
  expect((await world.sides('third')).a).toEqual((await world.sides()).a)
})

describe.each([
  { a: 'mints', b: 'mints' },
  { a: 'adopts-minio', b: 'adopts-minio' },
  { a: 'mints', b: 'adopts-minio' },
] as const)('between a site that $a and one that $b', ({ a, b }) => {
  const sites = { a: { identity: a }, b: { identity: b } } as const

  test('two opposite rules come to rest, and a replica is never sent back', async () => {
    const world = await startWorld({ ...sites, rules: both })
    for (const body of ['one', 'two', 'two']) await world.put('from a', body)
    await remove(world.s3.a, 'from a')
    for (const Body of ['uno', 'due'])
      await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'from b', Body }))
    await remove(world.s3.b, 'from b')
    await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'from b', Body: 'tre' }))
    await expectRest(world)
    expect(await differencesOnceSettled(world)).toEqual([])
    const { a: here, b: there } = await world.sides()
    expect([here.length, there.length]).toEqual([8, 8])
  })

  test('one side writes on where the other left off, and both end alike', async () => {
    const world = await startWorld({ ...sites, rules: both })
    for (let turn = 0; turn < 3; turn++) {
      await world.put('shared', `a ${turn}`)
      await world.settled()
      await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'shared', Body: `b ${turn}` }))
      await world.settled()
    }
    await remove(world.s3.b, 'shared')
    await expectRest(world)
    expect(await differencesOnceSettled(world)).toEqual([])
    expect((await world.sides()).a).toHaveLength(7)
  })

  test('tags may be changed at either side, and do not swing to and fro', async () => {
    const world = await startWorld({ ...sites, rules: both })
    await world.put('key', 'x', { Tagging: 'by=a' })
    await world.settled()
    await putTags(world.s3.b, 'key', { by: 'b' })
    await expect.poll(() => tagsOf(world.s3.a, 'key'), { timeout: 10_000 }).toEqual({ by: 'b' })
    await expectRest(world)
    expect(await tagsOf(world.s3.b, 'key')).toEqual({ by: 'b' })
  })

  test('tags that no event told of are right where the version was written, whichever rule compares first', async () => {
    const world = await startWorld({ ...sites, rules: both })
    await world.put('key', 'x')
    await world.settled()
    await world.stop()
    for (const site of [world.a, world.b]) site.faults.add({ on: 'ListenNotification', do: { kind: 'deny' } })
    await putTags(world.s3.a, 'key', { by: 'a' })
    await world.start()
    for (const ruleId of ['back', 'r']) {
      const { id } = world.api().rules.resync({ ruleId, prefix: '' })
      await expect
        .poll(
          () =>
            world
              .api()
              .jobs.list()
              .find((job) => job.id === id)?.state,
          { timeout: 20_000 },
        )
        .not.toBe('running')
      await world.settled()
      expect(await tagsOf(world.s3.a, 'key')).toEqual({ by: 'a' })
    }
    expect(await tagsOf(world.s3.b, 'key')).toEqual({ by: 'a' })
  })

  test('a version deleted for good at one side does not come back from the other', async () => {
    const world = await startWorld({ ...sites, rules: both })
    const id = await world.put('key', 'one')
    await world.put('key', 'two')
    await world.settled()
    await remove(world.s3.a, 'key', id)
    await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(1)
    await expectRest(world)
    expect((await world.sides()).a).toHaveLength(1)
  })

  test('a version deleted for good while the engine was down does not come back from the other side', async () => {
    const world = await startWorld({ ...sites, rules: both })
    const id = await world.put('key', 'one')
    await world.put('key', 'two')
    const only = await world.put('only', 'x')
    const marker = await remove(world.s3.a, 'marker')
    await world.settled()
    await world.stop()
    await remove(world.s3.a, 'key', id)
    await remove(world.s3.a, 'only', only)
    await remove(world.s3.a, 'marker', marker)
    await world.start()
    await expect.poll(async () => (await world.sides()).b.length, { timeout: 20_000 }).toBe(1)
    await expectRest(world)
    expect((await world.sides()).a).toHaveLength(1)
  })
})

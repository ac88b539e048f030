import { DeleteObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { behindGateway } from '../support/gateway-world.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

const brake = { count: 5, share: 0.3, windowMs: 600_000 }

async function worldOfTwenty(): Promise<World> {
  const world = await startWorld({ rules: [{ deleteBrake: brake, scanIntervalSeconds: 5 }] })
  for (let index = 0; index < 5; index++) await world.put(`key ${index}`)
  await world.settled()
  return world
}

const markersAt = async (world: World): Promise<number> =>
  (await world.sides()).b.filter((line) => line.endsWith('marker')).length

test.each([
  ['while the engine listens', true],
  ['while the engine is down', false],
] as const)(
  'a burst of deletes %s pauses the rule, says how many, and waits until it is resumed',
  async (_when, running) => {
    const world = await worldOfTwenty()
    if (!running) await world.stop()
    for (let index = 0; index < 20; index++) await remove(world.s3.a, `key ${index}`)
    if (!running) await world.start()
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('paused')
    const { paused } = world.api().rules.get({ id: 'r' })
    expect(paused).toMatchObject({
      by: 'brake',
      reason: expect.stringMatching(/^\d+ of \d+ changes within 10 minutes were deletes[^.]*\.$/),
      brake: { kind: 'deletes', keys: expect.arrayContaining([expect.stringMatching(/^key \d+$/)]) },
    })
    expect(await markersAt(world)).toBeLessThanOrEqual(brake.count)
    expect(
      (await world.api().activity.list({ ruleId: 'r', level: 'warning', before: null, limit: 10 }))[0]?.text,
    ).toContain('brake')
    await world.stop()
    await world.start()
    expect(world.link().state).toMatchObject({ kind: 'paused', by: 'brake' })
    await world.api().rules.resume({ id: 'r' })
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await markersAt(world)).toBe(20)
  },
)

test('what waits is one change however many scans find it, and hides no burst of deletes', async () => {
  const world = await startWorld({ rules: [{ deleteBrake: brake }] })
  await world.settled()
  await world.api().sites.pause({ id: 'b' })
  for (let index = 0; index < 5; index++) await world.put(`key ${index}`)
  for (let pass = 0; pass < 6; pass++) await world.api().wait.settled({ ruleId: 'r', timeoutMs: 500 })
  await world.api().sites.resume({ id: 'b' })
  await world.settled()
  await removeKeys(world, 0, 20)
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  expect(await markersAt(world)).toBeLessThanOrEqual(brake.count)
})

test('deletes among many other changes do not trip the brake', async () => {
  const world = await worldOfTwenty()
  for (let index = 0; index < 10; index++) {
    for (const body of ['one', 'two']) await world.put(`other ${index}`, body)
    await remove(world.s3.a, `other ${index}`)
  }
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.link().state.kind).toBe('in-step')
})

/** A bucket far below the brake's count, whose content a scan has counted. */
async function smallBucket(keys: number, rule: NonNullable<WorldOptions['rules']>[number] = {}): Promise<World> {
  const world = await startWorld({ rules: [rule] })
  for (let index = 0; index < keys; index++) await world.put(`key ${index}`)
  await world.settled()
  return world
}

async function removeKeys(world: World, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) await remove(world.s3.a, `key ${index}`)
}

test('what the first copy brings is counted once', async () => {
  const world = await startWorld({ stopped: true })
  for (let index = 0; index < 40; index++) await world.put(`key ${index}`)
  await world.start()
  await world.settled()
  await removeKeys(world, 0, 30)
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  expect(world.api().rules.get({ id: 'r' }).paused?.reason).toContain('of the 40 objects')
})

const isPaused = (world: World): boolean => world.api().rules.get({ id: 'r' }).paused !== null

test('a small bucket that a script empties stops the rule when half of it is gone', async () => {
  const world = await smallBucket(40)
  const before = Date.now()
  await removeKeys(world, 0, 40)
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  const { paused } = world.api().rules.get({ id: 'r' })
  expect(paused?.reason).toContain('of the 40 objects that the bucket held')
  expect(paused?.brake?.keys.length).toBeGreaterThan(0)
  expect(Math.abs(paused!.brake!.lastCleanAt - before)).toBeLessThan(3000)
  expect(await markersAt(world)).toBeLessThan(40)
})

test('single versions deleted for good count against the versions that the bucket held', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  const ids: string[] = []
  for (let index = 0; index < 30; index++) ids.push(await world.put(`key ${index}`))
  await world.settled()
  for (let index = 0; index < 30; index++) await remove(world.s3.a, `key ${index}`, ids[index])
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  expect(world.api().rules.get({ id: 'r' }).paused?.reason).toContain('of the 30 versions that the bucket held')
  expect((await world.sides()).b.length).toBeGreaterThan(0)
})

test('deleting three of four objects is a day’s work', async () => {
  const world = await smallBucket(4)
  await removeKeys(world, 0, 3)
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(isPaused(world)).toBe(false)
})

test('a restart in the middle of a burst forgets nothing of it', async () => {
  const world = await smallBucket(40)
  await removeKeys(world, 0, 15)
  expect(await differencesOnceSettled(world)).toEqual([])
  await world.stop()
  await world.start()
  await world.settled()
  expect(isPaused(world)).toBe(false)
  await removeKeys(world, 15, 30)
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
})

test('after resume the same burst passes, also over a restart, and a new one stops the rule again', async () => {
  const world = await smallBucket(60)
  await world.stop()
  await removeKeys(world, 0, 40)
  await world.start()
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  await world.api().rules.resume({ id: 'r' })
  await world.stop()
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect({ paused: isPaused(world), markers: await markersAt(world) }).toEqual({ paused: false, markers: 40 })
  await removeKeys(world, 40, 60)
  await expect.poll(() => isPaused(world), { timeout: 15_000 }).toBe(true)
  expect(await markersAt(world)).toBeLessThan(60)
})

test('under “all” a client hears once and for all that a brake holds its delete, and what was done of it', async () => {
  const { client, ...world } = await behindGateway({ policy: 'all', timeoutMs: 60_000 })
  for (let index = 0; index < 30; index++)
    await client.send(new PutObjectCommand({ Bucket: 'data', Key: `key ${index}`, Body: 'text' }))
  const deleted = async (key: string): Promise<string> => {
    try {
      await client.send(new DeleteObjectCommand({ Bucket: 'data', Key: key }))
      return 'success'
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error
      return `${error.$metadata.httpStatusCode} ${error.name}: ${error.message.split(':')[0]}`.slice(0, 60)
    }
  }
  const heard: string[] = []
  for (let index = 0; index < 30; index++) heard.push(await deleted(`key ${index}`))
  const at = heard.findIndex((one) => one !== 'success')
  expect(at).toBeGreaterThan(10)
  expect(heard[at]).toMatch(/^409 ReplicationHeld: Deleted at the source/)
  expect(heard.slice(at + 1)).toEqual(heard.slice(at + 1).map(() => '409 ReplicationHeld: Nothing was deleted'))
  const markers = (await world.sides()).a.filter((line) => line.endsWith('marker')).length
  expect({ markers, atTarget: await markersAt(world) }).toEqual({ markers: at + 1, atTarget: at })
})

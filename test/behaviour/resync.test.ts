import { expect, test } from 'vitest'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { startWorld, type World } from '../support/world.ts'

async function resync(world: World, prefix: string): Promise<string | null> {
  const { id } = world.api().rules.resync({ ruleId: 'r', prefix })
  const job = (): ReturnType<typeof find> => find(world, id)
  await expect.poll(() => job()?.state, { timeout: 15_000 }).toBe('done')
  return job()?.result ?? null
}

const find = (world: World, jobId: string) =>
  world
    .api()
    .jobs.list()
    .find(({ id }) => id === jobId)

test('a resync of a prefix brings back what went missing under it, and leaves the rest alone', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  for (const key of ['in/1', 'in/2', 'out/1', 'in']) await world.put(key)
  await world.settled()
  for (const key of ['in/1', 'out/1']) {
    const [version] = await versionsOf({ site: world.b, bucket: 'data' }, key)
    await remove(world.s3.b, key, version!.versionId)
  }
  await resync(world, 'in/')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(3)
  expect(await differencesOnceSettled(world, { prefix: 'in' })).toEqual([])
})

test('a resync takes parked versions up again', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  const denied = world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' } })
  await world.put('key')
  await world.settled()
  expect(world.link().parked).toBe(1)
  denied.remove()
  await resync(world, '')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.link().parked).toBe(0)
})

test('a resync that is cancelled ends, and says so', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  world.a.faults.add({ on: 'ListObjectVersions', do: { kind: 'hang' } })
  const { id } = world.api().rules.resync({ ruleId: 'r', prefix: '' })
  world.api().jobs.cancel({ id })
  await expect.poll(() => find(world, id)?.state, { timeout: 5_000 }).toBe('cancelled')
})

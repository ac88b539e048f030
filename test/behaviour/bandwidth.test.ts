import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ruleOf } from '../support/rule-of.ts'
import { startWorld, type World } from '../support/world.ts'

const kib = 1024

async function limitTo(world: World, bytesPerSecond: number | null): Promise<void> {
  const rule = ruleOf(world)
  await world.api().rules.update({ ...rule, bandwidth: { bytesPerSecond } })
}

/** Seconds from the first byte that was read to the last object that arrived. */
function secondsTaken(world: World): number {
  const reads = world.a.requests.list({ operation: 'GetObject' })
  return (Date.now() - reads[0]!.at) / 1000
}

test('a limit of some KiB/s holds over all objects and threads together', async () => {
  const limit = { bandwidth: { bytesPerSecond: 100 * kib } }
  const world = await startWorld({ stopped: true, rules: [limit], config: { workers: { threads: 2 } } })
  for (let index = 0; index < 5; index++) await world.put(`key ${index}`, randomBytes(100 * kib))
  await world.start()
  await world.settled(30_000)
  const seconds = secondsTaken(world)
  expect(seconds).toBeGreaterThan(3)
  expect(seconds).toBeLessThan(12)
})

test('a streamed body keeps to the limit, and a limit that is lifted lets it go at once', async () => {
  const world = await startWorld({ stopped: true, rules: [{ bandwidth: { bytesPerSecond: 64 * kib } }] })
  await world.put('big', randomBytes(8 * 1024 * kib))
  await world.start()
  await expect
    .poll(() => world.api().transfers.list()[0]?.doneBytes ?? 0, { timeout: 15_000 })
    .toBeGreaterThan(32 * kib)
  expect(world.api().transfers.list()[0]!.doneBytes).toBeLessThan(2 * 1024 * kib)
  await limitTo(world, null)
  await world.settled(15_000)
  expect((await world.sides()).b).toEqual((await world.sides()).a)
})

test('a limit that is set while bytes flow slows them down', async () => {
  const world = await startWorld()
  await world.settled()
  await limitTo(world, 20 * kib)
  world.a.requests.clear()
  // A second's worth may go at once, and the last object runs up a debt that nobody waits for.
  for (let index = 0; index < 3; index++) await world.put(`key ${index}`, randomBytes(40 * kib))
  await world.settled(20_000)
  expect(secondsTaken(world)).toBeGreaterThan(2)
})

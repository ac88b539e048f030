import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { putTags } from '../support/s3-acts.ts'
import { badge, failures, untilBadge } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

test('a site that asks to slow down for a while is left alone for that long, by half as many workers', async () => {
  const world = await startWorld({ config: { workers: { limit: 40 } } })
  await world.settled()
  const busy = world.b.faults.add({ on: 'PutObject', do: { kind: 'slow-down', retryAfterSeconds: 3 } })
  await world.put('asked')
  // Its row can be read a moment before the queue lets go of the task.
  await expect
    .poll(() => failures(world), { timeout: 10_000, interval: 25 })
    .toMatchObject([{ state: 'delayed', attempts: 1, fault: { code: 'SLOW_DOWN', afterMs: 3000, site: 'b' } }])
  const [row] = await failures(world)
  expect(row!.nextAttemptAt! - row!.lastAttemptAt).toBeGreaterThanOrEqual(3000)
  expect(row!.nextAttemptAt! - row!.lastAttemptAt).toBeLessThan(3400)
  expect(world.api().overview.get().workers.limit).toBe(20)
  await untilBadge(
    world,
    'failing',
    /1 is being tried again\. Last: PutObject data\/asked.* → Nothing to do: Lockstep waits/,
  )
  busy.remove()
  expect(await differencesOnceSettled(world)).toEqual([])
  const tries = world.b.requests.list().filter((one) => one.operation === 'PutObject' && one.key === 'asked')
  expect(tries.map((one) => one.status)).toEqual([503, 200])
  expect(tries[1]!.at - tries[0]!.at).toBeGreaterThanOrEqual(3000)
})

test('a site that is too busy for HEAD, which has no words, gets half as many workers as well', async () => {
  const world = await startWorld({ config: { workers: { limit: 40 } } })
  await world.put('asked')
  await world.settled()
  const busy = world.a.faults.add({ on: 'HeadObject', do: { kind: 'slow-down' } })
  await putTags(world.s3.a, 'asked', { late: '1' })
  await expect.poll(() => failures(world), { timeout: 10_000 }).toMatchObject([{ fault: { code: 'SLOW_DOWN' } }])
  expect(world.api().overview.get().workers.limit).toBeLessThanOrEqual(20)
  busy.remove()
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a burst of refusals without a time to wait ends in step, and no site is called dead for it', async () => {
  const world = await startWorld()
  await world.settled()
  world.b.faults.add({ on: 'PutObject', times: 30, do: { kind: 'slow-down' } })
  await Promise.all(Array.from({ length: 40 }, (_, at) => world.put(`key-${at}`)))
  await expect.poll(async () => (await failures(world)).length, { timeout: 10_000 }).toBeGreaterThan(0)
  expect(badge(world).kind).not.toBe('held')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(
    world
      .api()
      .sites.list()
      .map((site) => site.health.totalDownMs),
  ).toEqual([0, 0])
  expect(world.link().parked).toBe(0)
})

import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { comeBack, goDark } from '../support/outage.ts'
import { badge, failures, untilBadge } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

async function putMany(world: World, count: number, name: string): Promise<void> {
  for (let from = 0; from < count; from += 20) {
    const batch = Array.from({ length: Math.min(20, count - from) }, (_, at) => world.put(`${name}-${from + at}`))
    await Promise.all(batch)
  }
}

test('a target that is down at the start is waited for, and gets everything when it comes', async () => {
  const world = await startWorld({ stopped: true })
  await putMany(world, 20, 'before')
  await world.b.faults.goOffline()
  await world.start()
  await untilBadge(world, 'held', /^Site B is offline\. .* → Check that the site is running/)
  expect(world.link().parked).toBe(0)
  await comeBack(world, 'b')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(badge(world).kind).toBe('in-step')
})

test('a dead target costs nothing but queue: no attempt is burnt, and all of it drains when the target returns', async () => {
  const world = await startWorld()
  await world.settled()
  await goDark(world, 'b')
  await putMany(world, 200, 'meanwhile')
  await expect.poll(() => world.link().backlogCount, { timeout: 10_000 }).toBe(200)
  expect(world.link()).toMatchObject({ inFlight: 0, parked: 0, failing: 0 })
  expect(await failures(world)).toEqual([])
  expect(badge(world).text).toContain('200 changes wait and drain when it returns.')
  await comeBack(world, 'b')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('a target that goes down in the middle of the work shows why, parks nothing, and loses nothing', async () => {
  const world = await startWorld()
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 20 } })
  const writing = putMany(world, 300, 'running')
  await expect.poll(() => world.link().settledCount, { timeout: 10_000 }).toBeGreaterThan(20)
  await world.b.faults.goOffline()
  await untilBadge(world, 'held', /Site B is offline/)
  await writing
  await expect.poll(() => world.link().inFlight).toBe(0)
  for (const row of await failures(world)) {
    expect(row).toMatchObject({ state: 'delayed', attempts: 1, fault: { retry: 'backoff', site: 'b' } })
    expect(row).toMatchObject({ nextAttemptAt: null, waits: { until: 'Site B answers', because: 'offline' } })
  }
  const activity = await world.api().activity.list({ ruleId: null, level: 'warning', before: null, limit: 10 })
  expect(activity.map((entry) => entry.text)).toContain('Site B is offline.')
  await comeBack(world, 'b')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('of what is under way when a target dies only the few that tell so count as failed', async () => {
  const world = await startWorld({ config: { workers: { limit: 32 } } })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 60_000 } })
  await putMany(world, 32, 'held')
  await expect.poll(() => world.b.requests.active, { timeout: 10_000 }).toBeGreaterThanOrEqual(16)
  await world.b.faults.goOffline()
  await untilBadge(world, 'held', /Site B is offline/)
  await expect.poll(() => world.link().inFlight).toBe(0)
  expect(world.link().failing).toBeLessThan(16)
  world.b.faults.clear()
  await comeBack(world, 'b')
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a source without an event stream is scanned when it returns', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }], stopped: true })
  world.a.faults.add({ on: 'ListenNotification', do: { kind: 'deny' } })
  await world.start()
  await world.put('early')
  await world.settled()
  await goDark(world, 'a')
  await comeBack(world, 'a')
  await world.put('in the dark')
  await goDark(world, 'a')
  await comeBack(world, 'a')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(2)
})

test('a source that was down is read again when it returns, changes of the dark time included', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.put('early')
  await world.settled()
  await goDark(world, 'a')
  await comeBack(world, 'a')
  await putMany(world, 20, 'at once')
  await untilBadge(world, 'in-step')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(21)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('one dead target of two does not hold up the other', async () => {
  const world = await startWorld({
    buckets: ['data', 'second'],
    rules: [{ targets: [{ site: 'b', bucket: 'data' }] }, { id: 'near', targets: [{ site: 'a', bucket: 'second' }] }],
  })
  await world.settled()
  await goDark(world, 'b')
  await putMany(world, 100, 'fan')
  await expect.poll(() => world.link('near').settledCount, { timeout: 10_000 }).toBe(100)
  expect(world.link('near')).toMatchObject({ parked: 0, failing: 0 })
  await comeBack(world, 'b')
  expect(await differencesOnceSettled(world)).toEqual([])
})

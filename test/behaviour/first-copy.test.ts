import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { startWorld, type World } from '../support/world.ts'

test('what is there already arrives, all versions in order, delete markers among them', async () => {
  const world = await startWorld({ stopped: true })
  for (const body of ['one', 'two', 'three']) await world.put('notes', body)
  await world.put('gone', 'for a while')
  await world.s3.a.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'gone' }))
  await world.start()
  await world.settled()
  const { a, b } = await world.sides()
  expect(b).toEqual(a)
  expect(a).toHaveLength(5)
  expect(world.link()).toMatchObject({ state: { kind: 'in-step' }, backlogCount: 0, parked: 0 })
})

test('a change that comes later arrives by the event stream, without waiting for a scan', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  await expect
    .poll(
      () =>
        world
          .api()
          .rules.get({ id: 'r' })
          .feeds.map((feed) => `${feed.kind} ${feed.state}`),
      { timeout: 15_000 },
    )
    .toContain('listen live')
  await world.put('later', 'hello')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(1)
})

const toldOfFirstCopy = async (world: World) =>
  (await world.api().activity.list({ ruleId: 'r', level: null, before: null, limit: 100 })).filter(({ text }) =>
    text.startsWith('First copy'),
  )

test('the end of the first copy is written in Activity when it happens, once, though nobody looks and writes go on', async () => {
  const world = await startWorld({ stopped: true, rules: [{ scanIntervalSeconds: 604_800 }] })
  for (const key of ['old/1', 'old/2', 'old/3']) await world.put(key)
  const held = world.b.faults.add({ on: 'PutObject', key: /^old.3/, do: { kind: 'server-error', status: 503 } })
  await world.start()
  await expect.poll(async () => (await world.failures()).map(({ key }) => key), { timeout: 20_000 }).toEqual(['old/3'])
  expect(await toldOfFirstCopy(world)).toEqual([])
  // A change that came later is no part of it, and is not waited for.
  world.b.faults.add({ on: 'PutObject', key: /^new/, do: { kind: 'server-error', status: 503 } })
  await world.put('new')
  await expect.poll(async () => (await world.failures()).map(({ key }) => key), { timeout: 20_000 }).toContain('new')
  const from = Date.now()
  held.remove()
  await expect.poll(async () => (await toldOfFirstCopy(world)).length, { timeout: 20_000 }).toBe(1)
  expect((await toldOfFirstCopy(world))[0]).toMatchObject({ subject: 'rule', level: 'info', ruleId: 'r' })
  expect((await toldOfFirstCopy(world))[0]!.at).toBeGreaterThanOrEqual(from)
  expect(world.link().state.kind).not.toBe('first-copy')
  world.b.faults.clear()
  await world.stop()
  await world.start()
  await world.settled()
  expect(await toldOfFirstCopy(world)).toHaveLength(1)
})

test('a first copy that ends with items set aside says so', async () => {
  const world = await startWorld({ stopped: true, rules: [{ scanIntervalSeconds: 604_800 }] })
  for (const key of ['fine', 'denied']) await world.put(key)
  world.b.faults.add({ on: 'PutObject', key: 'denied', do: { kind: 'deny' } })
  await world.start()
  await expect
    .poll(async () => (await toldOfFirstCopy(world)).map(({ level }) => level), { timeout: 20_000 })
    .toEqual(['warning'])
  expect((await toldOfFirstCopy(world))[0]!.text).toContain('1 item needs attention')
})

test('a bucket that has nothing to copy is told as looked at', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await expect.poll(async () => (await toldOfFirstCopy(world)).length, { timeout: 20_000 }).toBe(1)
})

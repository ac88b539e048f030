import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { badge, failures, retryAll, untilBadge, untilParked } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

test('a right that is missing for one operation parks what needs it, names it, and holds up nothing else', async () => {
  const world = await startWorld()
  await world.put('before')
  await world.settled()
  const denied = world.b.faults.add({ on: 'PutObject', bucket: 'data', key: 'secret plans', do: { kind: 'deny' } })
  await world.put('secret plans')
  await world.put('harmless')
  const [row] = await untilParked(world, ['secret plans'])
  expect(row).toMatchObject({ operation: 'put', attempts: 1, nextAttemptAt: null })
  expect(row!.fault).toMatchObject({ code: 'ACCESS_DENIED', site: 'b', retry: 'never' })
  expect(row!.fault.message).toMatch(/^PutObject data\/secret plans: /)
  expect(row!.fault.remedy).toContain('Grant the missing right')
  await untilBadge(world, 'failing', /^1 item needs attention\. Last: PutObject data\/secret plans.*Grant the missing/)
  await expect.poll(async () => (await world.sides()).b.length).toBe(2)
  denied.remove()
  await retryAll(world)
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
  expect(badge(world).kind).toBe('in-step')
})

test('without the right to delete, delete markers are parked and objects go on', async () => {
  const world = await startWorld()
  await world.put('doomed')
  await world.settled()
  const denied = world.b.faults.add({ on: 'DeleteObject', do: { kind: 'deny' } })
  await remove(world.s3.a, 'doomed')
  await world.put('fresh')
  const [row] = await untilParked(world, ['doomed'])
  expect(row!.fault.message).toMatch(/^DeleteObject data\/doomed: /)
  await expect.poll(async () => (await world.sides()).b.some((line) => line.startsWith('fresh'))).toBe(true)
  denied.remove()
  await retryAll(world)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a target that may not be written at all is named before anything is sent', async () => {
  const world = await startWorld({ stopped: true })
  await world.put('key')
  const denied = world.b.faults.add({ on: 'PutObject', do: { kind: 'deny' } })
  await world.start()
  await untilBadge(world, 'held', /could not be probed: PutObject data.* → Grant the missing right/)
  expect(world.link()).toMatchObject({ parked: 0, failing: 0 })
  denied.remove()
  await untilBadge(world, 'in-step', /^/, 25_000)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a source that may not be listed is named, and read as soon as it may', async () => {
  const world = await startWorld({ stopped: true })
  await world.put('key')
  const denied = world.a.faults.add({ on: 'ListObjectVersions', do: { kind: 'deny' } })
  await world.start()
  await untilBadge(world, 'held', /Changes cannot be read: ListObjectVersions data: .*Grant the missing right/)
  denied.remove()
  expect(await differencesOnceSettled(world)).toEqual([])
})

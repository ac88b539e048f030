import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { startWorld } from '../support/world.ts'

test('a target that takes requests and never answers does not take the workers of the others', async () => {
  const world = await startWorld({
    buckets: ['data', 'near'],
    rules: [{}, { id: 'near', targets: [{ site: 'a', bucket: 'near' }] }],
    config: { workers: { limit: 8 } },
  })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'hang' } })
  for (let at = 0; at < 60; at++) await world.put(`key-${at}`)
  await expect.poll(() => world.link('near').settledCount, { timeout: 10_000 }).toBe(60)
  expect(world.link('r')).toMatchObject({ settledCount: 0, parked: 0 })
  world.b.faults.clear()
  await world.b.faults.goOffline()
  await world.b.faults.goOnline()
  expect(await differencesOnceSettled(world)).toEqual([])
})

import { expect, test } from 'vitest'
import type { SiteHealth } from '../../shared/model/site.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { failures, untilBadge } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const hour = 3_600_000

function healthOf(world: World, id: string): SiteHealth {
  return world
    .api()
    .sites.list()
    .find((site) => site.id === id)!.health
}

test('a target clock that is hours off is named; work goes on when it is set right', async () => {
  const world = await startWorld()
  await world.put('early')
  await world.settled()
  world.b.faults.skewClock(2 * hour)
  await Promise.all(Array.from({ length: 10 }, (_, at) => world.put(`key-${at}`)))
  await untilBadge(world, 'held', /clocks .* too far apart\..* → Set both clocks by NTP/)
  expect(world.link().parked).toBe(0)
  expect(healthOf(world, 'b')).toMatchObject({ state: 'offline', lastFault: { code: 'CLOCK_SKEW' } })
  // For as long as it is off: a look that finds the site answering must not be taken for one that finds it well.
  for (let probes = 0; probes < 3; probes++) await world.api().sites.probe({ id: 'b' })
  expect(healthOf(world, 'b').state).toBe('offline')
  world.b.faults.skewClock(0)
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('a source clock that is hours off at the start is named; work begins when it is set right', async () => {
  const world = await startWorld({ stopped: true })
  await world.put('key')
  world.a.faults.skewClock(-2 * hour)
  await world.start()
  await untilBadge(world, 'held', /Site A is offline.*clocks .* too far apart\..* → Set both clocks by NTP/)
  world.a.faults.skewClock(0)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('clocks a minute apart hurt nothing and are shown', async () => {
  const world = await startWorld({ stopped: true })
  world.b.faults.skewClock(60_000)
  await world.put('key')
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(healthOf(world, 'b').clockSkewMs).toBeGreaterThan(-62_000)
  expect(healthOf(world, 'b').clockSkewMs).toBeLessThan(-58_000)
})

import { expect, test } from 'vitest'
import { advisorInput } from '../../shared/api/inputs.ts'
import type { Advice } from '../../shared/model/advisor.ts'
import { eventually } from '../support/eventually.ts'
import { startWorld, type World } from '../support/world.ts'

/** Both sites are known, and the target is so far away. */
async function worldAt(delayMs: number): Promise<World> {
  const world = await startWorld({ stopped: true })
  world.b.faults.add({ do: { kind: 'latency', delayMs } })
  await world.start()
  await eventually(() => {
    const states = world
      .api()
      .sites.list()
      .map(({ health }) => health.state)
    expect(states).toEqual(['online', 'online'])
  })
  return world
}

/** What the engine advises for its rule after ten more probes. */
async function advice(world: World): Promise<Advice> {
  for (let probe = 0; probe < 10; probe++) await world.api().sites.probe({ id: 'b' })
  return await world.api().advisor.compare(advisorInput.parse({ sourceSite: 'a', targetSites: ['b'], ruleId: 'r' }))
}

/** A loaded machine adds to an injected delay; the median of many probes is close to it all the same. */
const patience = { withinMs: 40_000 }

test('a target 5 ms away is measured as such, and waiting for it is recommended', async () => {
  const world = await worldAt(5)
  const { rtt, recommendation } = await eventually(async () => {
    const { figures, ...rest } = await advice(world)
    const rtt = figures.targets[0]!.rttMedianMs!
    expect(rtt.value).toBeLessThanOrEqual(20)
    // The target mints its own ids: it is written at the same time as the source.
    expect(figures.writePath).toBe('side-by-side')
    return { ...rest, rtt }
  }, patience)
  expect(rtt).toMatchObject({ origin: 'measured', atLeast: false })
  expect(rtt.samples).toBeGreaterThanOrEqual(10)
  expect(rtt.value).toBeGreaterThanOrEqual(5)
  expect(recommendation).toMatchObject({
    policy: 'all',
    reasons: [{ kind: 'rtt-within', site: 'b', rttMs: rtt.value }, {}, {}],
  })
})

test('a target 80 ms away is measured as such, and is not waited for', async () => {
  const world = await worldAt(80)
  const { rtt, modes, recommendation } = await eventually(async () => {
    const { figures, ...rest } = await advice(world)
    const rtt = figures.targets[0]!.rttMedianMs!.value
    expect(rtt).toBeLessThan(100)
    return { ...rest, rtt }
  }, patience)
  expect(rtt).toBeGreaterThanOrEqual(80)
  expect(recommendation).toMatchObject({
    policy: 'async',
    reasons: [
      { kind: 'rtt-above', site: 'b', rttMs: rtt, addedMs: modes[3]!.addedLatency!.typicalMs },
      { kind: 'rpo' },
    ],
  })
})

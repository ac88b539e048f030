import { expect, test } from 'vitest'
import { advisorInput } from '../../shared/api/inputs.ts'
import type { Advice } from '../../shared/model/advisor.ts'
import { eventually } from '../support/eventually.ts'
import { startWorld } from '../support/world.ts'

/** What the engine advises for its rule, after ten probes of a target that is so far away. */
async function adviceAt(delayMs: number): Promise<Advice> {
  const world = await startWorld({ stopped: true })
  world.b.faults.add({ do: { kind: 'latency', delayMs } })
  await world.start()
  await eventually(() =>
    expect(
      world
        .api()
        .sites.list()
        .map(({ health }) => health.state),
    ).toEqual(['online', 'online']),
  )
  for (let probe = 0; probe < 10; probe++) await world.api().sites.probe({ id: 'b' })
  return world.api().advisor.compare(advisorInput.parse({ sourceSite: 'a', targetSites: ['b'], ruleId: 'r' }))
}

/** What a loaded machine may add to an injected delay. */
const slackMs = 12

test('a target 5 ms away is measured as such, and waiting for it is recommended', async () => {
  const { figures, recommendation } = await adviceAt(5)
  const rtt = figures.targets[0]!.rttMedianMs!
  expect(rtt).toMatchObject({ origin: 'measured', atLeast: false })
  expect(rtt.samples).toBeGreaterThanOrEqual(10)
  expect(rtt.value).toBeGreaterThanOrEqual(5)
  expect(rtt.value).toBeLessThan(5 + slackMs)
  expect(recommendation).toMatchObject({
    policy: 'all',
    reasons: [{ kind: 'rtt-within', site: 'b', rttMs: rtt.value }, {}, {}],
  })
})

test('a target 80 ms away is measured as such, and is not waited for', async () => {
  const { figures, modes, recommendation } = await adviceAt(80)
  const rtt = figures.targets[0]!.rttMedianMs!.value
  expect(rtt).toBeGreaterThanOrEqual(80)
  expect(rtt).toBeLessThan(80 + slackMs)
  expect(recommendation).toMatchObject({
    policy: 'async',
    reasons: [
      { kind: 'rtt-above', site: 'b', rttMs: rtt, addedMs: modes[3]!.addedLatency!.typicalMs },
      { kind: 'rpo' },
    ],
  })
})

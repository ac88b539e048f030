import { afterEach, expect, test } from 'vitest'
import { addProbe, probeStats, skewOf, type Probe } from '../../electron/engine/site/probe-window.ts'
import { fault } from '../../shared/model/fault.ts'
import type { SiteHealth } from '../../shared/model/site.ts'
import { eventually } from '../support/eventually.ts'
import { WoundClock } from './site-clock.ts'
import { openSiteWorld, siteAt, type SiteWorld } from './site-world.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function open(): Promise<{ readonly world: SiteWorld; readonly clock: WoundClock }> {
  const clock = new WoundClock(Date.now())
  const world = await openSiteWorld(clock)
  ended.push(() => world.end())
  return { world, clock }
}

/** Winds the clock second by second, with real time for the probes in between, until the site has this state. */
function windUntil(world: SiteWorld, clock: WoundClock, state: SiteHealth['state']): Promise<SiteHealth> {
  return eventually(async () => {
    await clock.wind(1_000)
    const health = world.sites.health('a')
    expect(health.state).toBe(state)
    return health
  })
}

test('a site that goes and comes back is noticed, and the length of the outage is told', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  await windUntil(world, clock, 'online')
  await sandbox.faults.goOffline()
  const down = await windUntil(world, clock, 'offline')
  expect(down).toMatchObject({ lastFault: { code: 'CONNECT_REFUSED', site: 'a' } })
  expect(down.downSince).not.toBe(null)
  await clock.wind(10_000)
  await sandbox.faults.goOnline()
  const back = await windUntil(world, clock, 'online')
  expect(back.downSince).toBe(null)
  expect(back.totalDownMs).toBeGreaterThanOrEqual(10_000)
  expect(back.probeLoss).toBeGreaterThan(0)
  // What failed while it counted as online is loss; the probes of the outage itself are not.
  expect(down.probes.failed).toBeGreaterThan(0)
  expect(back.probes).toMatchObject({ counted: down.probes.counted, failed: down.probes.failed })
  expect(world.heard).toEqual(['a created', 'a online', 'a offline CONNECT_REFUSED', 'a online'])
})

test('a site that takes connections and stays silent is offline too', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  await windUntil(world, clock, 'online')
  sandbox.faults.add({ do: { kind: 'hang' } })
  expect((await windUntil(world, clock, 'offline')).lastFault).toMatchObject({ code: 'RESPONSE_TIMEOUT' })
})

test('what tasks meet counts before the next probe does', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  await windUntil(world, clock, 'online')
  for (let task = 0; task < 5; task++) world.sites.monitor.taskFault('a', fault('QUOTA_EXCEEDED', 'full'))
  expect(world.sites.health('a')).toMatchObject({ state: 'offline', lastFault: { code: 'QUOTA_EXCEEDED' } })
  await windUntil(world, clock, 'online')
})

test('wrong keys make a site wait, however well it answers, until right ones are entered', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  await world.sites.create(siteAt('a', sandbox.endpoint, { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wrong' }))
  const refused = await windUntil(world, clock, 'offline')
  expect(refused).toMatchObject({ lastFault: { code: 'SIGNATURE_REJECTED' }, probeLoss: 0 })
  await eventually(async () => {
    await clock.wind(5_000)
    expect(sandbox.requests.count({ status: 403 })).toBeGreaterThan(3)
  })
  expect(world.sites.health('a').state).toBe('offline')
  await world.sites.update(siteAt('a', sandbox.endpoint))
  await windUntil(world, clock, 'online')
})

test('a key that may not list buckets is good all the same', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  sandbox.faults.add({ on: 'ListBuckets', method: 'GET', do: { kind: 'deny' } })
  await world.sites.create(siteAt('a', sandbox.endpoint))
  await windUntil(world, clock, 'online')
})

test('the clocks are compared to the second', async () => {
  const { world, clock } = await open()
  const sandbox = await world.sandbox('s')
  sandbox.faults.skewClock(-120_000)
  await world.sites.create(siteAt('a', sandbox.endpoint))
  const { clockSkewMs } = await eventually(() => {
    const health = world.sites.health('a')
    expect(health.clockSkewMs).not.toBe(null)
    return health
  })
  expect(Math.abs((clockSkewMs ?? 0) - 120_000)).toBeLessThanOrEqual(1_000)
  expect(clockSkewMs! % 1_000).toBe(0)
  expect(clock.now()).toBeGreaterThan(0)
})

test('bytes that move to and from a site read as its rates, and fade when nothing moves', async () => {
  const { world, clock } = await open()
  await world.sites.create(siteAt('a', 'http://127.0.0.1:1'))
  for (let second = 0; second < 20; second++) {
    world.sites.monitor.moved('a', 1_000, 2_000)
    await clock.wind(1_000)
  }
  const busy = world.sites.health('a')
  expect(busy.readBytesPerSecond).toBeCloseTo(1_000, -3)
  expect(busy.writeBytesPerSecond).toBeCloseTo(2_000, -3)
  await clock.wind(11_000)
  expect(world.sites.health('a')).toMatchObject({ readBytesPerSecond: 0, writeBytesPerSecond: 0 })
})

test('round trip, jitter and loss are those of the last 60 probes', () => {
  const answers = (rtts: readonly (number | null)[]): readonly Probe[] =>
    rtts.reduce<readonly Probe[]>((window, rttMs) => addProbe(window, { rttMs, skewMs: null }), [])
  expect(probeStats([])).toEqual({ rttMs: null, jitterMs: null, probeLoss: null, clockSkewMs: null })
  expect(probeStats(answers([10, null, 30, 20]))).toEqual({
    rttMs: { current: 20, average: 20, median: 20, max: 30 },
    jitterMs: 15,
    probeLoss: 0.25,
    clockSkewMs: null,
  })
  const many = answers([500, ...Array<number>(60).fill(10)])
  expect(many).toHaveLength(60)
  expect(probeStats(answers([600, 5, 6, 5])).rttMs).toMatchObject({ average: 154, median: 5.5 })
  expect(probeStats(many).rttMs?.max).toBe(10)
})

test('a Date header cut to the second reads as no skew for clocks that agree', () => {
  for (let ms = 0; ms < 1_000; ms += 50) expect(skewOf(1_700_000_000_000 + ms, 1_700_000_000_000)).toBe(0)
  expect(skewOf(1_700_000_005_500, 1_700_000_000_000)).toBe(5_000)
  expect(skewOf(1_700_000_000_000, null)).toBe(null)
})

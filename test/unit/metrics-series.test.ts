import { afterEach, expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { createSeries, type LinkSample } from '../../electron/engine/metrics/series.ts'
import { makeTempDir } from '../support/temp.ts'
import { WoundClock } from './site-clock.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function openWorld(): Promise<{ readonly clock: WoundClock; readonly journal: Journal }> {
  const clock = new WoundClock(1_700_000_040_000)
  const dir = await makeTempDir('series')
  const journal = openJournal({ dir: dir.path, now: clock.now })
  ended.push(
    () => dir.remove(),
    () => journal.close(),
  )
  return { clock, journal }
}

const row = (linkId: string, more: Partial<LinkSample> = {}): LinkSample => ({
  linkId,
  backlogCount: 4,
  backlogBytes: 400,
  lagSeconds: 2,
  objects: 10,
  bytes: 1_000,
  failures: 0,
  rttMs: 3,
  fullMs: 0,
  fullObjects: 0,
  fullBytes: 0,
  ...more,
})

test('all links together add up, and lag by the one furthest behind', async () => {
  const { clock, journal } = await openWorld()
  const read = (): readonly LinkSample[] => [row('a/0'), row('b/0', { lagSeconds: 30, backlogCount: 6, rttMs: null })]
  const series = createSeries({ history: journal.history, read, now: clock.now, timers: clock })
  series.start()
  await clock.wind(5_000)
  expect(await series.points(null, 900_000)).toEqual([
    {
      at: clock.now(),
      backlogCount: 10,
      backlogBytes: 800,
      lagSeconds: 30,
      objectsPerSecond: 4,
      bytesPerSecond: 400,
      failures: 0,
      rttMs: 3,
    },
  ])
  expect((await series.points('a/0', 900_000))[0]).toMatchObject({
    backlogCount: 4,
    lagSeconds: 2,
    objectsPerSecond: 2,
  })
  await series.stop()
})

test('the charts of the last day survive a restart, and no minute is told twice', async () => {
  const { clock, journal } = await openWorld()
  const read = (): readonly LinkSample[] => [row('a/0', { objects: 5 })]
  const before = createSeries({ history: journal.history, read, now: clock.now, timers: clock })
  before.start()
  await clock.wind(20 * 60_000)
  await before.stop()
  await clock.wind(10 * 60_000)
  const after = createSeries({ history: journal.history, read, now: clock.now, timers: clock })
  after.start()
  await clock.wind(20 * 60_000)
  const points = await after.points('a/0', 3_600_000)
  await after.stop()

  expect(points.length).toBeLessThanOrEqual(150)
  const objectsPerSecond = new Set(points.map((point) => point.objectsPerSecond))
  expect(points.length).toBeGreaterThan(60)
  for (const rate of objectsPerSecond) expect(rate).toBeCloseTo(1, 1)
  const gapsMs = points.slice(1).map((point, index) => point.at - points[index]!.at)
  expect(Math.max(...gapsMs)).toBeGreaterThan(9 * 60_000)
})

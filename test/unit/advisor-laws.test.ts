import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advisedModes, syncLimits } from '../../shared/model/advisor.ts'
import { wilson } from '../../electron/engine/advisor/loss.ts'
import { atLeast, waitsFor } from '../../electron/engine/advisor/quorum.ts'
import { adviceFor, minutesOf } from './advisor-world.ts'

/** A failure names the seed by itself. */
const options = { numRuns: 200 }

const rttMs = fc.double({ min: 0.1, max: 400, noNaN: true })
const rate = fc.integer({ min: 0, max: 500 })
const pair = fc.record({
  sourceRttMs: rttMs,
  targetRttMs: fc.array(rttMs, { minLength: 1, maxLength: 8 }),
  average: rate,
  peak: rate,
  drain: fc.integer({ min: 1, max: 500 }),
})
const adviceOf = ({ average, peak, drain, ...rtts }: typeof pair extends fc.Arbitrary<infer T> ? T : never) =>
  adviceFor({
    ...rtts,
    minutes: minutesOf(drain, 5, { backlogCount: 1_000_000, full: true }),
    assume: { averageChangesPerSecond: average, peakChangesPerSecond: peak },
  })

test('a stricter policy never answers sooner, and never loses more', () => {
  fc.assert(
    fc.property(pair, (given) => {
      const [async, one, majority, all] = adviceOf(given).modes
      const added = [async, one, majority, all].map((mode) => mode!.addedLatency!.typicalMs)
      expect(added).toEqual(added.toSorted((a, b) => a - b))
      const lost = [async, one, majority, all].map((mode) => mode!.sitesToLose)
      expect(lost).toEqual(lost.toSorted((a, b) => a - b))
      for (const { addedLatency } of adviceOf(given).modes)
        expect(addedLatency!.worstMs).toBeGreaterThanOrEqual(addedLatency!.typicalMs)
    }),
    options,
  )
})

test('waiting is recommended only where every awaited target is near', () => {
  fc.assert(
    fc.property(pair, (given) => {
      const { policy } = adviceOf(given).recommendation
      const near = given.targetRttMs.filter((ms) => ms <= syncLimits.rttMs).length
      if (policy !== null && policy !== 'async')
        expect(near).toBeGreaterThanOrEqual(waitsFor(policy, given.targetRttMs.length))
      if (near === 0) expect(policy).toBe('async')
    }),
    options,
  )
})

test('two majorities always share a site, and consensus waits for one', () => {
  for (let targets = 1; targets <= 8; targets++) {
    expect(2 * (waitsFor('majority', targets) + 1)).toBeGreaterThan(targets + 1)
    expect(waitsFor('consensus', targets)).toBe(waitsFor('majority', targets))
    for (const mode of advisedModes) expect(waitsFor(mode, targets)).toBeLessThanOrEqual(targets)
  }
})

test('a backlog drains exactly when the average leaves room for it', () => {
  fc.assert(
    fc.property(pair, (given) => {
      const { backlog } = adviceOf(given).modes[0]!
      const peak = Math.max(given.peak, given.average)
      // One full minute counts so many events; the peak here is assumed, and varies not at all.
      const chance = (1.96 * Math.sqrt(given.drain * 60)) / 60
      if (peak - given.drain <= chance) expect(backlog).toMatchObject({ growthPerSecond: 0, drainSeconds: 0 })
      else if (given.average >= given.drain) expect(backlog!.drainSeconds).toBe(null)
      else expect(backlog!.drainSeconds! * (given.drain - given.average)).toBeCloseTo((peak - given.drain) * 3600, 3)
    }),
    options,
  )
})

test('of n sites, at least none are always up, and the more are needed the less likely', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 9 })
  fc.assert(
    fc.property(shares, (given) => {
      const chances = Array.from({ length: given.length + 2 }, (_, least) => atLeast(least, given))
      expect(chances[0]).toBeCloseTo(1)
      expect(chances.at(-1)).toBe(0)
      expect(chances[given.length]).toBeCloseTo(given.reduce((all, share) => all * share, 1))
      chances.slice(1).forEach((chance, index) => expect(chance).toBeLessThanOrEqual(chances[index]! + 1e-9))
    }),
    options,
  )
})

test('the interval of a loss holds what was seen, and narrows with more probes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
      const failed = Math.round(share * count)
      const [low, high] = wilson(failed, count)
      const [lower, higher] = wilson(10 * failed, 10 * count)
      expect(low).toBeLessThanOrEqual(failed / count + 1e-9)
      expect(high).toBeGreaterThanOrEqual(failed / count - 1e-9)
      expect(higher - lower).toBeLessThanOrEqual(high - low)
    }),
    options,
  )
})

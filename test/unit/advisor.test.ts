import { expect, test } from 'vitest'
import type { AdvisedMode, ModeComparison } from '../../shared/model/advisor.ts'
import { compareModes } from '../../electron/engine/advisor/compare-modes.ts'
import { recommend } from '../../electron/engine/advisor/recommend.ts'
import { lossFigure } from '../../electron/engine/advisor/loss.ts'
import { combined, trafficOf, type Minute } from '../../electron/engine/advisor/traffic.ts'
import { adviceFor, at, figuresFor, minutesOf, type PairOptions } from './advisor-world.ts'

const modeOf = (mode: AdvisedMode, options: PairOptions): ModeComparison =>
  adviceFor(options).modes.find((one) => one.mode === mode)!

test('5 ms apart: wait for the target, at about 4 ms a write, and lose nothing', () => {
  const { modes, recommendation } = adviceFor({ targetRttMs: [5], minutes: minutesOf(10) })
  expect(recommendation).toEqual({
    policy: 'all',
    reasons: [
      { kind: 'rtt-within', site: 't1', rttMs: 5, origin: 'measured', addedMs: 4 },
      { kind: 'target-stops-writes', site: 't1' },
      { kind: 'loss-unknown', site: 't1', probes: 17_280, probesToTell: 27_061 },
    ],
  })
  expect(modes.map(({ mode, waitsFor, addedLatency, messages }) => [mode, waitsFor, addedLatency, messages])).toEqual([
    ['async', 0, { typicalMs: 0, worstMs: 0, plusMinusMs: 0, origin: 'measured' }, { least: 10, most: 10 }],
    ['one', 1, { typicalMs: 4, worstMs: 14, plusMinusMs: 0, origin: 'measured' }, { least: 4, most: 4 }],
    ['majority', 1, { typicalMs: 4, worstMs: 14, plusMinusMs: 0, origin: 'measured' }, { least: 4, most: 4 }],
    ['all', 1, { typicalMs: 4, worstMs: 14, plusMinusMs: 0, origin: 'measured' }, { least: 4, most: 4 }],
    ['consensus', 1, { typicalMs: 10, worstMs: 60, plusMinusMs: 0, origin: 'measured' }, { least: 6, most: 10 }],
  ])
})

test('80 ms apart: do not wait, and say what is lost instead', () => {
  const { modes, recommendation } = adviceFor({ targetRttMs: [80], minutes: minutesOf(10) })
  expect(recommendation).toEqual({
    policy: 'async',
    reasons: [
      { kind: 'rtt-above', site: 't1', rttMs: 80, origin: 'measured', addedMs: 79 },
      { kind: 'rpo', nowSeconds: 0.161, quietSeconds: 0.161, atPeakSeconds: 0.161, worstSeenSeconds: 0 },
    ],
  })
  expect(modes.find(({ mode }) => mode === 'all')).toMatchObject({
    addedLatency: { typicalMs: 79, worstMs: 239 },
    lossOfSource: { kind: 'nothing' },
    targetDown: 'timeout',
  })
  expect(modes.find(({ mode }) => mode === 'consensus')?.addedLatency).toMatchObject({ typicalMs: 160, worstMs: 960 })
})

test('where targets are written after the source, a write waits for the whole copy', () => {
  const { modes } = adviceFor({ targetRttMs: [80], writePath: 'after-source' })
  expect(
    modes.map(({ addedLatency, messages }) => [addedLatency?.typicalMs, addedLatency?.worstMs, messages.least]),
  ).toEqual([
    [0, 0, 10],
    [161, 481, 10],
    [161, 481, 10],
    [161, 481, 10],
    [160, 960, 6],
  ])
})

test('of several targets the k-th fastest decides, and one far away holds nobody up', () => {
  const options: PairOptions = { targetRttMs: [80, 5, 40], minutes: minutesOf(1) }
  const added = (mode: AdvisedMode): number | undefined => modeOf(mode, options).addedLatency?.typicalMs
  expect([added('one'), added('majority'), added('all')]).toEqual([4, 39, 79])
  expect(adviceFor(options).recommendation).toMatchObject({
    policy: 'one',
    reasons: [{ kind: 'rtt-within', site: 't2', addedMs: 4 }, { kind: 'one-may-be-down', targets: 3 }, {}],
  })
  // The fastest is silent now and then; enough others are near.
  const lossy = figuresFor({ targetRttMs: [2, 5, 8] })
  const [first, ...others] = lossy.targets
  const figures = { ...lossy, targets: [{ ...first!, loss: { ...first!.loss, verdict: 'above' as const } }, ...others] }
  expect(recommend(figures, compareModes(figures))).toMatchObject({
    policy: 'majority',
    reasons: [{ site: 't3' }, {}, {}, {}],
  })
  expect(adviceFor({ targetRttMs: [5, 8] }).recommendation).toMatchObject({
    policy: 'majority',
    reasons: [{ kind: 'rtt-within', site: 't1' }, { kind: 'one-may-be-down', targets: 2 }, {}],
  })
})

test('what is not measured is not guessed, and what is assumed is marked', () => {
  const unknown = adviceFor({ targetRttMs: [null] })
  expect(unknown.recommendation).toEqual({ policy: null, reasons: [{ kind: 'rtt-unknown', sites: ['t1'] }] })
  expect(unknown.modes.find(({ mode }) => mode === 'all')).toMatchObject({ addedLatency: null, backlog: null })
  expect(unknown.modes[0]?.lossOfSource).toEqual({
    kind: 'recent',
    nowSeconds: null,
    quietSeconds: null,
    atPeakSeconds: null,
    worstSeenSeconds: null,
  })
  const assumed = adviceFor({ targetRttMs: [null], assume: { targetRttMs: 12 } })
  expect(assumed.recommendation).toMatchObject({ policy: 'all', reasons: [{ rttMs: 12, origin: 'assumed' }, {}, {}] })
})

test('an assumption goes before what was measured', () => {
  const { figures, recommendation } = adviceFor({ targetRttMs: [80], assume: { targetRttMs: 6 } })
  expect(figures.targets[0]?.rttMedianMs).toEqual({
    value: 6,
    plusMinus: 0,
    origin: 'assumed',
    atLeast: false,
    asOf: null,
    samples: 0,
  })
  expect(recommendation.policy).toBe('all')
})

test('the time of the bytes counts where the bandwidth is known, and at worst as a full link carried them', () => {
  const assume = { meanObjectBytes: 1_000_000 }
  const added = (options: PairOptions): readonly (number | undefined)[] => {
    const spread = modeOf('all', { ...options, assume: { ...assume, ...options.assume } }).addedLatency
    return [spread?.typicalMs, spread?.worstMs]
  }
  expect(added({ minutes: minutesOf(10) })).toEqual([4, 14])
  expect(added({ minutes: minutesOf(10), limitBytesPerSecond: 10_000_000 })).toEqual([4, 114])
  expect(added({ minutes: minutesOf(10), limitBytesPerSecond: 500_000 })).toEqual([1004, 2014])
  expect(added({ minutes: minutesOf(10, 60, { backlogCount: 5000, full: true }) })).toEqual([4, 1014])
  expect(added({ assume: { bandwidthBytesPerSecond: 100_000_000 } })).toEqual([14, 24])
})

test('a peak above the drain rate gathers a backlog, and the time to drain is told', () => {
  const full = minutesOf(40, 30, { backlogCount: 9000, full: true })
  const assume = { averageChangesPerSecond: 10, peakChangesPerSecond: 50, peakMinutes: 60 }
  expect(modeOf('async', { targetRttMs: [80], minutes: full, assume })).toMatchObject({
    backlog: {
      growthPerSecond: 10,
      peakCount: 36_000,
      peakBytes: 3.6e9,
      drainSeconds: 1200,
      heldToPerSecond: null,
      origin: 'assumed',
    },
  })
  expect(modeOf('all', { targetRttMs: [80], minutes: full, assume }).backlog).toMatchObject({
    growthPerSecond: 0,
    peakCount: 0,
    drainSeconds: 0,
    heldToPerSecond: 40,
  })
  const never = adviceFor({ targetRttMs: [80], minutes: full, assume: { ...assume, averageChangesPerSecond: 45 } })
  expect(never.modes[0]?.backlog?.drainSeconds).toBe(null)
  expect(never.recommendation.reasons).toContainEqual({ kind: 'never-drains', site: 't1' })
})

test('a near target that cannot keep up with the peak is not waited for', () => {
  const minutes = minutesOf(40, 30, { backlogCount: 9000, full: true })
  const { recommendation } = adviceFor({ minutes, assume: { averageChangesPerSecond: 10, peakChangesPerSecond: 50 } })
  expect(recommendation).toMatchObject({
    policy: 'async',
    reasons: [{ kind: 'too-slow', site: 't1', peakPerSecond: 50, drainPerSecond: 40 }, { kind: 'rpo' }],
  })
})

test('writes are as available as the sites that they need', () => {
  // Each site was up for 99 of 100 hours.
  const options = { probes: { sinceAt: at - 360_000_000 }, downMs: 3_600_000 }
  const share = (mode: AdvisedMode, targetRttMs: readonly number[]): number =>
    modeOf(mode, { ...options, targetRttMs }).writable!
  expect(share('async', [5])).toBeCloseTo(0.99)
  expect(share('all', [5])).toBeCloseTo(0.9801)
  expect(share('majority', [5, 5])).toBeCloseTo(0.99 * (1 - 0.01 ** 2))
  expect(share('all', [5, 5])).toBeCloseTo(0.970299)
  expect(share('consensus', [5, 5])).toBeCloseTo(0.99 ** 3 + 3 * 0.99 ** 2 * 0.01)
  expect(modeOf('consensus', { targetRttMs: [5, 5] })).toMatchObject({ sourceDown: 'go-on', targetDown: 'go-on' })
  expect(modeOf('consensus', { targetRttMs: [5] })).toMatchObject({ sourceDown: 'refused', targetDown: 'refused' })
  expect(modeOf('async', { probes: { sinceAt: at - 30_000 } }).writable).toBe(null)
})

test('a loss is told only when the probes prove it', () => {
  const verdict = (failed: number, counted: number): string =>
    lossFigure({ recent: 60, counted, failed, sinceAt: 0, lastAt: at }).verdict
  expect(verdict(0, 0)).toBe('too-few')
  expect(verdict(1, 19)).toBe('too-few')
  expect(verdict(0, 60)).toBe('too-few')
  expect(verdict(1, 60)).toBe('above')
  expect(verdict(1, 20_000)).toBe('too-few')
  expect(verdict(0, 27_061)).toBe('within')
  expect(lossFigure({ recent: 60, counted: 60, failed: 0, sinceAt: 0, lastAt: at }).atMostShare).toBeCloseTo(0.043, 3)
  expect(adviceFor({ probes: { counted: 600, failed: 6 } }).recommendation).toMatchObject({
    policy: 'async',
    reasons: [{ kind: 'loss-above', site: 't1', failed: 6, probes: 600 }, { kind: 'rpo' }],
  })
})

test('where a rule degrades, writes are possible as long as its source is, and what was not confirmed is told', () => {
  const options = { probes: { sinceAt: at - 360_000_000 }, downMs: 3_600_000, onTimeout: 'degrade' } as const
  const of = (mode: AdvisedMode, targetRttMs: readonly number[] = [5]) => modeOf(mode, { ...options, targetRttMs })
  expect(of('all').writable).toBeCloseTo(0.99)
  expect(of('all').unconfirmed).toBeCloseTo(0.99 * 0.01)
  expect(of('majority', [5, 5]).unconfirmed).toBeCloseTo(0.99 * 0.01 ** 2)
  expect(of('async')).toMatchObject({ unconfirmed: 0, lossOfSource: { kind: 'recent' } })
  expect(of('all').lossOfSource).toEqual({ kind: 'nothing', unless: 'degraded' })
  expect(of('consensus', [5, 5])).toMatchObject({ unconfirmed: 0, lossOfSource: { kind: 'nothing', unless: null } })
  expect(modeOf('all', { ...options, onTimeout: 'fail' })).toMatchObject({
    unconfirmed: 0,
    lossOfSource: { kind: 'nothing', unless: null },
  })
  expect(adviceFor(options).recommendation.reasons).toContainEqual({ kind: 'target-weakens-writes', site: 't1' })
})

/** Minutes as they are kept: what was done, the highest backlog, and what of it in how much full time. */
const minuteWith = (objects: number, backlogCount: number, fullMs: number, fullObjects: number): Minute => ({
  at,
  objects,
  bytes: objects * 1000,
  backlogCount,
  lagSeconds: 0,
  fullMs,
  fullObjects,
  fullBytes: fullObjects * 1000,
})

test('a link that drains is full, one that waits for its site is not, and what it did once it can do', () => {
  const drain = (...minutes: readonly Minute[]) => trafficOf(minutes, 0).drainPerSecond
  // The end of an outage: more was done than had waited at once, and something waited nearly all along.
  const draining = minuteWith(4320, 3600, 50_000, 4000)
  // The site was away for most of a minute: much waited, and little could go.
  const starved = minuteWith(60, 5000, 0, 0)
  const quiet = minuteWith(600, 2, 0, 0)
  expect(drain(draining)).toMatchObject({ value: 80, atLeast: false })
  expect(drain(quiet, starved, draining, quiet)).toMatchObject({ value: 80, atLeast: false })
  expect(drain(quiet, starved)).toMatchObject({ value: 10, atLeast: true })
  expect(drain(minuteWith(300, 9000, 60_000, 300), quiet)).toMatchObject({ value: 10, atLeast: true })
  const spell = minuteWith(300, 40, 5_000, 200)
  expect(drain(spell)).toMatchObject({ value: 5, atLeast: true })
})

test('a minute in which a target was starved turns no recommendation', () => {
  const minutes = [...minutesOf(10, 30), minuteWith(60, 5000, 0, 0), minuteWith(3600, 3600, 45_000, 3000)]
  const assume = { averageChangesPerSecond: 10, peakChangesPerSecond: 50 }
  expect(adviceFor({ minutes, assume }).recommendation.policy).toBe('all')
})

test('a difference that chance explains is none', () => {
  const near = (rttMs: number, jitterMs: number) => adviceFor({ targetRttMs: [rttMs], jitterMs })
  expect(near(20.4, 0).recommendation.policy).toBe('async')
  expect(near(20.4, 2).recommendation.policy).toBe('all')
  expect(near(29, 2).recommendation.policy).toBe('async')
  const likeOne = (jitterMs: number) => modeOf('all', { targetRttMs: [5, 5.3], jitterMs }).asFastAs
  expect([likeOne(0), likeOne(2)]).toEqual([null, 'one'])
  // 49 a second when full, 50 at the peak: one minute of either varies by more than that.
  const full = minutesOf(49, 30, { backlogCount: 9000, full: true })
  const peak = minutesOf(50, 1)
  const { modes, recommendation } = adviceFor({ minutes: [...peak, ...full] })
  expect(recommendation.policy).toBe('all')
  expect(modes[0]!.backlog).toMatchObject({ growthPerSecond: 0, peakCount: 0, drainSeconds: 0 })
})

test('an outage hides no change: what waits counts when it comes, and not again when it goes', () => {
  const minute = (index: number, objects: number, backlogCount: number) => ({
    ...minutesOf(0, 1)[0]!,
    at: at - (10 - index) * 60_000,
    objects,
    bytes: objects * 1000,
    backlogCount,
  })
  // 600 changes a minute; the target is down for two minutes and then catches up.
  const minutes = [minute(0, 600, 0), minute(1, 0, 600), minute(2, 0, 1200), minute(3, 1800, 1200), minute(4, 600, 0)]
  const traffic = trafficOf(minutes, 0)
  expect(traffic.averagePerSecond?.value).toBe(10)
  expect(traffic.peakPerSecond?.value).toBe(10)
  expect(trafficOf(minutes, minutes[3]!.at).peakPerSecond).toMatchObject({ value: 10, samples: 2 })
})

test('the first copy tells what the link can carry, and nothing of what clients change', () => {
  const figures = figuresFor({ minutes: minutesOf(40, 30, { backlogCount: 9000, full: true }), firstCopy: true })
  expect(figures.changes).toMatchObject({ averagePerSecond: null, peakPerSecond: null, firstCopy: true })
  expect(figures.targets[0]).toMatchObject({
    drainPerSecond: { value: 40, atLeast: false, samples: 30, origin: 'measured' },
    bandwidthBytesPerSecond: { value: 4_000_000, atLeast: false },
  })
})

test('rules of one pair count together, minute by minute', () => {
  expect(combined([minutesOf(10, 3), minutesOf(5, 2)]).map(({ objects }) => objects)).toEqual([600, 900, 900])
})

import type { Figure } from '../../../shared/model/advisor.ts'
import type { Rollup } from '../journal/port/history.ts'
import { noiseOfRate } from './noise.ts'

const minuteMs = 60_000

/** What one link carried in one minute. */
export type Minute = Pick<
  Rollup,
  'at' | 'objects' | 'bytes' | 'backlogCount' | 'lagSeconds' | 'fullMs' | 'fullObjects' | 'fullBytes'
>

/** What a link’s history of minutes tells; null where nothing was seen that could tell. */
export interface Traffic {
  readonly averagePerSecond: Figure | null
  readonly peakPerSecond: Figure | null
  readonly meanObjectBytes: Figure | null
  readonly lagMaxSeconds: Figure | null
  readonly drainPerSecond: Figure | null
  readonly bandwidthBytesPerSecond: Figure | null
}

/**
 * Reads a link’s minutes, oldest first. What clients change is told from minutes after `changesSince` only: before, the
 * first copy was under way (null: it still is). What the link can carry is told from all.
 */
export function trafficOf(minutes: readonly Minute[], changesSince: number | null): Traffic {
  const ofChanges = changesSince === null ? [] : minutes.filter(({ at }) => at >= changesSince)
  const figure = figureOver(ofChanges)
  const seconds = Math.max(60, ofChanges.length * 60)
  const changed = changesIn(ofChanges)
  const peak = highest(arrivalsPerMinute(ofChanges))
  return {
    averagePerSecond: figure(changed / seconds, noiseOfRate(changed, seconds)),
    peakPerSecond: figure(peak / 60, noiseOfRate(peak, 60)),
    lagMaxSeconds: figure(highest(ofChanges.map(({ lagSeconds }) => lagSeconds))),
    meanObjectBytes: meanSize(minutes),
    ...carried(minutes),
  }
}

/**
 * Several links as one, minute by minute: counts add up, the lag is that of the one furthest behind, and together they are full
 * while one of them is.
 */
export function combined(links: readonly (readonly Minute[])[]): readonly Minute[] {
  if (links.length === 1) return links[0]!
  const byMinute = Map.groupBy(links.flat(), ({ at }) => at)
  return [...byMinute]
    .toSorted(([a], [b]) => a - b)
    .map(([at, minutes]) => ({
      at,
      objects: sum(minutes, 'objects'),
      bytes: sum(minutes, 'bytes'),
      backlogCount: sum(minutes, 'backlogCount'),
      lagSeconds: highest(minutes.map(({ lagSeconds }) => lagSeconds)),
      fullMs: highest(minutes.map(({ fullMs }) => fullMs)),
      fullObjects: sum(minutes, 'fullObjects'),
      fullBytes: sum(minutes, 'fullBytes'),
    }))
}

/**
 * What came in a minute is what left, and by how much the backlog grew: so an outage hides no change. A minute keeps its
 * highest backlog: that of its end while it grows, that of its beginning while it shrinks. The newest minute, when it
 * shrinks, has not shown yet how far.
 */
function arrivalsPerMinute(minutes: readonly Minute[]): readonly number[] {
  return minutes.flatMap(({ objects, backlogCount: now }, index) => {
    const before = minutes[index - 1]?.backlogCount ?? now
    const after = minutes[index + 1]?.backlogCount
    if (now > before) return objects + now - before
    if (after === undefined) return now === 0 ? objects : []
    return Math.max(0, objects + Math.min(0, after - now))
  })
}

function changesIn(minutes: readonly Minute[]): number {
  const grown = (minutes.at(-1)?.backlogCount ?? 0) - (minutes[0]?.backlogCount ?? 0)
  return Math.max(0, sum(minutes, 'objects') + grown)
}

/** Shorter spells say more of what was in flight when they began than of the link. */
const leastFullMs = 15_000

/**
 * A link shows what it can do while it is full; at other times only what was asked of it, and then the truth may be higher.
 * What it did at any time it can do again: of the two the higher counts. What is carried now is worth more than a record of
 * yesterday, but not less than it.
 */
function carried(minutes: readonly Minute[]): Pick<Traffic, 'drainPerSecond' | 'bandwidthBytesPerSecond'> {
  const moving = minutes.filter(({ objects, bytes }) => objects + bytes > 0)
  const full = moving.filter(({ fullMs }) => fullMs >= leastFullMs)
  const best = (ofFull: 'fullObjects' | 'fullBytes', of: 'objects' | 'bytes'): Figure | null => {
    const seen = highest(moving.map((minute) => minute[of])) / 60
    const most = highest(full.map((minute) => (minute[ofFull] * 1000) / minute.fullMs))
    return most >= seen && full.length > 0 ? figureOver(full)(most) : figureOver(moving, true)(seen)
  }
  const drain = best('fullObjects', 'objects')
  const seconds = full.length === 0 ? 60 : highest(full.map(({ fullMs }) => fullMs)) / 1000
  return {
    drainPerSecond: drain && { ...drain, plusMinus: noiseOfRate(drain.value * seconds, seconds) },
    bandwidthBytesPerSecond: best('fullBytes', 'bytes'),
  }
}

function meanSize(minutes: readonly Minute[]): Figure | null {
  const moving = minutes.filter(({ objects }) => objects > 0)
  return figureOver(moving)(sum(moving, 'bytes') / sum(moving, 'objects'))
}

const figureOver =
  (minutes: readonly Minute[], atLeast = false) =>
  (value: number, plusMinus = 0): Figure | null =>
    minutes.length === 0
      ? null
      : { value, plusMinus, origin: 'measured', atLeast, asOf: minutes.at(-1)!.at + minuteMs, samples: minutes.length }

const sum = (
  minutes: readonly Minute[],
  of: 'objects' | 'bytes' | 'backlogCount' | 'fullObjects' | 'fullBytes',
): number => minutes.reduce((total, minute) => total + minute[of], 0)
const highest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0)

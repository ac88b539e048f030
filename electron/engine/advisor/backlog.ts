import type { AdviceFigures, AdvisedMode, Backlog, TargetFigures } from '../../../shared/model/advisor.ts'
import { byRtt, commonOrigin } from './latency.ts'
import { isBelow } from './noise.ts'
import { waitsFor } from './quorum.ts'

/**
 * What gathers during the peak, at the target that falls behind furthest. Awaited targets gather nothing: there the
 * clients wait instead, and write no faster than the slowest of them takes.
 */
export function backlogAtPeak(mode: AdvisedMode, figures: AdviceFigures): Backlog | null {
  const { peakPerSecond: peak, averagePerSecond: average } = figures.changes
  if (peak === null || average === null) return null
  const awaited = waitsFor(mode, figures.targets.length)
  const ranked = byRtt(figures.targets)
  const slowest = slowestOf(ranked.slice(0, awaited))
  const behind = slowestOf(ranked.slice(awaited))
  if (slowest === undefined || behind === undefined) return null
  const held = slowest !== null && isBelow(slowest, peak) ? slowest : null
  const arriving = held ?? peak
  const growthPerSecond = behind !== null && isBelow(behind, arriving) ? arriving.value - behind.value : 0
  const peakCount = growthPerSecond * figures.peakMinutes * 60
  const size = figures.changes.meanObjectBytes
  return {
    growthPerSecond,
    peakCount,
    peakBytes: size === null ? null : peakCount * size.value,
    drainSeconds: drainSeconds(peakCount, behind?.value ?? 0, average.value),
    heldToPerSecond: held?.value ?? null,
    origin: commonOrigin([peak, average, ...[slowest, behind].flatMap((figure) => figure ?? [])]),
  }
}

/** Backlog ÷ (drain rate − what goes on arriving); null when that never ends. */
function drainSeconds(count: number, drainPerSecond: number, averagePerSecond: number): number | null {
  if (count === 0) return 0
  const spare = drainPerSecond - averagePerSecond
  return spare > 0 ? count / spare : null
}

/** null for no targets at all; undefined while one of them is not known. */
function slowestOf(targets: readonly TargetFigures[]): TargetFigures['drainPerSecond'] | undefined {
  const known = targets.flatMap(({ drainPerSecond }) => drainPerSecond ?? [])
  if (known.length < targets.length) return undefined
  return known.toSorted((a, b) => a.value - b.value)[0] ?? null
}

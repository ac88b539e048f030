import type {
  AdviceFigures,
  AdvisedMode,
  Figure,
  FigureOrigin,
  SiteFigures,
  Spread,
  TargetFigures,
} from '../../../shared/model/advisor.ts'
import { noiseTogether } from './noise.ts'
import { waitsFor } from './quorum.ts'

type Case = 'typical' | 'worst'

/**
 * A store by consensus: the object to a quorum, then its entry through the agreed log, one round each at best. Four were
 * measured on a store of that kind between five nodes 100 ms apart (Garage’s published benchmarks: about 400 ms).
 */
export const consensusRounds = { least: 2, most: 4 } as const

/** What a write takes longer than one that only waits for the source. Targets go in parallel: the k-th fastest decides. */
export function addedLatency(mode: AdvisedMode, figures: AdviceFigures): Spread | null {
  const { source, targets } = figures
  const awaited = waitsFor(mode, targets.length)
  if (awaited === 0) return { typicalMs: 0, worstMs: 0, plusMinusMs: 0, origin: 'measured' }
  const typicalMs = kthFastest(mode, figures, awaited, 'typical')
  const worstMs = kthFastest(mode, figures, awaited, 'worst')
  if (typicalMs === null || worstMs === null) return null
  const origin = commonOrigin([source, ...targets].flatMap(({ rttMedianMs }) => rttMedianMs ?? []))
  return { typicalMs, worstMs, plusMinusMs: noiseOf(figures, awaited), origin }
}

/** Of the round trips to the source and to the k-th target: the added time is made of these two. */
function noiseOf({ source, targets }: AdviceFigures, k: number): number {
  return noiseTogether(source.rttMedianMs?.plusMinus ?? 0, byRtt(targets)[k - 1]?.rttMedianMs?.plusMinus ?? 0)
}

/** The same for one target by itself; null where a round trip is not measured. */
export const addedByWaiting = (figures: AdviceFigures, target: TargetFigures): number | null =>
  addedBy('one', figures, target, 'typical')

/** null while fewer than k targets are measured. */
function kthFastest(mode: AdvisedMode, figures: AdviceFigures, k: number, when: Case): number | null {
  const times = figures.targets.flatMap((target) => addedBy(mode, figures, target, when) ?? [])
  return times.toSorted((a, b) => a - b)[k - 1] ?? null
}

/** What waiting for one target adds; null where a round trip that it needs is not measured. */
function addedBy(mode: AdvisedMode, figures: AdviceFigures, target: TargetFigures, when: Case): number | null {
  const near = figures.source.rttMedianMs?.value
  const far = (when === 'typical' ? target.rttMedianMs : target.rttMaxMs)?.value
  if (near === undefined || far === undefined) return null
  const bytesMs = transferMs(figures, target, when)
  if (mode === 'consensus') return consensusRounds[when === 'typical' ? 'least' : 'most'] * far + bytesMs
  if (figures.writePath === 'after-source') return copyRoundTripsMs(near, far) + bytesMs
  // One round trip each on open connections, side by side: the slower of both, never the sum.
  return Math.max(0, far + bytesMs - near)
}

/** A look at both sides at the same time, the read, and the write (`replicate/versions/compare-key.ts`, `replicate/copy/copy-version.ts`). */
const copyRoundTripsMs = (near: number, far: number): number => Math.max(near, far) + near + far

/**
 * The time to bring one object’s bytes to a target: size ÷ bandwidth. What a full link carried is the least that its
 * bandwidth can be, since many objects went side by side, so it counts at worst only; what a quiet link happened to
 * carry says nothing, and counts never. A rule’s limit lets a second’s worth through at once (`worker/pacer.ts`).
 */
function transferMs(figures: AdviceFigures, target: TargetFigures, when: Case): number {
  const size = figures.changes.meanObjectBytes
  const bandwidth = target.bandwidthBytesPerSecond
  if (size === null || bandwidth === null || bandwidth.atLeast) return 0
  if (when === 'typical' && bandwidth.origin === 'measured') return 0
  const atOnce = when === 'typical' && bandwidth.origin === 'limit' ? bandwidth.value : 0
  return (Math.max(0, size.value - atOnce) / bandwidth.value) * 1000
}

/** One change from source to target when nothing waits; null where a round trip is not measured. */
export function copySeconds(figures: AdviceFigures, target: TargetFigures): number | null {
  const near = figures.source.rttMedianMs?.value
  const far = target.rttMedianMs?.value
  if (near === undefined || far === undefined) return null
  return (copyRoundTripsMs(near, far) + transferMs(figures, target, 'typical')) / 1000
}

/** The targets that answer first, fastest first; those without a measurement come last. */
export function byRtt<Site extends SiteFigures>(sites: readonly Site[]): readonly Site[] {
  const rttOf = ({ rttMedianMs }: Site): number => rttMedianMs?.value ?? Number.POSITIVE_INFINITY
  return sites.toSorted((a, b) => (rttOf(a) === rttOf(b) ? 0 : rttOf(a) - rttOf(b)))
}

/** A result is worth what the weakest of its figures is worth. */
export function commonOrigin(figures: readonly Figure[]): FigureOrigin {
  if (figures.some(({ origin }) => origin === 'assumed')) return 'assumed'
  return figures.some(({ origin }) => origin === 'estimated') ? 'estimated' : 'measured'
}

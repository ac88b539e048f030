import type {
  AdviceFigures,
  AdvisedMode,
  Figure,
  Origin,
  SiteFigures,
  Spread,
  TargetFigures,
} from '../../../shared/model/advisor.ts'
import { waitsFor } from './quorum.ts'

type Case = 'typical' | 'worst'

/** A PUT on a connection that is open already: the request goes out while the answer is waited for once. */
const putRoundTrips = 1
/**
 * A store by consensus: the object to a quorum, then its entry through the agreed log, one round each at best. Four were
 * measured on a store of that kind between five nodes 100 ms apart (Garage’s published benchmarks: about 400 ms).
 */
export const consensusRounds = { least: 2, most: 4 } as const

/**
 * What a write takes longer than one that only waits for the source. Source and targets are written at the same time, so
 * it is the slowest of the awaited targets minus the source, never their sum. Quorum: the k-th fastest target.
 */
export function addedLatency(mode: AdvisedMode, figures: AdviceFigures): Spread | null {
  const { source, targets } = figures
  const awaited = waitsFor(mode, targets.length)
  if (awaited === 0) return { typicalMs: 0, worstMs: 0, origin: 'measured' }
  const rounds = mode === 'consensus' ? consensusRounds : { least: putRoundTrips, most: putRoundTrips }
  const typical = kthFastest(figures, awaited, rounds.least, 'typical')
  const worst = kthFastest(figures, awaited, rounds.most, 'worst')
  // A consensus store writes at the source’s site and pays its rounds on top; the gateway’s writes run side by side.
  const beside = mode === 'consensus' ? 0 : (source.rttAverageMs?.value ?? null)
  if (typical === null || worst === null || beside === null) return null
  return {
    typicalMs: Math.max(0, typical - beside),
    worstMs: Math.max(0, worst - beside),
    origin: commonOrigin([source, ...targets].flatMap(({ rttAverageMs }) => rttAverageMs ?? [])),
  }
}

/**
 * The time to bring one object’s bytes to a target: size ÷ bandwidth. What a full link carried is the least that its
 * bandwidth can be, since many objects went side by side, so it counts at worst only; what a quiet link happened to
 * carry says nothing, and counts never.
 */
function transferMs(figures: AdviceFigures, target: TargetFigures, when: Case): number {
  const size = figures.changes.meanObjectBytes
  const bandwidth = target.bandwidthBytesPerSecond
  if (size === null || bandwidth === null || bandwidth.atLeast) return 0
  if (when === 'typical' && bandwidth.origin === 'measured') return 0
  return (size.value / bandwidth.value) * 1000
}

/** One change from source to target when nothing waits: a look at both sides at once, the read, and the write. */
export function copySeconds(figures: AdviceFigures, target: TargetFigures): number | null {
  const { source } = figures
  if (source.rttAverageMs === null || target.rttAverageMs === null) return null
  const [near, far] = [source.rttAverageMs.value, target.rttAverageMs.value]
  return (Math.max(near, far) + near + far + transferMs(figures, target, 'typical')) / 1000
}

/** Rounds × RTT + size ÷ bandwidth of the k-th fastest target; null while fewer than k are measured. */
function kthFastest(figures: AdviceFigures, k: number, rounds: number, when: Case): number | null {
  const times = figures.targets.flatMap((target) => {
    const rtt = when === 'typical' ? target.rttAverageMs : target.rttMaxMs
    return rtt === null ? [] : [rounds * rtt.value + transferMs(figures, target, when)]
  })
  return times.toSorted((a, b) => a - b)[k - 1] ?? null
}

/** The targets that answer first, fastest first; those without a measurement come last. */
export function byRtt<Site extends SiteFigures>(sites: readonly Site[]): readonly Site[] {
  const rttOf = ({ rttAverageMs }: Site): number => rttAverageMs?.value ?? Number.POSITIVE_INFINITY
  return sites.toSorted((a, b) => (rttOf(a) === rttOf(b) ? 0 : rttOf(a) - rttOf(b)))
}

/** A result is worth what the weakest of its figures is worth. */
export function commonOrigin(figures: readonly Figure[]): Origin {
  if (figures.some(({ origin }) => origin === 'assumed')) return 'assumed'
  return figures.some(({ origin }) => origin === 'estimated') ? 'estimated' : 'measured'
}

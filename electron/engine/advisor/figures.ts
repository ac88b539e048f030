import type {
  AdviceFigures,
  Assumptions,
  ChangeFigures,
  Figure,
  FigureOrigin,
  SiteFigures,
  TargetFigures,
  UpFigure,
  WritePath,
} from '../../../shared/model/advisor.ts'
import type { SiteHealth } from '../../../shared/model/site.ts'
import { copySeconds } from './latency.ts'
import { lossFigure } from './loss.ts'
import { noiseOfMedian } from './noise.ts'
import type { Traffic } from './traffic.ts'

export interface SeenSite {
  readonly site: string
  readonly name: string
  readonly health: SiteHealth
}

/** One copy: its site, what its link carried, and what waits now. */
export interface SeenTarget extends SeenSite {
  /** null where nothing has been replicated between the two. */
  readonly link: {
    readonly traffic: Traffic
    readonly backlogCount: number
    readonly lagSeconds: number
    readonly firstCopy: boolean
    readonly limitBytesPerSecond: number | null
  } | null
}

export interface PairMeasured {
  readonly at: number
  readonly source: SeenSite
  readonly targets: readonly SeenTarget[]
  /** Tasks at one time, over all links. */
  readonly workers: number
  readonly assumed: Assumptions
  readonly writePath: WritePath
  readonly onTimeout: AdviceFigures['onTimeout']
}

/** The figures of a pair: what the operator assumes goes before what was measured, and says so. Pure. */
export function figuresOf(seen: PairMeasured): AdviceFigures {
  const { assumed } = seen
  const source = siteFigures(seen.source, assumed.sourceRttMs)
  const changes = changeFigures(seen)
  const bare: AdviceFigures = {
    source,
    targets: seen.targets.map((target) => targetFigures(target, seen)),
    changes,
    peakMinutes: assumed.peakMinutes,
    writePath: seen.writePath,
    onTimeout: seen.onTimeout,
  }
  return { ...bare, targets: bare.targets.map((target) => withDrain(target, bare, seen.workers)) }
}

function siteFigures({ site, name, health }: SeenSite, assumedRttMs: number | null): SiteFigures {
  const { rttMs, jitterMs, probes, state } = health
  const rtt = (value: number | undefined, plusMinus: number): Figure | null =>
    assume(assumedRttMs) ??
    (value === undefined
      ? null
      : { value, plusMinus, origin: 'measured', atLeast: false, asOf: probes.lastAt, samples: probes.recent })
  return {
    site,
    name,
    online: state === 'unknown' ? null : state === 'online',
    rttMedianMs: rtt(rttMs?.median, noiseOfMedian(jitterMs, probes.recent)),
    rttMaxMs: rtt(rttMs?.max, 0),
    loss: lossFigure(probes),
    up: upFigure(health),
  }
}

const leastWatchMs = 60_000

function upFigure({ asOf, totalDownMs, probes }: SiteHealth): UpFigure | null {
  const watchedMs = asOf - probes.sinceAt
  if (watchedMs < leastWatchMs) return null
  const downMs = Math.min(totalDownMs, watchedMs)
  return { share: 1 - downMs / watchedMs, downMs, watchedMs }
}

function targetFigures(target: SeenTarget, { at, assumed }: PairMeasured): TargetFigures {
  const { link } = target
  const traffic = link?.traffic ?? null
  const current = (value: number): Figure => ({ ...told(value, 'measured'), asOf: at, samples: 1 })
  return {
    ...siteFigures(target, assumed.targetRttMs),
    bandwidthBytesPerSecond:
      assume(assumed.bandwidthBytesPerSecond) ??
      limited(traffic?.bandwidthBytesPerSecond ?? null, link?.limitBytesPerSecond ?? null),
    drainPerSecond: traffic?.drainPerSecond ?? null,
    backlogCount: link === null ? null : current(link.backlogCount),
    lagSeconds: link === null ? null : current(link.lagSeconds),
    lagMaxSeconds: traffic?.lagMaxSeconds ?? null,
  }
}

/** A rule’s own limit is known, whatever was seen. */
function limited(seen: Figure | null, limit: number | null): Figure | null {
  if (limit === null || (seen !== null && !seen.atLeast && seen.value < limit)) return seen
  return told(limit, 'limit')
}

function changeFigures({ targets, assumed }: PairMeasured): ChangeFigures {
  // Every target of a rule is told of the same changes; the one that tells of most has missed least.
  const most = (of: 'averagePerSecond' | 'peakPerSecond' | 'meanObjectBytes'): Figure | null =>
    targets
      .flatMap(({ link }) => link?.traffic[of] ?? [])
      .reduce<Figure | null>((best, next) => (best === null || next.value > best.value ? next : best), null)
  const average = assume(assumed.averageChangesPerSecond) ?? most('averagePerSecond')
  const peak = assume(assumed.peakChangesPerSecond) ?? most('peakPerSecond')
  return {
    // A peak that is assumed alone is reckoned with as if it never paused.
    averagePerSecond: average ?? peak,
    peakPerSecond: peak === null || average === null ? peak : atLeastAverage(peak, average),
    meanObjectBytes: assume(assumed.meanObjectBytes) ?? most('meanObjectBytes'),
    firstCopy: targets.some(({ link }) => link?.firstCopy ?? false),
  }
}

const atLeastAverage = (peak: Figure, average: Figure): Figure =>
  peak.value >= average.value ? peak : { ...peak, value: average.value, origin: average.origin }

/**
 * Where a link was never seen full, what it can drain is reckoned: workers ÷ the time that one change takes (Little’s
 * law), and no more than the bandwidth allows. More than that was seen means that at least that much goes.
 */
function withDrain(target: TargetFigures, figures: AdviceFigures, workers: number): TargetFigures {
  const { drainPerSecond: seen, bandwidthBytesPerSecond: bandwidth } = target
  const size = figures.changes.meanObjectBytes
  const byBytes =
    bandwidth === null || bandwidth.atLeast || size === null || size.value === 0
      ? Number.POSITIVE_INFINITY
      : bandwidth.value / size.value
  const assumedBandwidth = bandwidth?.origin === 'assumed'
  if (seen !== null && !seen.atLeast && !assumedBandwidth) return target
  const seconds = copySeconds(figures, target)
  if (seconds === null || seconds <= 0) return target
  const byWorkers = workers / seconds
  const reckoned = Math.min(byWorkers, byBytes)
  if (seen !== null && !assumedBandwidth && seen.value >= reckoned) return target
  const origin = assumedBandwidth && byBytes < byWorkers ? 'assumed' : 'estimated'
  return { ...target, drainPerSecond: told(reckoned, origin) }
}

/** A figure that nobody counted. */
const told = (value: number, origin: FigureOrigin): Figure => ({
  value,
  plusMinus: 0,
  origin,
  atLeast: false,
  asOf: null,
  samples: 0,
})

const assume = (value: number | null): Figure | null => (value === null ? null : told(value, 'assumed'))

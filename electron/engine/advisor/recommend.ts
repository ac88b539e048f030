import {
  syncLimits,
  type AdviceFigures,
  type AdviceReason,
  type ModeComparison,
  type Recommendation,
  type TargetFigures,
} from '../../../shared/model/advisor.ts'
import type { AckPolicy } from '../../../shared/model/rule.ts'
import { addedByWaiting, byRtt } from './latency.ts'
import { isBelow } from './noise.ts'
import { waitsFor } from './quorum.ts'

/**
 * With several targets a majority outlives a target that is down, which `all` does not; where too few of them are near,
 * one that is near still brings the loss of acknowledged writes to nothing. With one target the three promise the same.
 */
const preferred = (targets: number): readonly AckPolicy[] => (targets === 1 ? ['all'] : ['majority', 'one'])

/** The strictest policy for which enough targets are near, answer, lose nothing and keep up; else `async`, and why. Pure. */
export function recommend(figures: AdviceFigures, modes: readonly ModeComparison[]): Recommendation {
  const ranked = byRtt(figures.targets)
  const against = new Map(ranked.map((target) => [target, obstacles(target, figures)]))
  // Whoever is slow or silent is not waited for as long as enough others confirm.
  const fitting = ranked.filter((target) => against.get(target)!.length === 0)
  const policy = preferred(ranked.length).find((wish) => waitsFor(wish, ranked.length) <= fitting.length)
  if (policy !== undefined) return { policy, reasons: reasonsFor(policy, fitting, figures, modes) }
  const found = [...against.values()].flat()
  const known = found.filter(({ kind }) => kind !== 'rtt-unknown')
  if (known.length > 0) return { policy: 'async', reasons: [...known, ...asyncReasons(figures, modes)] }
  const sites = ranked.filter(({ rttMedianMs }) => rttMedianMs === null).map(({ site }) => site)
  return { policy: null, reasons: [{ kind: 'rtt-unknown', sites }] }
}

const syncRtt = { value: syncLimits.rttMs, plusMinus: 0 }

/** What speaks against waiting for this target: no difference that chance explains, or the advice would change with it. */
function obstacles(target: TargetFigures, figures: AdviceFigures): readonly AdviceReason[] {
  const { site, rttMedianMs: rtt, loss, drainPerSecond: drain, online } = target
  const peak = figures.changes.peakPerSecond
  const found: AdviceReason[] = []
  if (online === false) found.push({ kind: 'offline', site })
  if (rtt === null) found.push({ kind: 'rtt-unknown', sites: [site] })
  else if (isBelow(syncRtt, rtt)) {
    const addedMs = addedByWaiting(figures, target) ?? 0
    found.push({ kind: 'rtt-above', site, rttMs: rtt.value, origin: rtt.origin, addedMs })
  }
  if (loss.verdict === 'above') found.push({ kind: 'loss-above', site, failed: loss.failed, probes: loss.probes })
  // What was only ever seen at least, or reckoned from round trips, is no proof that a target cannot do more.
  if (peak !== null && drain?.origin === 'measured' && !drain.atLeast && isBelow(drain, peak))
    found.push({ kind: 'too-slow', site, peakPerSecond: peak.value, drainPerSecond: drain.value })
  return found
}

function reasonsFor(
  policy: AckPolicy,
  fitting: readonly TargetFigures[],
  { targets, onTimeout }: AdviceFigures,
  modes: readonly ModeComparison[],
): readonly AdviceReason[] {
  const awaited = fitting.slice(0, waitsFor(policy, targets.length))
  const { site, rttMedianMs } = awaited.at(-1)!
  const { value: rttMs, origin } = rttMedianMs!
  const addedMs = modes.find(({ mode }) => mode === policy)?.addedLatency?.typicalMs ?? 0
  const stops: AdviceReason =
    targets.length > awaited.length
      ? { kind: 'one-may-be-down', targets: targets.length }
      : { kind: onTimeout === 'fail' ? 'target-stops-writes' : 'target-weakens-writes', site }
  return [{ kind: 'rtt-within', site, rttMs, origin, addedMs }, stops, ...awaited.flatMap(doubts)]
}

function doubts({ site, loss }: TargetFigures): readonly AdviceReason[] {
  const { verdict, probes, probesToTell } = loss
  return verdict === 'too-few' ? [{ kind: 'loss-unknown', site, probes, probesToTell }] : []
}

function asyncReasons(figures: AdviceFigures, modes: readonly ModeComparison[]): readonly AdviceReason[] {
  const async = modes.find(({ mode }) => mode === 'async')
  const recent = async?.lossOfSource
  const slowest = figures.targets.toSorted((a, b) => (a.drainPerSecond?.value ?? 0) - (b.drainPerSecond?.value ?? 0))[0]
  const lost: readonly AdviceReason[] =
    recent?.kind === 'recent' && recent.nowSeconds !== null ? [{ ...recent, kind: 'rpo' }] : []
  const stuck: readonly AdviceReason[] =
    async?.backlog?.drainSeconds === null && slowest !== undefined ? [{ kind: 'never-drains', site: slowest.site }] : []
  return [...lost, ...stuck]
}

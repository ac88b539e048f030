import {
  syncLimits,
  type AckPolicy,
  type AdviceFigures,
  type AdviceReason,
  type ModeComparison,
  type Recommendation,
  type TargetFigures,
} from '../../../shared/model/advisor.ts'
import { byRtt } from './latency.ts'
import { waitsFor } from './quorum.ts'

/**
 * With several targets a majority outlives a target that is down, which `all` does not; where too few of them are near,
 * one that is near still brings the loss of acknowledged writes to nothing. With one target the three promise the same.
 */
const preferred = (targets: number): readonly AckPolicy[] => (targets === 1 ? ['all'] : ['majority', 'one'])

/** The strictest policy whose awaited targets are near, lose nothing and keep up; else `async`, and why. Pure. */
export function recommend(figures: AdviceFigures, modes: readonly ModeComparison[]): Recommendation {
  const ranked = byRtt(figures.targets)
  const wishes = preferred(ranked.length)
  const fitting = wishes.find((policy) =>
    awaitedBy(policy, ranked).every((target) => obstacles(target, figures).length === 0),
  )
  if (fitting !== undefined) return { policy: fitting, reasons: reasonsFor(fitting, ranked, modes) }
  // What stands in the way of the least demanding wish stands in the way of all.
  const last = wishes.at(-1)!
  const awaited = awaitedBy(last, ranked)
  const found = awaited.flatMap((target) => obstacles(target, figures))
  const unknown = awaited.filter(({ rttMedianMs }) => rttMedianMs === null).map(({ site }) => site)
  const known = found.filter(({ kind }) => kind !== 'rtt-unknown').map((reason) => withAdded(reason, last, modes))
  if (known.length === 0) return { policy: null, reasons: [{ kind: 'rtt-unknown', sites: unknown }] }
  return { policy: 'async', reasons: [...known, ...asyncReasons(figures, modes)] }
}

const awaitedBy = (policy: AckPolicy, ranked: readonly TargetFigures[]): readonly TargetFigures[] =>
  ranked.slice(0, waitsFor(policy, ranked.length))

/** What speaks against waiting for this target. */
function obstacles(target: TargetFigures, figures: AdviceFigures): readonly AdviceReason[] {
  const { site, rttMedianMs: rtt, loss, drainPerSecond: drain } = target
  if (rtt === null) return [{ kind: 'rtt-unknown', sites: [site] }]
  const peak = figures.changes.peakPerSecond
  const found: AdviceReason[] = []
  if (rtt.value > syncLimits.rttMs)
    found.push({ kind: 'rtt-above', site, rttMs: rtt.value, origin: rtt.origin, policy: 'all', addedMs: 0 })
  if (loss.verdict === 'above') found.push({ kind: 'loss-above', site, failed: loss.failed, probes: loss.probes })
  // What was only ever seen at least, or reckoned from round trips, is no proof that a target cannot do more.
  if (peak !== null && drain?.origin === 'measured' && !drain.atLeast && drain.value < peak.value)
    found.push({
      kind: 'too-slow',
      site,
      peakPerSecond: peak.value,
      drainPerSecond: drain.value,
      origin: peak.origin,
    })
  return found
}

function reasonsFor(
  policy: AckPolicy,
  ranked: readonly TargetFigures[],
  modes: readonly ModeComparison[],
): readonly AdviceReason[] {
  const awaited = awaitedBy(policy, ranked)
  const decisive = awaited.at(-1)!
  const rtt = decisive.rttMedianMs!
  const within: AdviceReason = {
    kind: 'rtt-within',
    site: decisive.site,
    rttMs: rtt.value,
    origin: rtt.origin,
    policy,
    addedMs: addedBy(policy, modes),
  }
  const stops: AdviceReason =
    ranked.length > awaited.length
      ? { kind: 'one-may-be-down', targets: ranked.length }
      : { kind: 'target-stops-writes', site: decisive.site }
  return [within, stops, ...awaited.flatMap(doubts)]
}

function doubts({ site, loss, online }: TargetFigures): readonly AdviceReason[] {
  const { probes, probesToTell } = loss
  return [
    ...(loss.verdict === 'too-few' ? [{ kind: 'loss-unknown', site, probes, probesToTell } as const] : []),
    ...(online === false ? [{ kind: 'offline', site } as const] : []),
  ]
}

function asyncReasons(figures: AdviceFigures, modes: readonly ModeComparison[]): readonly AdviceReason[] {
  const async = modes.find(({ mode }) => mode === 'async')
  const recent = async?.lossOfSource
  const slowest = figures.targets.toSorted((a, b) => (a.drainPerSecond?.value ?? 0) - (b.drainPerSecond?.value ?? 0))[0]
  const lost: readonly AdviceReason[] =
    recent?.kind === 'recent' && recent.nowSeconds !== null ? [{ ...recent, kind: 'rpo' }] : []
  const stuck: readonly AdviceReason[] =
    async?.backlog?.drainSeconds === null && slowest !== undefined ? [{ kind: 'never-drains', site: slowest.site }] : []
  return [...lost, ...stuck, ...figures.targets.flatMap(doubts).filter(({ kind }) => kind === 'offline')]
}

function withAdded(reason: AdviceReason, policy: AckPolicy, modes: readonly ModeComparison[]): AdviceReason {
  return reason.kind === 'rtt-above' ? { ...reason, policy, addedMs: addedBy(policy, modes) } : reason
}

const addedBy = (policy: AckPolicy, modes: readonly ModeComparison[]): number =>
  modes.find(({ mode }) => mode === policy)?.addedLatency?.typicalMs ?? 0

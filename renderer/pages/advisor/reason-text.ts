import {
  syncLimits,
  type Advice,
  type AdviceReason,
  type RecentWrites,
  type Recommendation,
} from '../../../shared/model/advisor.ts'
import { formatCount, formatDuration, formatMs } from '../../text/format.ts'
import { formatChangeRate, formatSeconds, lossLimit } from './amounts.ts'

const headlines: Record<NonNullable<Recommendation['policy']>, string> = {
  async: 'Answer when the source has it (async)',
  one: 'Wait for the fastest target (one)',
  majority: 'Wait for a majority (majority)',
  all: 'Wait for the target (all)',
}

export function headlineOf({ policy }: Recommendation): string {
  return policy === null ? 'Not enough is measured to recommend a mode' : headlines[policy]
}

/** Why, in one sentence. */
export function reasonSentence(reason: AdviceReason, advice: Advice): string {
  const { source, targets, peakMinutes } = advice.figures
  const nameOf = (site: string): string => [source, ...targets].find((one) => one.site === site)?.name ?? site
  const limit = `${syncLimits.rttMs} ms`
  switch (reason.kind) {
    case 'rtt-unknown':
      return `The round trip to ${reason.sites.map(nameOf).join(', ')} is not measured yet. Wait for the first probes, or assume one below.`
    case 'rtt-above':
      return `The round trip to ${nameOf(reason.site)} is ${rttText(reason)}, above ${limit}: waiting for it would add ${formatMs(reason.addedMs)} to every write.`
    case 'rtt-within':
      return `The round trip to ${nameOf(reason.site)} is ${rttText(reason)}, within ${limit}: waiting adds ${formatMs(reason.addedMs)} to a write, and no acknowledged write is lost with the source.`
    case 'loss-above':
      return `${formatCount(reason.failed)} of ${formatCount(reason.probes)} probes of ${nameOf(reason.site)} got no answer, more than ${lossLimit}: as many writes would wait in vain.`
    case 'loss-unknown':
      return `Whether the loss to ${nameOf(reason.site)} is within ${lossLimit} cannot be told yet: ${formatCount(reason.probes)} probes are too few, ${formatCount(reason.probesToTell)} without a failure would show it.`
    case 'too-slow':
      return `${nameOf(reason.site)} takes ${formatChangeRate(reason.drainPerSecond)} when it is full, and the peak is ${formatChangeRate(reason.peakPerSecond)}: waiting for it would slow the clients down.`
    case 'one-may-be-down':
      return `With ${reason.targets} targets, writes go on while one of them is down.`
    case 'target-stops-writes':
      return `While ${nameOf(reason.site)} is down, writes are refused, as the rule’s timeout says.`
    case 'target-weakens-writes':
      return `While ${nameOf(reason.site)} is down, writes are answered as asynchronous, as the rule’s timeout says: those are lost with the source.`
    case 'rpo':
      return `Were the source lost, writes that were not copied yet would be missing: ${recentText(reason, peakMinutes)}.`
    case 'never-drains':
      return `${nameOf(reason.site)} would never drain what a peak leaves: raise its bandwidth, or the number of workers.`
    case 'offline':
      return `${nameOf(reason.site)} is offline at this moment: whatever waits for it would be refused or answered as asynchronous.`
  }
}

const rttText = ({ rttMs, origin }: { readonly rttMs: number; readonly origin: string }): string =>
  `${formatMs(rttMs)}${origin === 'assumed' ? ' (assumed)' : ''}`

/** `the last 3 min now, 0.2 s when nothing waits, 15 min after a peak of 1 h`. */
function recentText(recent: RecentWrites, peakMinutes: number): string {
  const { nowSeconds, quietSeconds } = recent
  const now = nowSeconds === null ? 'not known now' : `the last ${formatSeconds(nowSeconds)} at this moment`
  const quiet =
    quietSeconds !== null && quietSeconds !== nowSeconds ? `${formatSeconds(quietSeconds)} when nothing waits` : null
  return [now, quiet, ...extremes(recent, peakMinutes)].filter((part) => part !== null).join(', ')
}

/** What it comes to at the peak, and what it came to at the worst. */
export function extremes({ quietSeconds, atPeakSeconds, worstSeenSeconds }: RecentWrites, peakMinutes: number) {
  const peak =
    atPeakSeconds !== null && quietSeconds !== null && atPeakSeconds > quietSeconds
      ? `${formatSeconds(atPeakSeconds)} after a peak of ${formatDuration(peakMinutes * 60_000)}`
      : null
  const seen =
    worstSeenSeconds !== null && worstSeenSeconds > (quietSeconds ?? 0)
      ? `${formatSeconds(worstSeenSeconds)} at most in the last 24 h`
      : null
  return [peak, seen]
}

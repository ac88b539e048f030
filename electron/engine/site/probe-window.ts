import type { SiteHealth, Stat } from '../../../shared/model/site.ts'

/** One probe of a site; null where it got no answer, or an answer without a date. */
export interface Probe {
  readonly rttMs: number | null
  readonly skewMs: number | null
}

const kept = 60

export function addProbe(probes: readonly Probe[], probe: Probe): readonly Probe[] {
  return [...probes.slice(1 - kept), probe]
}

/**
 * This machine's clock minus the site's, to the second: the Date header is cut to whole seconds, so the site's time is
 * half a second later on average.
 */
export function skewOf(midwayAt: number, siteTime: number | null): number | null {
  return siteTime === null ? null : Math.round((midwayAt - siteTime - 500) / 1000) * 1000 + 0
}

export function probeStats(
  probes: readonly Probe[],
): Pick<SiteHealth, 'rttMs' | 'jitterMs' | 'probeLoss' | 'clockSkewMs'> {
  const rtts = probes.flatMap(({ rttMs }) => (rttMs === null ? [] : [rttMs]))
  return {
    rttMs: statOf(rtts),
    jitterMs: jitterOf(rtts),
    probeLoss: probes.length === 0 ? null : (probes.length - rtts.length) / probes.length,
    clockSkewMs: probes.findLast(({ skewMs }) => skewMs !== null)?.skewMs ?? null,
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function statOf(values: readonly number[]): Stat | null {
  const current = values.at(-1)
  if (current === undefined) return null
  return { current, average: mean(values), median: medianOf(values), max: Math.max(...values) }
}

function medianOf(values: readonly number[]): number {
  const ranked = values.toSorted((a, b) => a - b)
  const middle = ranked.length >> 1
  return ranked.length % 2 === 1 ? ranked[middle]! : (ranked[middle - 1]! + ranked[middle]!) / 2
}

/** Mean difference between one round trip and the next (as RFC 3550 sees jitter, without its smoothing). */
function jitterOf(rtts: readonly number[]): number | null {
  return rtts.length < 2 ? null : mean(rtts.slice(1).map((rtt, index) => Math.abs(rtt - rtts[index]!)))
}

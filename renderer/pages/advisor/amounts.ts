import { syncLimits, type FigureOrigin } from '../../../shared/model/advisor.ts'
import { formatCount, formatDuration, formatMs } from '../../text/format.ts'

/** `0.2 s`, `12 s`, `2 min 14 s`: what is short is told to a tenth. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s'
  if (seconds < 0.1) return formatMs(seconds * 1000)
  return seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds * 1000)
}

export function formatChangeRate(perSecond: number): string {
  const shown = perSecond > 0 && perSecond < 0.1 ? perSecond.toFixed(2) : perSecond.toFixed(1)
  return `${perSecond < 10 ? shown : formatCount(perSecond)} changes/s`
}

/** A share close to 1 keeps the digits that tell it from 1: `99.97 %`. */
export function formatUptime(share: number): string {
  const percent = share * 100
  if (percent >= 100) return '100 %'
  return `${(Math.floor(percent * 1000) / 1000).toFixed(percent > 99.9 ? 3 : 2)} %`
}

/** A share near 0, down to a thousandth of a percent: `0.016 %`. */
export function formatSmallShare(share: number): string {
  const percent = share * 100
  return `${percent >= 1 ? percent.toFixed(1) : percent >= 0.1 ? percent.toFixed(2) : percent.toFixed(3)} %`
}

export const lossLimit = `${syncLimits.lossShare * 100} %`

export const originText: Record<FigureOrigin, string> = {
  measured: 'Measured',
  assumed: 'Assumed',
  estimated: 'Estimated',
  limit: 'The rule’s limit',
}

/** Said behind a result that does not stand on measurements alone. */
export function originNote(origin: FigureOrigin): string | null {
  return origin === 'assumed' || origin === 'estimated' ? origin : null
}

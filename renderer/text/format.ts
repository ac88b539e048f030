import { formatBytes } from '../../shared/text/bytes.ts'
import { formatCount } from '../../shared/text/count.ts'

export { formatBytes } from '../../shared/text/bytes.ts'
export { countOf, formatCount } from '../../shared/text/count.ts'

export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

export function formatObjectRate(objectsPerSecond: number): string {
  return `${objectsPerSecond < 10 ? objectsPerSecond.toFixed(1) : formatCount(objectsPerSecond)} objects/s`
}

/** The two largest units that matter: `12 s`, `2 min 14 s`, `3 h 5 min`, `4 d 2 h`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return twoUnits(seconds, 60, 'min', 1, 's')
  if (seconds < 86_400) return twoUnits(seconds, 3600, 'h', 60, 'min')
  return twoUnits(seconds, 86_400, 'd', 3600, 'h')
}

function twoUnits(seconds: number, major: number, majorName: string, minor: number, minorName: string): string {
  const whole = Math.floor(seconds / major)
  const rest = Math.floor((seconds % major) / minor)
  return rest === 0 ? `${whole} ${majorName}` : `${whole} ${majorName} ${rest} ${minorName}`
}

/** `now`, `12 s ago`, `2 min 14 s ago`. */
export function formatAgo(at: number, now: number): string {
  const agoMs = now - at
  return agoMs < 1500 ? 'now' : `${formatDuration(agoMs)} ago`
}

/** `in 12 s`; `now` when the moment has come. */
export function formatUntil(at: number, now: number): string {
  return at - now < 500 ? 'now' : `in ${formatDuration(at - now)}`
}

/** Clock time of day: `12:03:11`. */
export function formatClock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour12: false })
}

/** Date and clock time for tooltips and histories: `2026-11-21 12:03:11`. */
export function formatInstant(at: number): string {
  const date = new Date(at)
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'))
  return `${day.join('-')} ${formatClock(at)}`
}

export function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : formatCount(ms)} ms`
}

export function formatShare(share: number): string {
  const percent = share * 100
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

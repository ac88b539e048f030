import { sampleEveryMs, type SeriesPoint } from '../../shared/model/overview.ts'
import { formatByteRate, formatCount, formatDuration, formatObjectRate } from '../text/format.ts'

export interface ChartKind {
  readonly id: string
  readonly title: string
  readonly value: (point: SeriesPoint) => number
  readonly words: (value: number) => string
  /** The same for the axis, where the title says the unit. */
  readonly tick?: (value: number) => string
}

/** The one list of charts: what each draws, and how its values are written. */
export const chartKinds: readonly ChartKind[] = [
  {
    id: 'backlog',
    title: 'Backlog, changes',
    value: (point) => point.backlogCount,
    words: formatCount,
  },
  {
    id: 'lag',
    title: 'Behind by',
    value: (point) => point.lagSeconds,
    words: (value) => formatDuration(value * 1000),
  },
  {
    id: 'objects',
    title: 'Copied, objects/s',
    value: (point) => point.objectsPerSecond,
    words: formatObjectRate,
    tick: formatCount,
  },
  { id: 'bytes', title: 'Throughput, bytes/s', value: (point) => point.bytesPerSecond, words: formatByteRate },
]

/** When the first line can be drawn, in words; null when there is one. `sinceAt`: from when on points were looked for. */
export function collectingText(points: readonly SeriesPoint[], sinceAt: number, now: number): string | null {
  const [first, second] = points
  if (second !== undefined) return null
  const seconds = Math.ceil(((first?.at ?? sinceAt) + sampleEveryMs - now) / 1000)
  const when = seconds > 0 ? `in ${seconds} s` : 'any moment'
  return first === undefined
    ? `Collecting; first point ${when}. It is measured every ${sampleEveryMs / 1000} s.`
    : `Collecting; one point so far, the line begins with the next, ${when}.`
}

/** At most `limit` points, evenly spaced, the newest always among them. */
export function thinOut<T>(points: readonly T[], limit: number): readonly T[] {
  if (points.length <= limit) return points
  const step = (points.length - 1) / (limit - 1)
  return Array.from({ length: limit }, (_, index) => points[Math.round(index * step)]!)
}

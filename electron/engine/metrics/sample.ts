import type { SeriesPoint } from '../../../shared/model/overview.ts'
import type { Rollup } from '../journal/port/history.ts'

/** What was measured in the `spanMs` before `at`. */
export interface Sample extends Rollup {
  readonly spanMs: number
}

const sum = (samples: readonly Sample[], of: (sample: Sample) => number): number =>
  samples.reduce((total, sample) => total + of(sample), 0)
const highest = (samples: readonly Sample[], of: (sample: Sample) => number): number =>
  samples.reduce((most, sample) => Math.max(most, of(sample)), 0)

function meanRtt(samples: readonly Sample[]): number | null {
  const known = samples.filter((sample) => sample.rttMs !== null)
  return known.length === 0 ? null : sum(known, (sample) => sample.rttMs ?? 0) / known.length
}

/** Several links at one instant as one: backlogs and counts add up, the lag is that of the link furthest behind. */
export function acrossLinks(linkId: string, at: number, samples: readonly Sample[]): Sample {
  return {
    linkId,
    at,
    spanMs: highest(samples, (sample) => sample.spanMs),
    backlogCount: sum(samples, (sample) => sample.backlogCount),
    backlogBytes: sum(samples, (sample) => sample.backlogBytes),
    lagSeconds: highest(samples, (sample) => sample.lagSeconds),
    objects: sum(samples, (sample) => sample.objects),
    bytes: sum(samples, (sample) => sample.bytes),
    failures: sum(samples, (sample) => sample.failures),
    rttMs: meanRtt(samples),
    fullMs: highest(samples, (sample) => sample.fullMs),
    fullObjects: sum(samples, (sample) => sample.fullObjects),
    fullBytes: sum(samples, (sample) => sample.fullBytes),
  }
}

/** One link over a while as one: of gauges the highest stays, so that a short peak is never smoothed away. */
export function overTime(linkId: string, at: number, samples: readonly Sample[]): Sample {
  return {
    ...acrossLinks(linkId, at, samples),
    spanMs: sum(samples, (sample) => sample.spanMs),
    backlogCount: highest(samples, (sample) => sample.backlogCount),
    backlogBytes: highest(samples, (sample) => sample.backlogBytes),
    fullMs: sum(samples, (sample) => sample.fullMs),
  }
}

/** At most `limit` points of equal width over the window; a stretch without samples has none. */
export function downsample(
  samples: readonly Sample[],
  since: number,
  windowMs: number,
  limit: number,
): readonly SeriesPoint[] {
  const widthMs = windowMs / limit
  const buckets = Map.groupBy(
    samples.filter((sample) => sample.at >= since),
    (sample) => Math.min(limit - 1, Math.floor((sample.at - since) / widthMs)),
  )
  return [...buckets.values()].map((bucket) => pointOf(overTime('', bucket.at(-1)!.at, bucket)))
}

function pointOf(sample: Sample): SeriesPoint {
  const seconds = Math.max(1, sample.spanMs) / 1000
  return {
    at: sample.at,
    backlogCount: sample.backlogCount,
    backlogBytes: sample.backlogBytes,
    lagSeconds: sample.lagSeconds,
    objectsPerSecond: sample.objects / seconds,
    bytesPerSecond: sample.bytes / seconds,
    failures: sample.failures,
    rttMs: sample.rttMs,
  }
}

import type { LinkView } from './rule.ts'
import type { HeldCause } from './sync-state.ts'

/** Everything the first page shows, read at one instant. */
export interface Overview {
  readonly asOf: number
  readonly startedAt: number
  readonly links: readonly LinkView[]
  /** What holds links, each cause once however many it holds; the one that holds most first. */
  readonly held: readonly HeldCause[]
  readonly workers: { readonly busy: number; readonly limit: number }
  readonly totals: {
    readonly backlogCount: number
    readonly backlogBytes: number
    readonly oldestPendingAt: number | null
    readonly failing: number
    readonly parked: number
    readonly objectsPerSecond: number
    readonly bytesPerSecond: number
  }
  readonly eventLoopDelayP99Ms: number
}

/** How often the engine measures for the charts: what is younger than this has no point yet. */
export const sampleEveryMs = 5_000

/** One point of a chart; instants in epoch ms, downsampled in the engine to at most 150 points a series. */
export interface SeriesPoint {
  readonly at: number
  readonly backlogCount: number
  readonly backlogBytes: number
  readonly lagSeconds: number
  readonly objectsPerSecond: number
  readonly bytesPerSecond: number
  readonly failures: number
  readonly rttMs: number | null
}

import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the main thread's timers fire: the measure of a responsive console. */
export interface EventLoopGauge {
  /** 99th percentile in milliseconds over the last 10 to 20 seconds. */
  p99Ms(now: number): number
  /** Forgets what came before: while a program loads its parts nobody waits for it yet. */
  begin(now: number): void
  stop(): void
}

const resolutionMs = 10
const windowMs = 10_000

export function watchEventLoop(startedAt: number): EventLoopGauge {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let windowStartedAt = startedAt
  let lastWindowMs = 0
  // The histogram records the time between two ticks, so an idle loop reads as the resolution itself.
  const sofarMs = (): number => (histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs))
  return {
    p99Ms(now) {
      const currentMs = sofarMs()
      if (now - windowStartedAt < windowMs) return Math.max(currentMs, lastWindowMs)
      histogram.reset()
      windowStartedAt = now
      lastWindowMs = currentMs
      return currentMs
    },
    begin(now) {
      histogram.reset()
      windowStartedAt = now
      lastWindowMs = 0
    },
    stop: () => {
      histogram.disable()
    },
  }
}

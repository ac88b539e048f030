import { neededTargets } from '../../../shared/model/quorum.ts'
import type { AdvisedMode } from '../../../shared/model/advisor.ts'

/**
 * How many of `targets` copies a client waits for, beside the source’s. Consensus needs a majority (Raft,
 * USENIX ATC 2014, §5.3), with the writer’s own site as one of it.
 */
export function waitsFor(mode: AdvisedMode, targets: number): number {
  return neededTargets(mode === 'consensus' ? 'majority' : mode, targets)
}

/** The probability that at least `least` of independent things hold (Poisson binomial). */
export function atLeast(least: number, shares: readonly number[]): number {
  // ways[n]: the probability that exactly n hold, of those looked at so far.
  let ways: readonly number[] = [1]
  for (const share of shares) {
    ways = [...ways, 0].map((none, count) => none * (1 - share) + (ways[count - 1] ?? 0) * share)
  }
  return ways.slice(least).reduce((sum, one) => sum + one, 0)
}

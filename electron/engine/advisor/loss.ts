import { syncLimits, type LossFigure } from '../../../shared/model/advisor.ts'
import type { ProbeCounts } from '../../../shared/model/site.ts'

/** One-sided 95 %. */
const z = 1.645
/** Fewer say nothing at all, not even that the loss is high: the first probes of a site are often odd ones. */
const leastProbes = 20

/**
 * Loss can only be told from probes here: TCP hides a lost packet behind a longer round trip. So this counts requests
 * that got no answer, and says what they prove: with none lost in n, the share is below about 2.7 / n (Wilson 1927).
 */
export function lossFigure({ counted, failed, lastAt }: ProbeCounts): LossFigure {
  const [low, high] = wilson(failed, counted)
  return {
    verdict: counted < leastProbes ? 'too-few' : verdictOf(low, high),
    failed,
    probes: counted,
    atMostShare: counted === 0 ? null : high,
    probesToTell: Math.ceil((z * z) / syncLimits.lossShare),
    asOf: counted === 0 ? null : lastAt,
  }
}

function verdictOf(low: number, high: number): LossFigure['verdict'] {
  if (high <= syncLimits.lossShare) return 'within'
  return low > syncLimits.lossShare ? 'above' : 'too-few'
}

/** The Wilson score interval of `failed` in `count`, each side one-sided 95 %. */
export function wilson(failed: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1]
  const share = failed / count
  const middle = share + (z * z) / (2 * count)
  const reach = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  const whole = 1 + (z * z) / count
  return [Math.max(0, (middle - reach) / whole), Math.min(1, (middle + reach) / whole)]
}

import type { Figure } from '../../../shared/model/advisor.ts'

/** Two-sided 95 % of a normal distribution. */
const z = 1.96

/** What chance alone does to a rate of `count` independent events in `seconds`, either way (Poisson). */
export const noiseOfRate = (count: number, seconds: number): number => (z * Math.sqrt(count)) / seconds

/**
 * What chance alone does to the median of `samples` round trips whose neighbours differ by `jitter` on average: their standard
 * deviation is √π ÷ 2 of that, and a median's standard error √(π ÷ 2) of the mean's, where the errors are normal.
 */
export function noiseOfMedian(jitter: number | null, samples: number): number {
  if (jitter === null || samples === 0) return 0
  return (z * Math.sqrt(Math.PI / 2) * (Math.sqrt(Math.PI) / 2) * jitter) / Math.sqrt(samples)
}

/** What chance does to a difference of two independent values. */
export const noiseTogether = (a: number, b: number): number => Math.hypot(a, b)

type Measured = Pick<Figure, 'value' | 'plusMinus'>

/** Below, and by more than chance explains: a difference within the noise is none. */
export const isBelow = (a: Measured, b: Measured): boolean =>
  b.value - a.value > noiseTogether(a.plusMinus, b.plusMinus)

import type { Fault } from '../../../shared/model/fault.ts'

export interface RetryPolicy {
  readonly baseDelayMs: number
  /** The longest backoff; a fault of a site is tried at this pace for as long as it lasts. */
  readonly maxDelayMs: number
  /** The longest wait that a site may ask for: a `Retry-After` of years is a mistake of the site. */
  readonly maxAskedMs: number
  /**
   * How long a write may be under way at a site after its connection broke. Ceph under load was seen to land one more than a second
   * later; a site that stands still for longer than this while one disk is asked again leaves a version twice, which a comparison tells.
   */
  readonly landsWithinMs: number
}

export const retryPolicy: RetryPolicy = {
  baseDelayMs: 1000,
  maxDelayMs: 600_000,
  maxAskedMs: 86_400_000,
  landsWithinMs: 30_000,
}

export type NextStep = { readonly kind: 'delay'; readonly delayMs: number } | { readonly kind: 'park' }

/**
 * What becomes of a task after its attempt number `attempts` (from 1) met this fault. Only a fault that no repetition
 * mends parks a task; everything else is tried for ever. `random` gives numbers from 0 up to 1.
 */
export function nextStep(policy: RetryPolicy, fault: Fault, attempts: number, random: () => number): NextStep {
  if (fault.retry === 'never') return { kind: 'park' }
  const ask = fault.retry === 'after' ? askedDelay : backoff
  return { kind: 'delay', delayMs: ask(policy, fault, attempts, random) }
}

/** Half of the exponential delay for certain, the other half by chance: no rush, and no herd that returns together. */
function backoff(policy: RetryPolicy, _fault: Fault, attempts: number, random: () => number): number {
  const full = Math.min(policy.baseDelayMs * 2 ** (attempts - 1), policy.maxDelayMs)
  return Math.round(full / 2 + (full / 2) * random())
}

/** Never earlier than asked, and up to a tenth later: those who were asked together do not return together. */
function askedDelay(policy: RetryPolicy, fault: Fault, attempts: number, random: () => number): number {
  if (fault.afterMs === undefined) return backoff(policy, fault, attempts, random)
  const asked = Math.min(Math.max(fault.afterMs, 0), policy.maxAskedMs)
  return Math.round(asked * (1 + random() / 10))
}

/** How many tasks may run at one time, between 1 and the operator's limit. */
export interface Allowance {
  readonly current: number
  readonly lastCutAt: number
  readonly lastRaiseAt: number
}

/** A site that asks to slow down is believed once a second: many refusals of one burst are one sign. */
const cutEveryMs = 1000
/** Room comes back slowly: a twentieth of the limit each second. */
const raiseEveryMs = 1000

/** Additive increase, multiplicative decrease: halves on SlowDown, creeps back while there is none. Pure. */
export function adapt(allowance: Allowance, limit: number, event: 'slow-down' | 'tick', now: number): Allowance {
  const current = Math.min(allowance.current, limit)
  if (event === 'slow-down') {
    if (now - allowance.lastCutAt < cutEveryMs) return allowance
    return { current: Math.max(1, Math.floor(current / 2)), lastCutAt: now, lastRaiseAt: now }
  }
  if (current >= limit || now - allowance.lastRaiseAt < raiseEveryMs || now - allowance.lastCutAt < raiseEveryMs) {
    return { ...allowance, current }
  }
  return { ...allowance, current: Math.min(limit, current + Math.max(1, Math.ceil(limit / 20))), lastRaiseAt: now }
}

export const fullAllowance = (limit: number): Allowance => ({ current: limit, lastCutAt: 0, lastRaiseAt: 0 })

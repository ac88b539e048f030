import { faultKinds, type Fault, type FaultCode } from '../../../shared/model/fault.ts'

/**
 * closed: tasks flow; open: links wait and only probes go out; half-open: a probe is under way that may close it.
 */
export type Breaker =
  | {
      readonly kind: 'closed'
      /** Instants of site faults since the last task that went well. */
      readonly faultsAt: readonly number[]
      /** Refused sign-ins since the last task that went well. */
      readonly refusals: number
      readonly failedProbes: number
      readonly lastOpening: { readonly closedAt: number; readonly holdMs: number } | null
    }
  | {
      readonly kind: 'open' | 'half-open'
      readonly fault: Fault
      readonly openedAt: number
      /** How long a good probe must not close it, unless a probe failed too. */
      readonly holdMs: number
      /** A probe failed since it opened: what the tasks met is what probes see. */
      readonly seenByProbe: boolean
    }

export type BreakerEvent =
  | { readonly kind: 'task-ok' }
  | { readonly kind: 'task-fault'; readonly fault: Fault; readonly at: number }
  | { readonly kind: 'probe-started' }
  | { readonly kind: 'probe-ok'; readonly at: number }
  | { readonly kind: 'probe-fault'; readonly fault: Fault; readonly at: number }

const windowMs = 10_000
const faultLimit = 5
const refusalLimit = 3
const probeLimit = 2
const calmMs = 60_000
const shortestHoldMs = 5_000
const longestHoldMs = 60_000

/** Faults that meet every task of a site alike until somebody mends the cause: wrong keys, wrong clock. */
const refusalCodes: ReadonlySet<FaultCode> = new Set([
  'ACCESS_KEY_UNKNOWN',
  'SIGNATURE_REJECTED',
  'REGION_WRONG',
  'CLOCK_SKEW',
])
export const isRefusal = (fault: Fault): boolean => refusalCodes.has(fault.code)

/** Nothing is known of the site yet: one failed probe is enough to open it. */
export const unprobed: Breaker = closed({ failedProbes: probeLimit - 1 })

/** The next state. Pure; faults of single objects change nothing. */
export function step(breaker: Breaker, event: BreakerEvent): Breaker {
  if (event.kind === 'probe-ok') return probedWell(breaker, event.at)
  if (event.kind === 'probe-fault') return probedBadly(breaker, event.fault, event.at)
  if (event.kind === 'probe-started') return breaker.kind === 'open' ? { ...breaker, kind: 'half-open' } : breaker
  if (breaker.kind !== 'closed') return breaker
  return event.kind === 'task-ok' ? calmed(breaker) : struck(breaker, event.fault, event.at)
}

type Closed = Extract<Breaker, { kind: 'closed' }>

function closed(more: Partial<Closed>): Closed {
  return { kind: 'closed', faultsAt: [], refusals: 0, failedProbes: 0, lastOpening: null, ...more }
}

/** Most tasks go well: they must not cost an allocation each. */
function calmed(breaker: Closed): Closed {
  if (breaker.faultsAt.length === 0 && breaker.refusals === 0) return breaker
  return { ...breaker, faultsAt: [], refusals: 0 }
}

function struck(breaker: Closed, fault: Fault, at: number): Breaker {
  if (isRefusal(fault)) {
    const refusals = breaker.refusals + 1
    return refusals >= refusalLimit ? opened(breaker, fault, at, false) : { ...breaker, refusals }
  }
  if (!faultKinds[fault.code].ofSite) return breaker
  const faultsAt = [...breaker.faultsAt.filter((one) => at - one < windowMs), at]
  return faultsAt.length >= faultLimit ? opened(breaker, fault, at, false) : { ...breaker, faultsAt }
}

function probedWell(breaker: Breaker, at: number): Breaker {
  if (breaker.kind === 'closed') return breaker.failedProbes === 0 ? breaker : { ...breaker, failedProbes: 0 }
  const { openedAt, holdMs, seenByProbe } = breaker
  if (!seenByProbe && at - openedAt < holdMs) return { ...breaker, kind: 'open' }
  return closed({ lastOpening: seenByProbe ? null : { closedAt: at, holdMs } })
}

function probedBadly(breaker: Breaker, fault: Fault, at: number): Breaker {
  if (breaker.kind !== 'closed') return { ...breaker, kind: 'open', fault, seenByProbe: true }
  const failedProbes = breaker.failedProbes + 1
  if (isRefusal(fault) || failedProbes >= probeLimit) return opened(breaker, fault, at, true)
  return { ...breaker, failedProbes }
}

/**
 * Where probes see nothing of what the tasks meet (a full disk), a good probe would close it at once and the tasks would
 * open it again: each such opening within a minute of the last one holds for longer.
 */
function opened({ lastOpening }: Closed, fault: Fault, openedAt: number, seenByProbe: boolean): Breaker {
  const again = lastOpening !== null && openedAt - lastOpening.closedAt < calmMs
  const holdMs = again ? Math.min(longestHoldMs, Math.max(shortestHoldMs, lastOpening.holdMs * 2)) : 0
  return { kind: 'open', fault, openedAt, holdMs, seenByProbe }
}

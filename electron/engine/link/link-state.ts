import type { LinkState } from '../../../shared/model/rule.ts'
import { faultKinds, type Fault } from '../../../shared/model/fault.ts'
import type { BucketHold } from './bucket-watch.ts'
import type { Convergence } from './convergence.ts'
import type { Guarded } from './target-guard.ts'

/** Everything that decides a link's badge, as values. */
export interface LinkFacts {
  readonly enabled: boolean
  /** The journal cannot be written: nothing is handed out until a restart. */
  readonly journal: Fault | null
  /** The rule may not run beside the others. */
  readonly refused: { readonly message: string; readonly remedy: string } | null
  /** The target is looked over, or was found to hold what others wrote. */
  readonly guarded: Guarded | null
  readonly pausedBy: { readonly by: 'operator' | 'brake' | 'site'; readonly reason: string } | null
  /** A site of the link that is offline, and why. */
  readonly offline: { readonly siteName: string; readonly fault: Fault | null } | null
  /** A bucket of the link is not any more what it was when the link was opened. */
  readonly bucket: BucketHold | null
  /** The target's way with version ids is not known yet. */
  readonly probing: Fault | 'under-way' | null
  readonly backlogCount: number
  readonly delayed: number
  readonly parked: number
  readonly firstCopy: boolean
  /** Of a link whose keys are copied the other way too. */
  readonly convergence: Convergence | null
  readonly lastFault: Fault | null
  /** A feed or scan that is broken: changes may be missed. */
  readonly feedFault: Fault | null
}

/** One badge and one sentence why, the most pressing first. Pure. */
export function linkState(facts: LinkFacts): LinkState {
  if (!facts.enabled) return { kind: 'disabled' }
  if (facts.journal !== null) return waiting(facts.journal.message, facts.journal.remedy)
  if (facts.refused !== null)
    return { kind: 'stopped', by: 'topology', reason: facts.refused.message, remedy: facts.refused.remedy }
  if (facts.pausedBy !== null) return paused(facts.pausedBy)
  if (facts.guarded !== null && facts.guarded.state !== 'looking') return stopped(facts.guarded)
  if (facts.offline !== null) return offline(facts.offline, facts.backlogCount)
  if (facts.bucket !== null) return byBucket(facts.bucket)
  if (facts.probing !== null) return probing(facts.probing)
  if (facts.guarded?.state === 'looking') return looking(facts.guarded.fault)
  if (facts.delayed + facts.parked > 0) return failing(facts)
  if (facts.feedFault !== null)
    return waiting(`Changes cannot be read: ${facts.feedFault.message}`, facts.feedFault.remedy)
  if (facts.convergence !== null && facts.convergence.count > 0) return notConverging(facts.convergence)
  if (facts.firstCopy) return { kind: 'first-copy' }
  if (facts.backlogCount > 0) return { kind: 'copying' }
  return facts.convergence === null ? { kind: 'in-step' } : inDoubt(facts.convergence)
}

function stopped(guarded: Exclude<Guarded, { state: 'looking' }>): LinkState {
  const remedy =
    'On the rule’s page, let it cover them (they stay as older versions), leave these keys out, or keep it stopped. On the command line: lockstep keys, lockstep cover.'
  if (guarded.state === 'cancelled')
    return {
      kind: 'stopped',
      by: 'target-writes',
      reason: 'The look for writes of others at the target was cancelled.',
      remedy: 'Resume the rule to look again, or let it cover what is there.',
    }
  const { count, isOver } = guarded
  const keys = `${isOver ? 'At least ' : ''}${count.toLocaleString('en')} ${count === 1 ? 'key' : 'keys'}`
  const reason = `${keys} at the target ${count === 1 ? 'was' : 'were'} written by others, and the rule would bring the source’s versions on top.`
  return { kind: 'stopped', by: 'target-writes', reason, remedy }
}

function byBucket(hold: BucketHold): LinkState {
  if (hold !== 'looking') return { kind: 'stopped', by: 'bucket', reason: hold.message, remedy: hold.remedy }
  return waiting(
    'Looking whether the buckets are still what they were before the outage.',
    'Nothing to do; the rule goes on when they are looked at.',
  )
}

function looking(fault: Fault | null): LinkState {
  if (fault !== null) return waiting(`The target could not be looked over: ${fault.message}`, fault.remedy)
  return waiting(
    'Looking whether others wrote at the target.',
    'Nothing to do; the rule goes on when the look has ended.',
  )
}

function notConverging({ count, isOver }: Convergence): LinkState {
  const keys = `${isOver ? 'At least ' : ''}${count.toLocaleString('en')} ${count === 1 ? 'key' : 'keys'}`
  return {
    kind: 'not-converging',
    count,
    reason: `${keys} ${count === 1 ? 'was' : 'were'} written at both sides, which do not show the same version.`,
    remedy:
      'The rule’s page and lockstep keys name them. Write each once more, at the side that is right, and let clients write a key at one side only.',
  }
}

function inDoubt({ isKnown, doubts }: Convergence): LinkState {
  if (isKnown && doubts === 0) return { kind: 'in-step' }
  const keys = `${doubts.toLocaleString('en')} ${doubts === 1 ? 'key was' : 'keys were'} written at both sides`
  return waiting(
    isKnown ? `${keys}: looking whether they came together.` : 'Looking whether both sides show the same versions.',
    'Nothing to do: it is known when all keys are looked at.',
  )
}

const waiting = (reason: string, remedy: string): LinkState => ({ kind: 'waiting', reason, remedy })

const pauseRemedies = {
  operator: 'Resume it when you are ready; nothing is lost meanwhile.',
  site: 'Resume the site under Sites; nothing is lost meanwhile.',
  brake:
    'Look at the keys at the source. If the changes are wanted, resume the rule. If not, put the objects back there as they ' +
    'were before, then resume: the target still has the versions of that time.',
} as const

function paused({ by, reason }: NonNullable<LinkFacts['pausedBy']>): LinkState {
  return { kind: 'paused', by, reason, remedy: pauseRemedies[by] }
}

function offline({ siteName, fault }: NonNullable<LinkFacts['offline']>, backlog: number): LinkState {
  const why = fault === null ? '' : ` ${faultKinds[fault.code].title}`
  const changes = backlog === 1 ? '1 change waits and drains' : `${backlog.toLocaleString('en')} changes wait and drain`
  const kept = backlog === 0 ? '' : ` ${changes} when it returns.`
  return waiting(`${siteName} is offline.${why}${kept}`, fault?.remedy ?? 'Bring the site back.')
}

function probing(state: NonNullable<LinkFacts['probing']>): LinkState {
  if (state === 'under-way')
    return waiting('Finding out what the target can do.', 'Nothing to do: this takes a few seconds.')
  return waiting(`The target could not be probed: ${state.message}`, state.remedy)
}

function failing({ delayed, parked, lastFault }: LinkFacts): LinkState {
  const parts = [
    ...(parked > 0 ? [`${parked.toLocaleString('en')} ${parked === 1 ? 'item needs' : 'items need'} attention`] : []),
    ...(delayed > 0 ? [`${delayed.toLocaleString('en')} ${delayed === 1 ? 'is' : 'are'} being tried again`] : []),
  ]
  const why = lastFault === null ? '' : ` Last: ${lastFault.message}`
  return {
    kind: 'failing',
    reason: `${parts.join(', ')}.${why}`,
    remedy: lastFault?.remedy ?? 'Open the failure list.',
  }
}

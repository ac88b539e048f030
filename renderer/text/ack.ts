import { neededTargets, quorumOf } from '../../shared/model/quorum.ts'
import type { AckPolicy, Rule } from '../../shared/model/rule.ts'
import { formatDuration } from './format.ts'

type Ack = Rule['ack']

/** From the quickest answer to the safest. */
export const ackPolicies: readonly AckPolicy[] = ['async', 'one', 'majority', 'all']

export const policyNames: Record<AckPolicy, string> = {
  async: 'Asynchronous',
  one: 'One target',
  majority: 'Majority',
  all: 'All targets',
}

/** The same with the word that databases use for it, where there is room to explain. */
export function policyTitle(policy: AckPolicy): string {
  if (policy === 'async') return policyNames.async
  return `${policyNames[policy]} (${policy === 'all' ? 'synchronous' : 'semi-synchronous'})`
}

/** What clients of the gateway are promised by a policy over so many targets. */
export interface Promised {
  /** When a client hears of success. */
  readonly success: string
  /** What is lost when a site is lost right then: the recovery point. */
  readonly lost: string
}

/** Both halves of the promise in plain words; `targets` counts the sites that the rule writes to. */
export function promiseOf(policy: AckPolicy, targets: number): Promised {
  const needed = neededTargets(policy, targets)
  if (needed === 0)
    return {
      success: 'Success is answered when the source has the write; the copies follow at once.',
      lost: 'If the source is lost, what the targets are behind by is lost: RPO is the lag, often seconds.',
    }
  return { success: `Success is answered when ${whoHas(policy, targets, needed)}.`, lost: lostOf(needed, targets) }
}

function whoHas(policy: AckPolicy, targets: number, needed: number): string {
  if (targets === 1) return 'the source and the target have the write'
  if (needed === targets) return `the source and ${targets === 2 ? 'both' : `all ${targets}`} targets have the write`
  if (policy === 'one') return 'the source and the fastest target have the write'
  return `${needed + 1} of the ${targets + 1} sites have the write, the source among them`
}

function lostOf(needed: number, targets: number): string {
  const spare = needed === 1 ? 'Any one site may be lost' : `Any ${needed} of ${targets + 1} sites may be lost`
  return `${spare} without losing a write that was answered with success: RPO 0.`
}

/** What a client hears when the confirmations do not come in time. */
export function lateText({ policy, onTimeout, timeoutMs }: Omit<Ack, 'reads'>, targets: number): string | null {
  if (policy === 'async') return null
  const after = `Without them after ${formatSeconds(timeoutMs)}`
  return onTimeout === 'fail'
    ? `${after} the client hears 503: stored at the source, replication not confirmed; do not assume either way. It may safely repeat the write.`
    : `${after} the client hears success with fewer confirmations (x-lockstep-acks: 1/${targets + 1}), and the rule is shown as degraded until the targets have caught up. Meanwhile RPO is the lag, as for asynchronous.`
}

/** Which copies a read asks, and what that gives; `targets` counts the sites that the rule writes to. */
export function readsOf({ policy, onTimeout, reads }: Omit<Ack, 'timeoutMs'>, targets: number): string {
  if (reads === 'source')
    return 'Reads go to the source; while it is away, to a target that has everything that was answered with success.'
  const { copies, write, read } = quorumOf(policy, targets)
  const asked = read === copies ? `all ${read}` : String(read)
  return `${copies} copies: a write waits for ${write}, a read asks ${asked}, so every read meets at least one copy with the newest write. ${whileDown(copies - read, policy !== 'async' && onTimeout === 'degrade')}`
}

function whileDown(down: number, mayDegrade: boolean): string {
  if (down === 0) return 'Reads need every site.'
  const degraded = mayDegrade ? '; while the rule is degraded, they may need the source' : ''
  return `Reads go on with any ${down === 1 ? 'one site' : `${down} sites`} down${degraded}.`
}

/** The same in one line, for a table or a summary. */
export function readLine({ policy, reads }: Pick<Ack, 'policy' | 'reads'>, targets: number): string {
  if (reads === 'source') return 'the source; while it is away, a target that is not behind'
  const { copies, read } = quorumOf(policy, targets)
  return `${read === copies ? `all ${copies}` : `${read} of the ${copies}`} copies; the newest wins`
}

/** A number and its unit stay on one line. */
const formatSeconds = (ms: number): string =>
  (ms < 10_000 && ms % 1000 !== 0 ? `${ms / 1000} s` : formatDuration(ms)).replaceAll(' ', '\u00a0')

/** The policy of a rule in one line, for a table or a summary. */
export function ackLine(ack: Ack, targets: number): string {
  const needed = neededTargets(ack.policy, targets)
  if (needed === 0) return 'as done when the source has it; the copies follow'
  const late = ack.onTimeout === 'fail' ? 'refused' : 'answered as asynchronous'
  return `as done when ${whoHas(ack.policy, targets, needed).replace(' the write', ' it')}; ${late} after ${formatSeconds(ack.timeoutMs)} without`
}

import { neededTargets } from '../../../../shared/model/quorum.ts'
import type { Rule } from '../../../../shared/model/rule.ts'

type Policy = Rule['ack']['policy']

/** What is known of one target: it has the change, nobody wants it there, it is on its way, or it will not come by itself. */
export type TargetState = 'has' | 'not-wanted' | 'waiting' | 'parked'

/** Is the promise kept, may it still be, or can it be no more? */
export function standing(policy: Policy, targets: readonly TargetState[]): 'kept' | 'open' | 'lost' {
  const wanted = targets.filter((state) => state !== 'not-wanted')
  const needed = neededTargets(policy, wanted.length)
  const has = wanted.filter((state) => state === 'has').length
  const waiting = wanted.filter((state) => state === 'waiting').length
  if (has >= needed) return 'kept'
  return has + waiting >= needed ? 'open' : 'lost'
}

import { neededTargets } from '../../../../shared/model/quorum.ts'
import type { AckPolicy } from '../../../../shared/model/rule.ts'

/**
 * What is known of one target: it has the change, its rule's filter leaves the change out, it is on its way, or it does not come
 * by itself. What is left out is owed to nobody, and counts for nothing.
 */
export type TargetState = 'has' | 'left-out' | 'waiting' | 'missing'

/** Is the promise kept, may it still be, or can it be no more? */
export function promiseState(policy: AckPolicy, targets: readonly TargetState[]): 'kept' | 'open' | 'lost' {
  const wanted = targets.filter((state) => state !== 'left-out')
  const needed = neededTargets(policy, wanted.length)
  const has = wanted.filter((state) => state === 'has').length
  const waiting = wanted.filter((state) => state === 'waiting').length
  if (has >= needed) return 'kept'
  return has + waiting >= needed ? 'open' : 'lost'
}

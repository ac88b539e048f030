import type { AckPolicy, Rule } from './rule.ts'

/** How many of so many targets must have a write before its client hears of success; the source has it always. */
export function neededTargets(policy: AckPolicy, targets: number): number {
  switch (policy) {
    case 'async':
      return 0
    case 'one':
      return Math.min(1, targets)
    case 'majority':
      // More than half of source and targets together, less the source.
      return Math.floor((targets + 1) / 2)
    case 'all':
      return targets
  }
}

/** What the copies of a rule are asked for: the source is one of them. */
export interface Quorum {
  readonly copies: number
  /** A write that was answered with success is at this many at least. */
  readonly write: number
  /** As many as it takes to meet one of those: `read + write > copies`. */
  readonly read: number
}

/** The numbers of a policy over so many targets; how many copies a read asks follows from how many have a write. */
export function quorumOf(policy: AckPolicy, targets: number): Quorum {
  const copies = targets + 1
  const write = neededTargets(policy, targets) + 1
  return { copies, write, read: copies - write + 1 }
}

/** What a rule may leave out of its copies. */
export type CopySwitch = 'existingObjects' | 'deleteMarkers' | 'versionDeletes'
const copySwitches: readonly CopySwitch[] = ['existingObjects', 'deleteMarkers', 'versionDeletes']

/** Reads by quorum need copies that have all that the source has: what of the rule stands in the way of that. */
export function hidesFromCopies(rule: Rule): { readonly switches: readonly CopySwitch[]; readonly tags: boolean } {
  return {
    switches: copySwitches.filter((name) => !rule[name]),
    tags: Object.keys(rule.filter.tags).length > 0,
  }
}

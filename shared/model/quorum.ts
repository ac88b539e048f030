import type { Rule } from './rule.ts'

/** How many of so many targets must have a write before its client hears of success; the source has it always. */
export function neededTargets(policy: Rule['ack']['policy'], targets: number): number {
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

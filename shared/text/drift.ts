import type { DriftCause } from '../model/bucket-drift.ts'
import type { BucketDrift, DriftKind } from '../model/rule.ts'
import { countOf } from './count.ts'

const titles: Readonly<Record<DriftKind, (place: string) => string>> = {
  unversioned: (place) => `${place} keeps no versions any more`,
  'lock-lost': (place) => `${place} has no object lock any more`,
  'made-anew': (place) => `${place} was made anew`,
  'rights-lost': (place) => `Rights on ${place} were lost`,
}

/** Which bucket is not any more what it was, and how, in one line. */
export const driftTitle = ({ what, at }: Pick<BucketDrift, 'what' | 'at'>): string =>
  `${titles[what](`${at.site}/${at.bucket}`)}.`

/** `3 rules use it: photos, ledger, builds`; of many the first few. */
export function driftRules({ ruleIds }: Pick<DriftCause, 'ruleIds'>, shown = 4): string {
  const more = ruleIds.length > shown ? ` and ${ruleIds.length - shown} more` : ''
  return `${countOf(ruleIds.length, 'rule uses', 'rules use')} it: ${ruleIds.slice(0, shown).join(', ')}${more}`
}

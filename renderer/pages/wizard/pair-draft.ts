import { bucketName, type BucketAt } from '../../../shared/model/rule.ts'
import { newRuleValues, type RuleFormValues } from '../rules/rule-form-values.ts'
import { emptySiteValues, type SiteFormValues } from '../sites/site-form-values.ts'

/** One end of the pair as chosen or half entered. */
export interface SideDraft {
  readonly siteId: string | null
  /** What is typed for a site that is not there yet. */
  readonly typed: SiteFormValues
  readonly adding: boolean
  readonly bucket: string
}

/** All that was entered in the wizard: going back and forth loses nothing. */
export interface PairDraft {
  readonly source: SideDraft
  readonly target: SideDraft
  readonly rule: RuleFormValues | null
  readonly checkId: string | null
  /** For which two buckets the checks ran. */
  readonly checkedFor: string | null
}

const emptySide: SideDraft = { siteId: null, typed: emptySiteValues, adding: false, bucket: '' }
export const emptyDraft: PairDraft = {
  source: emptySide,
  target: emptySide,
  rule: null,
  checkId: null,
  checkedFor: null,
}

export const wizardSteps = ['Source', 'Target', 'Checks', 'Buckets and rule', 'Summary'] as const

/** The place that a side names; null while it is not complete. */
export function placeIn(side: SideDraft): BucketAt | null {
  return side.siteId !== null && bucketName.safeParse(side.bucket).success
    ? { site: side.siteId, bucket: side.bucket }
    : null
}

/** What is still wrong with a side, in words; null when one can go on. */
export function sideProblem(draft: PairDraft, which: 'source' | 'target'): string | null {
  const side = draft[which]
  if (side.siteId === null) return 'No site is chosen: choose one, or enter another.'
  if (side.bucket === '') return 'The bucket is empty: choose one from the list, or type its name.'
  const name = bucketName.safeParse(side.bucket)
  if (!name.success) return `“${side.bucket}” does not fit: ${name.error.issues[0]?.message ?? 'use another name'}.`
  const same = draft.source.siteId === draft.target.siteId && draft.source.bucket === draft.target.bucket
  return which === 'target' && same ? 'This is the source itself: choose another site or bucket.' : null
}

export function pairKey(draft: PairDraft): string {
  return JSON.stringify([placeIn(draft.source), placeIn(draft.target)])
}

/** The rule's fields for the chosen pair: new with defaults, or as entered before with the places renewed. */
export function ruleValuesFor(draft: PairDraft, taken: readonly string[]): RuleFormValues | null {
  const source = placeIn(draft.source)
  const target = placeIn(draft.target)
  if (source === null || target === null) return null
  if (draft.rule === null) return newRuleValues(source, target, taken)
  const { id } = draft.rule
  const [formerTarget = target] = draft.rule.targets
  // A name that was only proposed for another pair is proposed anew; one that was typed stays.
  const proposed = newRuleValues(draft.rule.source, formerTarget, taken).id === id
  return { ...draft.rule, id: proposed ? newRuleValues(source, target, taken).id : id, source, targets: [target] }
}

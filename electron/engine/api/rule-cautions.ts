import type { BucketAt, Rule, RuleCaution } from '../../../shared/model/rule.ts'
import { knownTraits } from '../../../shared/model/site-traits.ts'
import type { Capabilities } from '../../../shared/model/site.ts'
import { nestedUnseenText } from '../../../shared/text/nested-unseen.ts'
import { uncheckedText } from '../../../shared/text/unchecked.ts'
import { bucketKey } from '../rule/link.ts'
import type { RuleProblem } from '../rule/validate.ts'

/** What is to be said of a rule, which may be a draft, before anything is copied. */
export function cautionsOf(
  rule: Rule,
  problems: readonly RuleProblem[],
  source: Capabilities | null,
): readonly RuleCaution[] {
  const warnings = problems.filter(({ ruleId, level }) => ruleId === rule.id && level === 'warning')
  return [...warnings.map(({ message, remedy }) => ({ message, remedy })), ...nestedCaution(rule, source)]
}

/** Scans are what finds existing objects, and what events missed. */
function nestedCaution({ source: { site, bucket } }: Rule, source: Capabilities | null): readonly RuleCaution[] {
  if (knownTraits(source).listsNested !== false) return []
  const unseen = sentence(nestedUnseenText([{ site, bucket, isKnown: true }]))
  const message = `${unseen} Scans do not find them and compare says nothing of them: they are copied where an event or the gateway tells of them, and a delete of one is listed as a failure.`
  const remedy =
    'Keep no key below another object’s key at this site, or compare what is there with its clients’ own lists.'
  return [{ message, remedy }]
}

/** What no scan of the rule could check. */
export function uncheckedCaution(found: readonly BucketAt[]): readonly RuleCaution[] {
  const unchecked = [...new Map(found.map((at) => [bucketKey(at), at])).values()]
  if (unchecked.length === 0) return []
  const remedy = 'Grant s3:ListBucket there. The rule goes on meanwhile, and trusts the listing of versions.'
  return [{ message: sentence(uncheckedText(unchecked)), remedy }]
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

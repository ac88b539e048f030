import type { BucketAt, LinkId, Rule } from '../../../shared/model/rule.ts'

/**
 * The id of one rule's way to one target: `<rule id>/<site>/<bucket>`, and from the second generation on the number of it.
 * It is made of what it names, not of the target's place in the list, so that a queue survives when targets are added,
 * removed or put in another order. Nothing is read out of it.
 */
export function linkIdOf(ruleId: string, target: BucketAt, generation = 1): string {
  const first = `${ruleId}/${target.site}/${target.bucket}`
  return generation === 1 ? first : `${first}/${generation}`
}

/** What a rule's link to a target is called, whatever its generation. */
export const linkNameOf = (ruleId: string, target: BucketAt): string => linkIdOf(ruleId, target)

/** One link of a rule, with the rule that made it. */
export interface RuleLink extends LinkId {
  readonly source: BucketAt
  readonly rule: Rule
}

/** The links of a rule that never had another source. Those at work come from the link book. */
export function linksOf(rule: Rule): readonly RuleLink[] {
  return rule.targets.map((target) => ({
    ruleId: rule.id,
    linkId: linkIdOf(rule.id, target),
    source: rule.source,
    target,
    rule,
  }))
}

/** One word for a bucket of a site, fit for a map key: neither part can hold a slash. */
export function bucketKey(at: BucketAt): string {
  return `${at.site}/${at.bucket}`
}

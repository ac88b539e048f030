import type { BucketAt, LinkId, Rule } from '../../../shared/model/rule.ts'

/**
 * The id of one rule's way to one target: `<rule id>/<site>/<bucket>`. It is made of what it names, not of the target's
 * place in the list, so that a queue survives when targets are added, removed or put in another order.
 */
export function linkIdOf(ruleId: string, target: BucketAt): string {
  return `${ruleId}/${target.site}/${target.bucket}`
}

/** One link of a rule, with the rule that made it. */
export interface RuleLink extends LinkId {
  readonly source: BucketAt
  readonly rule: Rule
}

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

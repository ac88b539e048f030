import type { RuleView } from '../../../shared/model/rule.ts'
import type { AdvisorSearch } from '../../search.ts'

/** What is compared: a rule, or a pair of sites that need none. */
export interface Subject {
  readonly ruleId: string | null
  readonly sourceSite: string
  readonly targetSites: readonly string[]
}

export function subjectOfRule({ id, source, targets }: Pick<RuleView, 'id' | 'source' | 'targets'>): Subject {
  return { ruleId: id, sourceSite: source.site, targetSites: targets.map(({ site }) => site) }
}

/** What the address names; without a name the first rule, so that the page is never empty where there is one. */
export function subjectOf(search: AdvisorSearch, rules: readonly RuleView[]): Subject | null {
  if (search.source !== undefined) {
    const targetSites = (search.targets ?? []).filter((site) => site !== search.source)
    return targetSites.length === 0 ? null : { ruleId: null, sourceSite: search.source, targetSites }
  }
  const rule = rules.find(({ id }) => id === search.rule) ?? (search.rule === undefined ? rules[0] : undefined)
  return rule === undefined ? null : subjectOfRule(rule)
}

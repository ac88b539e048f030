import { fidelityOf, type LinkFidelity } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { RulesParts } from './rules.ts'

/** What becomes of each property at each target of a rule, which may be a draft. */
export function linkFidelities(
  rule: Rule,
  { links, capabilities }: Pick<RulesParts, 'links' | 'capabilities'>,
): readonly LinkFidelity[] {
  const known = links.ofRule(rule.id)
  const source = capabilities(rule.source.site)
  return rule.targets.map((target) => {
    const link = known.find((one) => one.target.site === target.site && one.target.bucket === target.bucket)
    return { linkId: link?.linkId ?? null, target, lines: fidelityOf(rule, source, capabilities(target.site)) }
  })
}

import { fidelityOf, type LinkFidelity } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { RulesParts } from './rules.ts'

/** What becomes of each property at each target of a rule, which may be a draft. */
export function linkFidelities(
  rule: Rule,
  { links, capabilities, notKept }: Pick<RulesParts, 'links' | 'capabilities' | 'notKept'>,
): readonly LinkFidelity[] {
  const known = links.ofRule(rule.id)
  const source = capabilities(rule.source.site)
  return rule.targets.map((target) => {
    const link = known.find((one) => one.target.site === target.site && one.target.bucket === target.bucket)
    const counts = link === undefined ? null : notKept(link.linkId)
    const lines = fidelityOf(rule, source, capabilities(target.site))
    const counted = lines.map((line) => ({ ...line, notKeptCount: counts && (counts.get(line.property) ?? 0) }))
    return { linkId: link?.linkId ?? null, target, lines: counted }
  })
}

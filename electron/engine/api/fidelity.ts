import { fidelityOf, type LinkFidelity } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { RulesParts } from './rules.ts'

/** What becomes of each property at each target of a rule, which may be a draft. */
export function linkFidelities(
  rule: Rule,
  { links, capabilities, notKept, sseCKeys }: Pick<RulesParts, 'links' | 'capabilities' | 'notKept' | 'sseCKeys'>,
): readonly LinkFidelity[] {
  const known = links.ofRule(rule.id)
  const source = capabilities(rule.source.site)
  return rule.targets.map((target) => {
    const link = known.find((one) => one.target.site === target.site && one.target.bucket === target.bucket)
    const counts = link === undefined ? null : notKept(link.linkId)
    const lines = fidelityOf(withKeysAtHand(rule, sseCKeys), source, capabilities(target.site))
    const counted = lines.map((line) => ({ ...line, notKeptCount: counts && (counts.get(line.property) ?? 0) }))
    return { linkId: link?.linkId ?? null, target, lines: counted }
  })
}

/** A key that is lost opens nothing: the table tells of those that are there. */
function withKeysAtHand(rule: Rule, keys: RulesParts['sseCKeys']): Rule {
  const there = new Set(keys.list().flatMap(({ name, isThere }) => (isThere ? [name] : [])))
  return { ...rule, fidelity: { ...rule.fidelity, sseCKeys: rule.fidelity.sseCKeys.filter((name) => there.has(name)) } }
}

import { fidelityOf, type LinkFidelity } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { Capabilities } from '../../../shared/model/site.ts'
import type { Links } from '../link/links.ts'
import type { SseCKeys } from '../site/sse-c-keys.ts'

export interface FidelityParts {
  readonly links: Pick<Links, 'ofRule'>
  readonly sseCKeys: Pick<SseCKeys, 'list'>
  readonly capabilities: (siteId: string) => Capabilities | null
  /** How many versions a link copied without a property, by property. */
  readonly notKept: (linkId: string) => Promise<ReadonlyMap<string, number>>
}

/** What becomes of each property at each target of a rule, which may be a draft. */
export async function linkFidelities(
  rule: Rule,
  { links, capabilities, notKept, sseCKeys }: FidelityParts,
): Promise<readonly LinkFidelity[]> {
  const known = links.ofRule(rule.id)
  const source = capabilities(rule.source.site)
  const ofTarget = async (target: Rule['targets'][number]): Promise<LinkFidelity> => {
    const link = known.find((one) => one.target.site === target.site && one.target.bucket === target.bucket)
    const counts = link === undefined ? null : await notKept(link.linkId)
    const lines = fidelityOf(withKeysAtHand(rule, sseCKeys), source, capabilities(target.site))
    const counted = lines.map((line) => ({ ...line, notKeptCount: counts && (counts.get(line.property) ?? 0) }))
    return { linkId: link?.linkId ?? null, target, lines: counted }
  }
  return Promise.all(rule.targets.map(ofTarget))
}

/** A key that is lost opens nothing: the table tells of those that are there. */
function withKeysAtHand(rule: Rule, keys: FidelityParts['sseCKeys']): Rule {
  const there = new Set(keys.list().flatMap(({ name, isThere }) => (isThere ? [name] : [])))
  return { ...rule, fidelity: { ...rule.fidelity, sseCKeys: rule.fidelity.sseCKeys.filter((name) => there.has(name)) } }
}

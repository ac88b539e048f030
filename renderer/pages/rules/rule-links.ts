import type { LinkView, RuleView } from '../../../shared/model/rule.ts'
import { worstFirst } from '../overview/worst-first.ts'

/** The rule with its links as last pushed: rules are asked for now and then, links are told four times a second. */
export function withLiveLinks(rule: RuleView, live: readonly LinkView[]): RuleView {
  const byId = new Map(live.map((link) => [link.linkId, link]))
  return { ...rule, links: rule.links.map((link) => byId.get(link.linkId) ?? link) }
}

export function worstLinkOf(rule: RuleView): LinkView | null {
  return worstFirst(rule.links)[0] ?? null
}

export function sumOf(rule: RuleView, name: 'backlogCount' | 'backlogBytes' | 'failing' | 'parked'): number {
  return rule.links.reduce((sum, link) => sum + link[name], 0)
}

/** The instant of the oldest change that any target lacks. */
export function oldestOf(rule: RuleView): number | null {
  const pending = rule.links.flatMap(({ oldestPendingAt }) => (oldestPendingAt === null ? [] : [oldestPendingAt]))
  return pending.length === 0 ? null : Math.min(...pending)
}

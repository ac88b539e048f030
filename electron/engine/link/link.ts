import type { LinkIdentity } from '../journal/port/records.ts'
import type { RuleLink } from '../rule/link.ts'
import type { Paused, RuleRecord } from '../rule/rule-book.ts'

/**
 * A link at work, for the ends that it was opened for: its rule as the link follows it, a snapshot of the rule book's. The two
 * differ from the moment when a change of the rule is on record until the links have followed (`Links.follow`).
 */
export interface Link extends RuleLink {
  readonly paused: Paused | null
  /** Where a rule without existing objects begins, epoch ms: with the rule, or with the source that it was pointed at later. */
  readonly beginsAt: number
  readonly identity: LinkIdentity
}

export function linkAtWork(link: RuleLink, identity: LinkIdentity, { paused, createdAt }: RuleRecord): Link {
  return { ...link, identity, paused, beginsAt: identity.generation === 1 ? createdAt : identity.openedAt }
}

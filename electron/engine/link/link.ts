import type { LinkIdentity } from '../journal/port/records.ts'
import type { RuleLink } from '../rule/link.ts'
import type { RuleRecord } from '../rule/rule-book.ts'

/** A link at work: what its rule wants, for the ends that it was opened for. */
export interface Link extends RuleLink {
  readonly record: RuleRecord
  readonly identity: LinkIdentity
}

/** Where a rule without existing objects begins, epoch ms: with the rule, or with the source that it was pointed at later. */
export const beginOf = ({ record, identity }: Pick<Link, 'record' | 'identity'>): number =>
  identity.generation === 1 ? record.createdAt : identity.openedAt

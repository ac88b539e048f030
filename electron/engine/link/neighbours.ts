import type { LinkOrder } from '../replicate/port.ts'
import { bucketKey, type RuleLink } from '../rule/link.ts'
import { prefixesOverlap } from '../rule/match.ts'

/** Other enabled links at the same buckets that bring some of the same keys. */
export interface Neighbours<L extends RuleLink> {
  /** Those that copy them the other way. */
  readonly opposites: readonly L[]
  /** No other rule brings any of them to the link's target. */
  readonly isOnlyWriter: boolean
}

/** Pure, as all of this file. */
export function neighboursOf<L extends RuleLink>(link: L, all: readonly L[]): Neighbours<L> {
  const { linkId, target, rule } = link
  if (!rule.enabled) return { opposites: [], isOnlyWriter: false }
  const near = all.filter(
    (other) =>
      other.linkId !== linkId && other.rule.enabled && prefixesOverlap(other.rule.filter.prefix, rule.filter.prefix),
  )
  return {
    opposites: near.filter((other) => leadsBack(other, link)),
    isOnlyWriter: near.every((other) => bucketKey(other.target) !== bucketKey(target)),
  }
}

/** Does the other link go between the same two buckets the other way, whatever its keys? */
export const leadsBack = (other: RuleLink, { source, target }: RuleLink): boolean =>
  bucketKey(other.source) === bucketKey(target) && bucketKey(other.target) === bucketKey(source)

/** Does no link bring anything from another bucket to this one's target? */
export const isOnlySource = ({ source, target }: RuleLink, all: readonly RuleLink[]): boolean =>
  all.every((other) => bucketKey(other.target) !== bucketKey(target) || bucketKey(other.source) === bucketKey(source))

/** What a replication has to know of the links, switched off ones too, that end where this one begins and begin where it ends. */
export function joinedTo(link: RuleLink, all: readonly RuleLink[]): Pick<LinkOrder, 'opposite' | 'inbound' | 'readOn'> {
  const inbound = all.filter((other) => bucketKey(other.target) === bucketKey(link.source))
  const readOn = all.some((other) => bucketKey(other.source) === bucketKey(link.target))
  const back = inbound.find((other) => leadsBack(other, link))
  const names = { inbound: inbound.map(({ linkId }) => linkId), readOn }
  if (back === undefined) return names
  return { ...names, opposite: { linkId: back.linkId, versionDeletes: back.rule.versionDeletes } }
}

import type { SiteHealth } from '../../../shared/model/site.ts'
import type { TaskQueue } from '../queue/port.ts'
import type { Link } from './link.ts'
import type { LinkBook } from './link-book.ts'
import type { RuleBook } from '../rule/rule-book.ts'

/** What links need to know of sites. */
export interface SiteStates {
  has(siteId: string): boolean
  isAway(siteId: string): boolean
  isPaused(siteId: string): boolean
  health(siteId: string): SiteHealth
  isOffline(siteId: string): boolean
}

/** Why a link hands out no tasks, the most lasting first; each reason is held and released by itself. */
export const holdReasons = ['rule', 'refused', 'target-writes', 'site', 'bucket', 'moved', 'identity'] as const
export type HoldReason = (typeof holdReasons)[number]

/** Why a rule does not run though nobody stopped it. */
export interface Refusal {
  readonly message: string
  readonly remedy: string
}

export interface LinkHoldsParts {
  readonly queue: Pick<TaskQueue, 'hold' | 'unhold' | 'holds'>
  readonly rules: Pick<RuleBook, 'isHeld'>
  readonly book: Pick<LinkBook, 'fits'>
  readonly sites: Pick<SiteStates, 'isAway'>
  /** Rules that may not run beside the others, by rule. */
  readonly refused: () => ReadonlyMap<string, Refusal>
  /** Is the link kept back until it is known that it covers nothing of others? */
  readonly isGuarded: (link: Link) => boolean
  /** Is one of its buckets not any more what it was? */
  readonly isBucketAmiss: (link: Link) => boolean
}

/** What keeps links from handing out tasks. The queue keeps it, and nothing else tells the queue. */
export class LinkHolds {
  readonly #parts: LinkHoldsParts
  #refused: ReadonlyMap<string, Refusal> = new Map()

  constructor(parts: LinkHoldsParts) {
    this.#parts = parts
  }

  /** The most lasting reason first; none: it hands out. */
  of(linkId: string): readonly HoldReason[] {
    const held = this.#parts.queue.holds(linkId)
    return holdReasons.filter((reason) => held.has(reason))
  }

  /** Why the rule's links are held though nobody paused them; null when they are not. */
  refusal(ruleId: string): Refusal | null {
    return this.#refused.get(ruleId) ?? null
  }

  /** Of a link that is new: nothing may be handed out before its target is known. */
  holdNew(linkId: string): void {
    this.#parts.queue.hold(linkId, 'identity' satisfies HoldReason)
  }

  /** Brings the holds of all links in line with the present state of rules, sites and probes. */
  refresh(links: readonly Link[], isTargetKnown: (link: Link) => boolean): void {
    const { queue, refused } = this.#parts
    // Also when a site is edited: two ids may come to name one endpoint.
    this.#refused = refused()
    for (const link of links)
      for (const reason of holdReasons) {
        if (this.#isHeld(reason, link, isTargetKnown)) queue.hold(link.linkId, reason)
        else queue.unhold(link.linkId, reason)
      }
  }

  #isHeld(reason: HoldReason, link: Link, isTargetKnown: (link: Link) => boolean): boolean {
    const { rules, book, sites, isGuarded, isBucketAmiss } = this.#parts
    switch (reason) {
      case 'rule':
        return rules.isHeld(link.ruleId)
      case 'refused':
        return this.#refused.has(link.ruleId)
      case 'target-writes':
        return isGuarded(link)
      case 'site':
        return sites.isAway(link.source.site) || sites.isAway(link.target.site)
      case 'bucket':
        return isBucketAmiss(link)
      case 'moved':
        // One of its sites is another server: nothing may be concluded from what that has not got.
        return !book.fits(link.identity)
      case 'identity':
        return !isTargetKnown(link)
    }
  }
}

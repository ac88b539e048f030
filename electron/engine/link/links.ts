import { isDeepStrictEqual } from 'node:util'
import { fidelityKindsOf } from '../../../shared/model/fidelity.ts'
import type { Capabilities, SiteHealth } from '../../../shared/model/site.ts'
import type { TaskQueue } from '../queue/port.ts'
import type { LinkIdentity } from '../journal/port/records.ts'
import { bucketKey, type RuleLink } from '../rule/link.ts'
import { prefixesOverlap } from '../rule/match.ts'
import type { TransferPool } from '../worker/pool.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { SealKey } from '../replicate/seal.ts'
import type { IdentityProbes } from './identity.ts'
import type { LinkBook } from './link-book.ts'
import type { RuleBook, RuleRecord } from './rule-book.ts'

/** What links need to know of sites. */
export interface SiteStates {
  has(siteId: string): boolean
  isPaused(siteId: string): boolean
  health(siteId: string): SiteHealth
  isOffline(siteId: string): boolean
  capabilities(siteId: string): Capabilities | null
}

export interface Link extends RuleLink {
  readonly record: RuleRecord
  readonly identity: LinkIdentity
}

/** Where a rule without existing objects begins, epoch ms: with the rule, or with the source that it was pointed at later. */
export const beginOf = ({ record, identity }: Pick<Link, 'record' | 'identity'>): number =>
  identity.generation === 1 ? record.createdAt : identity.openedAt

/** Why a link hands out no tasks, the most lasting first; each reason is held and released by itself. */
export const holdReasons = ['rule', 'refused', 'target-writes', 'site', 'bucket', 'moved', 'identity'] as const
export type HoldReason = (typeof holdReasons)[number]

/** Why a rule does not run though nobody stopped it. */
export interface Refusal {
  readonly message: string
  readonly remedy: string
}

export interface LinksParts {
  readonly rules: RuleBook
  readonly book: LinkBook
  readonly queue: TaskQueue
  readonly pool: Pick<TransferPool, 'link' | 'forgetLink'>
  readonly identities: IdentityProbes
  readonly sites: SiteStates
  /** null for a site that was not probed yet. */
  readonly capabilities: (siteId: string) => Capabilities | null
  /** What marks are sealed with; null while nobody knows. */
  readonly seal: () => { readonly seal: SealKey } | null
  /** Rules that may not run beside the others, by rule. */
  readonly refused: () => ReadonlyMap<string, Refusal>
  /** Is the link kept back until it is known that it covers nothing of others? */
  readonly isGuarded: (link: Link) => boolean
  /** What others wrote at the target before this instant may be covered; epoch ms. */
  readonly coversBefore: (link: Link) => number
  /** Is one of its buckets not any more what it was? */
  readonly isBucketAmiss: (link: Link) => boolean
}

/** The links at work: one per rule and target. Keeps queue and threads in line with what rules, sites and probes say. */
export class Links {
  readonly #parts: LinksParts
  readonly #links = new Map<string, Link>()
  readonly #orders = new Map<string, LinkOrder>()
  #refused: ReadonlyMap<string, Refusal> = new Map()
  #neighboursOf = new WeakMap<Link, Neighbours>()

  constructor(parts: LinksParts) {
    this.#parts = parts
  }

  list(): readonly Link[] {
    return [...this.#links.values()]
  }

  get(linkId: string): Link | null {
    return this.#links.get(linkId) ?? null
  }

  /** Nothing keeps the link from handing out tasks. */
  isOpen(linkId: string): boolean {
    return this.#links.has(linkId) && this.holds(linkId).length === 0
  }

  /** Why it hands out none, the most lasting reason first. The queue keeps them. */
  holds(linkId: string): readonly HoldReason[] {
    const held = this.#parts.queue.holds(linkId)
    return holdReasons.filter((reason) => held.has(reason))
  }

  ofRule(ruleId: string): readonly Link[] {
    return this.list().filter((link) => link.ruleId === ruleId)
  }

  ofSite(siteId: string): readonly Link[] {
    return this.list().filter((link) => link.source.site === siteId || link.target.site === siteId)
  }

  order(linkId: string): LinkOrder | null {
    return this.#orders.get(linkId) ?? null
  }

  /** The enabled links that copy some of the same keys the other way. */
  opposites(link: Link): readonly Link[] {
    return this.#neighbours(link).opposites
  }

  /** Does no other rule bring any of the same keys to the link's target? */
  isOnlyWriter(link: Link): boolean {
    return this.#neighbours(link).isOnlyWriter
  }

  /** Asked for every link at every look of a console: found once, until rules change. */
  #neighbours(link: Link): Neighbours {
    let found = this.#neighboursOf.get(link)
    if (found === undefined) this.#neighboursOf.set(link, (found = neighboursOf(link, this.list())))
    return found
  }

  /** Why the rule's links are held though nobody paused them; null when they are not. */
  refusal(ruleId: string): Refusal | null {
    return this.#refused.get(ruleId) ?? null
  }

  /** Reads rule book and link book again: adds, changes and removes links. Returns the ids of those that went. */
  sync(): readonly string[] {
    const { rules, book } = this.#parts
    const wanted = new Map(
      rules.list().flatMap((record) => book.linksOf(record.rule).flatMap((link) => this.#linkOf(link, record))),
    )
    const gone = [...this.#links.keys()].filter((linkId) => !wanted.has(linkId))
    for (const linkId of gone) this.#remove(linkId)
    for (const link of wanted.values()) this.#put(link)
    this.#neighboursOf = new WeakMap()
    return gone
  }

  /** Brings every hold in line with the present state of rules, sites and probes. Cheap, and safe to call at any time. */
  refresh(): void {
    // Also when a site is edited: two ids may come to name one endpoint.
    this.#refused = this.#parts.refused()
    for (const link of this.#links.values()) {
      this.#refreshOrder(link)
      this.#setHold(link, 'rule', this.#parts.rules.isHeld(link.ruleId))
      this.#setHold(link, 'refused', this.#refused.has(link.ruleId))
      this.#setHold(link, 'target-writes', this.#parts.isGuarded(link))
      this.#setHold(
        link,
        'site',
        [link.source.site, link.target.site].some((siteId) => this.#siteHolds(siteId)),
      )
      // One of its sites is another server: nothing may be concluded from what that has not got.
      this.#setHold(link, 'moved', !this.#parts.book.fits(link.identity))
      this.#setHold(link, 'bucket', this.#parts.isBucketAmiss(link))
      this.#setHold(link, 'identity', !this.#orders.has(link.linkId))
    }
  }

  /** Links whose sites do not stand any more where they stood when the link was opened. */
  moved(): readonly Link[] {
    return this.list().filter(({ identity }) => !this.#parts.book.fits(identity))
  }

  #linkOf(link: RuleLink, record: RuleRecord): readonly (readonly [string, Link])[] {
    const identity = this.#parts.book.identity(link.linkId)
    return identity === null ? [] : [[link.linkId, { ...link, record, identity }]]
  }

  #siteHolds(siteId: string): boolean {
    const { sites } = this.#parts
    return !sites.has(siteId) || sites.isPaused(siteId) || sites.isOffline(siteId)
  }

  #put(link: Link): void {
    const { queue, identities } = this.#parts
    const before = this.#links.get(link.linkId)
    this.#links.set(link.linkId, link)
    if (before === undefined || before.rule.priority !== link.rule.priority) {
      // Held until the first refresh: nothing may be handed out before its target is known.
      if (before === undefined) this.#setHold(link, 'identity', true)
      queue.addLink({
        linkId: link.linkId,
        priority: link.rule.priority,
        sourceSite: link.source.site,
        targetSite: link.target.site,
        way: { from: bucketKey(link.source), to: bucketKey(link.target) },
      })
    }
    if (link.rule.enabled) identities.want(link.target)
    this.#orders.delete(link.linkId)
  }

  #remove(linkId: string): void {
    this.#parts.queue.removeLink(linkId)
    this.#parts.pool.forgetLink(linkId)
    this.#links.delete(linkId)
    this.#orders.delete(linkId)
  }

  #refreshOrder(link: Link): void {
    const state = this.#parts.identities.state(link.target)
    if ('probing' in state) {
      this.#orders.delete(link.linkId)
      return
    }
    const known = this.#orders.get(link.linkId)
    const { rule, ruleId, linkId, source, target } = link
    const fidelity = this.#fidelity(link)
    const isSame =
      known?.identity === state.identity &&
      known.ordersByMtime === state.ordersByMtime &&
      isDeepStrictEqual(known.fidelity, fidelity)
    if (isSame) return
    const order: LinkOrder = {
      ruleId,
      linkId,
      source,
      target,
      rule,
      fidelity,
      ...state,
      coversBefore: this.opposites(link).length > 0 || !this.isOnlyWriter(link) ? 0 : this.#parts.coversBefore(link),
      copySince: rule.existingObjects ? 0 : beginOf(link),
      ...this.#around(link),
      ...this.#parts.seal(),
    }
    this.#orders.set(linkId, order)
    this.#parts.pool.link(order, rule.bandwidth.bytesPerSecond)
  }

  #fidelity({ rule, source, target }: Link): LinkOrder['fidelity'] {
    const { capabilities } = this.#parts
    return fidelityKindsOf(rule, capabilities(source.site), capabilities(target.site))
  }

  /** What other links do at the two buckets of this one. */
  #around({ source, target }: Link): Pick<LinkOrder, 'opposite' | 'inbound' | 'readOn'> {
    const inbound = this.list().filter((other) => bucketKey(other.target) === bucketKey(source))
    const readOn = this.list().some((other) => bucketKey(other.source) === bucketKey(target))
    const found = inbound.find((other) => bucketKey(other.source) === bucketKey(target))
    const names = { inbound: inbound.map(({ linkId }) => linkId), readOn }
    if (found === undefined) return names
    return { ...names, opposite: { linkId: found.linkId, versionDeletes: found.rule.versionDeletes } }
  }

  #setHold({ linkId }: Link, reason: HoldReason, hold: boolean): void {
    const { queue } = this.#parts
    if (hold) queue.hold(linkId, reason)
    else queue.unhold(linkId, reason)
  }
}

/** Other links at the same buckets that bring some of the same keys. */
interface Neighbours {
  readonly opposites: readonly Link[]
  readonly isOnlyWriter: boolean
}

function neighboursOf({ linkId, source, target, rule }: Link, all: readonly Link[]): Neighbours {
  if (!rule.enabled) return { opposites: [], isOnlyWriter: false }
  const near = all.filter(
    (other) =>
      other.linkId !== linkId && other.rule.enabled && prefixesOverlap(other.rule.filter.prefix, rule.filter.prefix),
  )
  const [from, to] = [bucketKey(source), bucketKey(target)]
  return {
    opposites: near.filter((other) => bucketKey(other.source) === to && bucketKey(other.target) === from),
    isOnlyWriter: near.every((other) => bucketKey(other.target) !== to),
  }
}

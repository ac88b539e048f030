import type { TaskQueue } from '../queue/port.ts'
import type { LinkOrder } from '../replicate/port.ts'
import { bucketKey, type RuleLink } from '../rule/link.ts'
import type { IdentityProbes } from './identity.ts'
import { linkAtWork, type Link } from './link.ts'
import type { LinkBook } from './link-book.ts'
import { LinkHolds, type HoldReason, type LinkHoldsParts, type Refusal } from './link-holds.ts'
import { LinkOrders, type LinkOrdersParts } from './link-orders.ts'
import { neighboursOf, type Neighbours } from './neighbours.ts'
import type { RuleBook, RuleRecord } from '../rule/rule-book.ts'

export interface LinksParts extends LinkHoldsParts, LinkOrdersParts {
  readonly rules: RuleBook
  readonly book: LinkBook
  readonly queue: TaskQueue
  readonly identities: IdentityProbes
  /** Rules or the places of sites changed, and the links have followed. What is kept by link follows, before anything is handed out. */
  readonly onFollowed: (gone: readonly string[]) => void
}

/**
 * The links at work, one per rule and target, and their life: opened when a rule wants one, changed with it, forgotten. Whoever
 * asks about a link asks here. What rules want is the rule book's to say, which ends a link was opened for the link book's.
 */
export class Links {
  readonly #parts: LinksParts
  readonly #holds: LinkHolds
  readonly #orders: LinkOrders
  readonly #links = new Map<string, Link>()
  #neighboursOf = new WeakMap<Link, Neighbours<Link>>()

  constructor(parts: LinksParts) {
    this.#parts = parts
    this.#holds = new LinkHolds(parts)
    this.#orders = new LinkOrders(parts)
  }

  list(): readonly Link[] {
    return [...this.#links.values()]
  }

  get(linkId: string): Link | null {
    return this.#links.get(linkId) ?? null
  }

  ofRule(ruleId: string): readonly Link[] {
    return this.list().filter((link) => link.ruleId === ruleId)
  }

  ofSite(siteId: string): readonly Link[] {
    return this.list().filter((link) => link.source.site === siteId || link.target.site === siteId)
  }

  /** Nothing keeps the link from handing out tasks. */
  isOpen(linkId: string): boolean {
    return this.#links.has(linkId) && this.holds(linkId).length === 0
  }

  /** Why it hands out none, the most lasting reason first. */
  holds(linkId: string): readonly HoldReason[] {
    return this.#holds.of(linkId)
  }

  /** Why the rule's links are held though nobody paused them; null when they are not. */
  refusal(ruleId: string): Refusal | null {
    return this.#holds.refusal(ruleId)
  }

  /** What the threads know of it; null while its target is not known. */
  order(linkId: string): LinkOrder | null {
    return this.#orders.of(linkId)
  }

  /** The enabled links that copy some of the same keys the other way. */
  opposites(link: Link): readonly Link[] {
    return this.#neighbours(link).opposites
  }

  /** Does no other rule bring any of the same keys to the link's target? */
  isOnlyWriter(link: Link): boolean {
    return this.#neighbours(link).isOnlyWriter
  }

  /** Links whose sites do not stand any more where they stood when the link was opened. */
  moved(): readonly Link[] {
    return this.list().filter(({ identity }) => !this.#parts.book.fits(identity))
  }

  /** The rule book or the place of a site changed: opens the links that are wanted, changes and forgets the others. */
  async follow(): Promise<void> {
    const { rules, book, onFollowed } = this.#parts
    await book.reconcile(rules.rules())
    const gone = this.#sync()
    this.refresh()
    onFollowed(gone)
  }

  /** Brings every hold in line with the present state of rules, sites and probes. Cheap, and safe to call at any time. */
  refresh(): void {
    const links = this.list()
    for (const link of links) this.#orders.refresh(link, links, this.#neighbours(link))
    this.#holds.refresh(links, ({ linkId }) => this.order(linkId) !== null)
  }

  /** Reads rule book and link book again. Returns the ids of links that went. */
  #sync(): readonly string[] {
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

  #linkOf(link: RuleLink, record: RuleRecord): readonly (readonly [string, Link])[] {
    const identity = this.#parts.book.identity(link.linkId)
    return identity === null ? [] : [[link.linkId, linkAtWork(link, identity, record)]]
  }

  #put(link: Link): void {
    const before = this.#links.get(link.linkId)
    this.#links.set(link.linkId, link)
    if (before === undefined) this.#holds.holdNew(link.linkId)
    if (before === undefined || before.rule.priority !== link.rule.priority) this.#queue(link)
    if (link.rule.enabled) this.#parts.identities.want(link.target)
    this.#orders.renew(link.linkId)
  }

  #queue({ linkId, rule, source, target }: Link): void {
    this.#parts.queue.addLink({
      linkId,
      priority: rule.priority,
      sourceSite: source.site,
      targetSite: target.site,
      way: { from: bucketKey(source), to: bucketKey(target) },
    })
  }

  #remove(linkId: string): void {
    this.#parts.queue.removeLink(linkId)
    this.#orders.forget(linkId)
    this.#links.delete(linkId)
  }

  /** Asked for every link at every look of a console: found once, until rules change. */
  #neighbours(link: Link): Neighbours<Link> {
    let found = this.#neighboursOf.get(link)
    if (found === undefined) this.#neighboursOf.set(link, (found = neighboursOf(link, this.list())))
    return found
  }
}

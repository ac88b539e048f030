import { isDeepStrictEqual } from 'node:util'
import { fidelityKindsOf } from '../../../shared/model/fidelity.ts'
import type { Capabilities } from '../../../shared/model/site.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { SealKey } from '../replicate/marks/seal.ts'
import type { TransferPool } from '../worker/pool.ts'
import type { IdentityProbes } from './identity.ts'
import type { Link } from './link.ts'
import { joinedTo, type Neighbours } from './neighbours.ts'

export interface LinkOrdersParts {
  readonly pool: Pick<TransferPool, 'link' | 'forgetLink'>
  readonly identities: Pick<IdentityProbes, 'state'>
  /** null for a site that was not probed yet. */
  readonly capabilities: (siteId: string) => Capabilities | null
  /** What marks are sealed with; null while nobody knows. */
  readonly seal: () => { readonly seal: SealKey } | null
  /** What others wrote at the target before this instant may be covered; epoch ms. */
  readonly coversBefore: (link: Link) => number
}

/** What the transfer threads are told of each link, from its probe on. */
export class LinkOrders {
  readonly #parts: LinkOrdersParts
  readonly #orders = new Map<string, LinkOrder>()

  constructor(parts: LinkOrdersParts) {
    this.#parts = parts
  }

  /** null while it is not known what the target does with version ids. */
  of(linkId: string): LinkOrder | null {
    return this.#orders.get(linkId) ?? null
  }

  /** Rule or neighbours may be others: it is told anew at the next refresh, whatever was told before. */
  renew(linkId: string): void {
    this.#orders.delete(linkId)
  }

  forget(linkId: string): void {
    this.#orders.delete(linkId)
    this.#parts.pool.forgetLink(linkId)
  }

  /** Tells the threads what has changed of the link. */
  refresh(link: Link, all: readonly Link[], neighbours: Neighbours<Link>): void {
    const state = this.#parts.identities.state(link.target)
    if ('probing' in state) return this.renew(link.linkId)
    const fidelity = this.#fidelity(link)
    const known = this.of(link.linkId)
    const isSame =
      known?.identity === state.identity &&
      known.ordersByMtime === state.ordersByMtime &&
      isDeepStrictEqual(known.fidelity, fidelity)
    if (isSame) return
    const { rule, ruleId, linkId, source, target } = link
    const order: LinkOrder = {
      ruleId,
      linkId,
      source,
      target,
      rule,
      fidelity,
      ...state,
      coversBefore: this.#coversBefore(link, neighbours),
      copySince: rule.existingObjects ? 0 : link.beginsAt,
      ...joinedTo(link, all),
      ...this.#parts.seal(),
    }
    this.#orders.set(linkId, order)
    this.#parts.pool.link(order, rule.bandwidth.bytesPerSecond)
  }

  #coversBefore(link: Link, { opposites, isOnlyWriter }: Neighbours<Link>): number {
    return opposites.length > 0 || !isOnlyWriter ? 0 : this.#parts.coversBefore(link)
  }

  #fidelity({ rule, source, target }: Link): LinkOrder['fidelity'] {
    const { capabilities } = this.#parts
    return fidelityKindsOf(rule, capabilities(source.site), capabilities(target.site))
  }
}

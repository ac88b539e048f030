import type { Looked } from '../../scan/schedule.ts'
import type { EventsState, FeedView, LinkState, LinkView } from '../../../../shared/model/rule.ts'
import type { Fault } from '../../../../shared/model/fault.ts'
import type { LinkTotals, ReadsAtOnce } from '../../journal/port/tasks.ts'
import type { RateBook } from '../../metrics/rates.ts'
import type { AttributePasses } from '../feeds/attribute-passes.ts'
import type { BucketWatch } from '../buckets/bucket-watch.ts'
import { pauseReason } from '../../brake/pause.ts'
import type { Convergence, ConvergenceBook } from '../convergence/convergence.ts'
import type { IdentityProbes } from '../identity.ts'
import { linkState, unknownOf, type LinkFacts } from './link-state.ts'
import type { SiteStates } from '../link-holds.ts'
import type { Link } from '../link.ts'
import type { Links } from '../links.ts'
import type { Guarded } from '../convergence/target-guard.ts'

export interface LinkViewParts {
  readonly atOnce: ReadsAtOnce
  readonly rates: RateBook
  readonly identities: IdentityProbes
  readonly sites: SiteStates & { name(siteId: string): string }
  readonly convergence: ConvergenceBook['of']
  readonly guarded: (link: Link) => Guarded | null
  readonly attributes: AttributePasses['view']
  readonly buckets: Pick<BucketWatch, 'of' | 'askedAt' | 'untold' | 'drift'>
  readonly refusal: Links['refusal']
  readonly inFlight: (linkId: string) => number
  readonly feeds: (link: Link) => readonly FeedView[]
  readonly events: (link: Link) => EventsState
  readonly looked: (link: Link) => Looked
  /** Epoch ms; null while what the source held already is being copied. */
  readonly firstCopyEndedAt: (linkId: string) => number | null
  readonly journalFault: () => Fault | null
  readonly now: () => number
}

/** Reads links as the console shows them: counts from the journal, rates from the meters, the badge from the facts. */
export class LinkViews {
  readonly #parts: LinkViewParts
  readonly #lastFault = new Map<string, Fault>()
  /** By link and subject: what was seen of it, and since when. */
  readonly #since = new Map<string, { readonly seen: string; readonly at: number }>()

  constructor(parts: LinkViewParts) {
    this.#parts = parts
  }

  faultSeen(linkId: string, fault: Fault): void {
    this.#lastFault.set(linkId, fault)
  }

  forget(linkId: string): void {
    this.#lastFault.delete(linkId)
    for (const subject of ['state', 'unknown']) this.#since.delete(`${subject}/${linkId}`)
  }

  view(link: Link): LinkView {
    const { atOnce, rates, inFlight, buckets, attributes, now } = this.#parts
    const asOf = now()
    const totals = atOnce.totals(link.linkId)
    const rate = rates.rates(link.linkId, asOf)
    const feeds = this.#parts.feeds(link)
    const convergence = this.#parts.convergence(link)
    const facts = this.#facts(link, totals, feeds, convergence)
    const state = linkState(facts)
    const reason = unknownOf(facts)
    const unknownSince = this.#sinceWhen('unknown', link.linkId, reason === null ? 'known' : 'unknown', asOf)
    const drains =
      rate.objectsPerSecond > 0 && totals.backlogCount > 0 && (state.kind === 'copying' || state.kind === 'first-copy')
    return {
      ruleId: link.ruleId,
      linkId: link.linkId,
      source: link.source,
      target: link.target,
      state,
      stateSince: this.#sinceWhen('state', link.linkId, nameOf(state), asOf),
      asOf,
      unknown: reason === null ? null : { since: unknownSince, reason },
      lookedAt: this.#parts.looked(link).at,
      events: this.#parts.events(link),
      backlogCount: totals.backlogCount,
      backlogBytes: totals.backlogBytes,
      oldestPendingAt: totals.oldestPendingAt,
      inFlight: inFlight(link.linkId),
      failing: totals.failing,
      parked: totals.parked,
      notConverging: convergence?.count ?? 0,
      ...rate,
      settledCount: totals.settledCount,
      settledBytes: totals.settledBytes,
      attributes: attributes(link),
      bucketsAskedAt: buckets.askedAt(link),
      bucketsUntold: buckets.untold(link),
      drift: buckets.drift(link),
      drainSeconds: drains ? totals.backlogCount / rate.objectsPerSecond : null,
    }
  }

  #facts(link: Link, totals: LinkTotals, feeds: readonly FeedView[], convergence: Convergence | null): LinkFacts {
    const identity = this.#parts.identities.state(link.target)
    const looked = this.#parts.looked(link)
    return {
      enabled: link.rule.enabled,
      journal: this.#parts.journalFault(),
      refused: this.#parts.refusal(link.ruleId),
      guarded: this.#parts.guarded(link),
      pausedBy: pausedBy(link) ?? this.#pausedSite(link),
      offline: this.#offline(link),
      bucket: this.#parts.buckets.of(link),
      probing: 'probing' in identity ? identity.probing : null,
      backlogCount: totals.backlogCount,
      failing: totals.failing,
      parked: totals.parked,
      convergence,
      firstCopy: this.#parts.firstCopyEndedAt(link.linkId) === null,
      isLookedAt: looked.at !== null && looked.holds,
      lastFault: totals.failing + totals.parked === 0 ? null : (this.#lastFault.get(link.linkId) ?? null),
      scanFault: feeds.find((feed) => feed.kind === 'scan')?.fault ?? null,
      nameOf: (siteId) => this.#parts.sites.name(siteId),
    }
  }

  #pausedSite(link: Link): LinkFacts['pausedBy'] {
    const { sites } = this.#parts
    const paused = [link.source.site, link.target.site].find((siteId) => sites.isPaused(siteId))
    return paused === undefined ? null : { by: 'site', reason: `${sites.name(paused)} is paused.` }
  }

  #offline(link: Link): LinkFacts['offline'] {
    const { sites } = this.#parts
    const down = [link.source.site, link.target.site].find((siteId) => sites.isOffline(siteId))
    if (down === undefined) return null
    return { siteId: down, isSource: down === link.source.site, fault: sites.health(down).lastFault }
  }

  /** Epoch ms at which this was first seen of the link without a break. */
  #sinceWhen(subject: 'state' | 'unknown', linkId: string, seen: string, now: number): number {
    const name = `${subject}/${linkId}`
    const known = this.#since.get(name)
    if (known?.seen === seen) return known.at
    this.#since.set(name, { seen, at: now })
    return now
  }
}

const pausedBy = ({ paused }: Link): LinkFacts['pausedBy'] =>
  paused === null ? null : { by: paused.by, reason: pauseReason(paused) }

/** A held state is another one when its cause is. */
const nameOf = (state: LinkState): string =>
  state.kind === 'held' ? [state.kind, state.by.what, state.by.code, state.by.siteId].join('/') : state.kind

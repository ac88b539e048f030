import type { FeedView, LinkView } from '../../../shared/model/rule.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { Journal } from '../journal/port.ts'
import type { RateBook } from '../metrics/rates.ts'
import type { AttributePasses } from './attribute-passes.ts'
import type { BucketWatch } from './bucket-watch.ts'
import type { Convergence, ConvergenceBook } from './convergence.ts'
import type { IdentityProbes } from './identity.ts'
import { linkState, type LinkFacts } from './link-state.ts'
import type { Link, Links, SiteStates } from './links.ts'
import type { Guarded } from './target-guard.ts'

export interface LinkViewParts {
  readonly journal: Journal
  readonly rates: RateBook
  readonly identities: IdentityProbes
  readonly sites: SiteStates & { name(siteId: string): string }
  readonly convergence: ConvergenceBook['of']
  readonly guarded: (link: Link) => Guarded | null
  readonly attributes: AttributePasses['view']
  readonly buckets: Pick<BucketWatch, 'of' | 'askedAt'>
  readonly refusal: Links['refusal']
  readonly inFlight: (linkId: string) => number
  readonly feeds: (link: Link) => readonly FeedView[]
  readonly journalFault: () => Fault | null
  readonly now: () => number
}

const firstCopyName = (linkId: string): string => `first-copy-ended/${linkId}`

/** Reads links as the console shows them: counts from the journal, rates from the meters, the badge from the facts. */
export class LinkViews {
  readonly #parts: LinkViewParts
  readonly #lastFault = new Map<string, Fault>()
  readonly #firstCopyEnded = new Map<string, number>()

  constructor(parts: LinkViewParts) {
    this.#parts = parts
    for (const name of parts.journal.names('first-copy-ended/'))
      this.#firstCopyEnded.set(name.slice(firstCopyName('').length), instantOf(parts.journal.read(name)))
  }

  faultSeen(linkId: string, fault: Fault): void {
    this.#lastFault.set(linkId, fault)
  }

  forget(linkId: string): void {
    this.#lastFault.delete(linkId)
    this.#firstCopyEnded.delete(linkId)
    void this.#parts.journal.erase(firstCopyName(linkId)).catch(() => undefined)
  }

  /** Epoch ms since when the link carries changes only; null while what the source held already is being copied. */
  firstCopyEndedAt(linkId: string): number | null {
    return this.#firstCopyEnded.get(linkId) ?? null
  }

  view(link: Link): LinkView {
    const { journal, rates, inFlight, buckets, attributes, now } = this.#parts
    const asOf = now()
    const totals = journal.totals(link.linkId)
    const rate = rates.rates(link.linkId, asOf)
    const feeds = this.#parts.feeds(link)
    this.#noteFirstCopy(link.linkId, totals.backlogCount, feeds)
    const convergence = this.#parts.convergence(link)
    const state = linkState(this.#facts(link, totals, feeds, convergence))
    const drains =
      rate.objectsPerSecond > 0 && totals.backlogCount > 0 && (state.kind === 'copying' || state.kind === 'first-copy')
    return {
      ruleId: link.ruleId,
      linkId: link.linkId,
      source: link.source,
      target: link.target,
      state,
      asOf,
      backlogCount: totals.backlogCount,
      backlogBytes: totals.backlogBytes,
      oldestPendingAt: totals.oldestPendingAt,
      inFlight: inFlight(link.linkId),
      failing: totals.delayed,
      parked: totals.parked,
      notConverging: convergence?.count ?? 0,
      ...rate,
      settledCount: totals.settledCount,
      settledBytes: totals.settledBytes,
      attributes: attributes(link),
      bucketsAskedAt: buckets.askedAt(link),
      drainSeconds: drains ? totals.backlogCount / rate.objectsPerSecond : null,
    }
  }

  #facts(
    link: Link,
    totals: ReturnType<Journal['totals']>,
    feeds: readonly FeedView[],
    convergence: Convergence | null,
  ): LinkFacts {
    const identity = this.#parts.identities.state(link.target)
    return {
      enabled: link.rule.enabled,
      journal: this.#parts.journalFault(),
      refused: this.#parts.refusal(link.ruleId),
      guarded: this.#parts.guarded(link),
      pausedBy: link.record.paused ?? this.#pausedSite(link),
      offline: this.#offline(link),
      bucket: this.#parts.buckets.of(link),
      probing: 'probing' in identity ? identity.probing : null,
      backlogCount: totals.backlogCount,
      delayed: totals.delayed,
      parked: totals.parked,
      convergence,
      firstCopy: !this.#firstCopyEnded.has(link.linkId),
      lastFault: totals.delayed + totals.parked === 0 ? null : (this.#lastFault.get(link.linkId) ?? null),
      feedFault: feeds.find((feed) => feed.state === 'fault')?.fault ?? null,
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
    return down === undefined ? null : { siteName: sites.name(down), fault: sites.health(down).lastFault }
  }

  /** The first copy has ended when a whole scan has, and nothing of it is left. Kept, so that a restart does not start it again. */
  #noteFirstCopy(linkId: string, backlogCount: number, feeds: readonly FeedView[]): void {
    if (backlogCount > 0 || this.#firstCopyEnded.has(linkId)) return
    if (!feeds.some((feed) => feed.kind === 'scan' && feed.lastScanEndedAt !== null && feed.state !== 'scanning'))
      return
    const at = this.#parts.now()
    this.#firstCopyEnded.set(linkId, at)
    void this.#parts.journal.write(firstCopyName(linkId), at).catch(() => undefined)
  }
}

/** An end that is not dated is long past. */
const instantOf = (kept: unknown): number => (typeof kept === 'number' ? kept : 0)

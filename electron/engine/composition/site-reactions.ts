import type { Fault } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { driftWords, type FactDrift } from '../../../shared/model/site-profile.ts'
import { faultFrom } from '../base/errors.ts'
import type { Paused } from '../rule/rule-book.ts'
import type { TaskQueue } from '../queue/port.ts'
import type { ComposedParts } from './composed-parts.ts'
import { bucketKey } from '../rule/link.ts'
import type { SiteChange } from '../site/registry.ts'
import { pauseReason } from '../brake/pause.ts'
import type { BucketsChange } from '../link/buckets/bucket-watch.ts'
import type { Link } from '../link/link.ts'
import type { Guarded } from '../link/convergence/target-guard.ts'

/** Requests of one thread beyond a transfer per worker: tags, parts, listings. */
const spareSockets = 8
const usualLongOutageMs = 60_000
/** When a right is taken away, nearly everything is unknown at once. */
const driftsTold = 3

/** What the engine does when a site goes, comes back or is edited, and when a rule’s brake trips. */
export class SiteReactions {
  readonly #made: ComposedParts
  /** A source that was away for so long was perhaps written for elsewhere. */
  readonly #longOutageMs: number
  readonly #downSince = new Map<string, number>()
  /** Went away since they were opened. */
  readonly #gone = new Set<string>()

  constructor(made: ComposedParts, longOutageMs = usualLongOutageMs) {
    this.#made = made
    this.#longOutageMs = longOutageMs
  }

  /** Down: its links are held, their tasks stay ready. Back: what failed is due now, and a scan finds what was missed. */
  turned(siteId: string, state: 'online' | 'offline', fault: Fault | null): void {
    const { links, buckets, sites, now } = this.#made
    if (state === 'offline') buckets.wentAway(siteId)
    else buckets.lookSoon(siteId)
    const wasGone = this.#gone.delete(siteId)
    if (state === 'offline') this.#gone.add(siteId)
    if (state === 'offline') this.#downSince.set(siteId, this.#downSince.get(siteId) ?? now())
    else this.#lookAfterOutage(siteId)
    links.refresh()
    this.#made.changed('sites')
    this.#made.changed('rules')
    if (state === 'offline') {
      this.#made.tell('warning', 'site', `${sites.name(siteId)} is offline.`, { siteId, fault })
      return
    }
    this.#made.tell('info', 'site', `${sites.name(siteId)} is online.`, { siteId })
    void this.#returned(siteId, wasGone).catch((error: unknown) => this.#failed(siteId, error))
  }

  changed(siteId: string, change: SiteChange): void {
    const { pool, connections, links, dispatcher } = this.#made
    this.#made.changed('sites')
    if (change === 'health') return
    if (change === 'region') return this.#tellRegion(siteId)
    if (change === 'removed') {
      pool.forgetSite(siteId)
      connections.close(siteId)
    }
    if (change === 'created' || change === 'updated') this.#edited(siteId)
    if (change === 'capabilities') this.#made.feeds.sync()
    links.refresh()
    dispatcher.fill()
    this.#made.changed('rules')
  }

  /** Rules that stand on what was known before may do otherwise from now on. */
  drifted(siteId: string, drift: readonly FactDrift[]): void {
    const told = drift.slice(0, driftsTold).map(driftWords)
    const more = drift.length > told.length ? [`${drift.length - told.length} more are under Sites.`] : []
    const text = `${this.#made.sites.name(siteId)} is not as it was. ${[...told, ...more].join(' ')}`
    this.#made.tell('warning', 'site', text, { siteId })
  }

  /** The rule is held, and its pause on record: consoles, feeds and the operator hear of it. */
  braked({ id }: Rule, paused: Paused): void {
    this.#made.links.follow().catch((error: unknown) => this.#lost(error))
    this.#made.tell('warning', 'rule', `The brake paused rule ${id}: ${pauseReason(paused)}`, { ruleId: id })
  }

  /** What the look at a target found: the link goes on, or its rule needs a decision. */
  targetLooked({ ruleId, target }: Link, found: Guarded | null): void {
    const { links, dispatcher } = this.#made
    links.refresh()
    dispatcher.makeUrgentAgain()
    dispatcher.fill()
    this.#made.changed('rules')
    if (found?.state !== 'stopped') return
    const keys = `${found.isOver ? 'At least ' : ''}${found.count.toLocaleString('en')} ${found.count === 1 ? 'key' : 'keys'}`
    const text = `Rule ${ruleId} is stopped: ${keys} at ${bucketKey(target)} were written by others, and it would cover them.`
    this.#made.tell('warning', 'rule', text, { ruleId })
  }

  /** What the standing check found: the link is kept back, goes on, or there is something to be told. */
  bucketsLooked(link: Link, { notes, fault, renewed }: BucketsChange): void {
    const { links, identities, feeds, dispatcher } = this.#made
    const { ruleId, linkId, target } = link
    if (renewed) {
      identities.askAgain(target)
      feeds.scanAll([linkId])
    }
    links.refresh()
    dispatcher.fill()
    this.#made.changed('rules')
    for (const note of notes) this.#made.tell('warning', 'rule', `Rule ${ruleId}: ${note}`, { ruleId })
    // What holds it is told with all that the same cause holds.
    if (fault === null && renewed)
      this.#made.tell('info', 'rule', `Rule ${ruleId}: its buckets are as they should be.`, { ruleId })
  }

  /** Transfer threads get the site with its keys; one whose keys cannot be read stays out, and its links say why. */
  openInThreads(siteId: string): void {
    const { pool, sites, settings } = this.#made
    try {
      pool.site(sites.withKeys(siteId), settings.workers().limit + spareSockets)
    } catch (error) {
      this.#failed(siteId, error)
    }
  }

  #tellRegion(siteId: string): void {
    const { name, region, signsFor } = this.#made.sites.view(siteId)
    if (signsFor === null) {
      this.#made.tell('info', 'site', `${name} expects region ${region} again, as it is set.`, { siteId })
      return
    }
    const text = `${name} expects region ${signsFor}, and is set to ${region}: Lockstep signs as the site says. Take it over under Sites, or by: lockstep region ${siteId} ${signsFor}.`
    this.#made.tell('warning', 'site', text, { siteId })
  }

  /** Under another endpoint is another server: its links are held and their transfers ended before anything can reach it. */
  #edited(siteId: string): void {
    const { links, dispatcher } = this.#made
    this.#gone.delete(siteId)
    const moved = links.moved()
    if (moved.length > 0) links.refresh()
    for (const { linkId } of moved) dispatcher.cancelLink(linkId)
    this.#reopen(siteId)
    if (moved.length > 0) void links.follow().catch((error: unknown) => this.#failed(siteId, error))
  }

  #reopen(siteId: string): void {
    const { connections, links, identities, buckets } = this.#made
    connections.close(siteId)
    buckets.lookSoon(siteId)
    this.openInThreads(siteId)
    for (const link of links.ofSite(siteId)) if (link.target.site === siteId) identities.askAgain(link.target)
  }

  /** Its clients may have gone on at a target meanwhile: what they wrote there is not covered by what comes now. */
  #lookAfterOutage(siteId: string): void {
    const { rules, guard, now } = this.#made
    const since = this.#downSince.get(siteId)
    this.#downSince.delete(siteId)
    if (since === undefined || now() - since < this.#longOutageMs) return
    for (const rule of rules.ofSite(siteId))
      if (rule.source.site === siteId) guard.require(rule).catch((error: unknown) => this.#failed(siteId, error))
    guard.sync()
  }

  /** `wasGone`: what is being asked of its buckets may wait for an answer that never comes. After a start it does not: once is enough. */
  async #returned(siteId: string, wasGone: boolean): Promise<void> {
    const { sites, links, identities, queue, feeds, dispatcher, now } = this.#made
    await sites.probe(siteId)
    const affected = links.ofSite(siteId)
    for (const link of affected) {
      const state = link.target.site === siteId ? identities.state(link.target) : null
      if (state !== null && 'probing' in state && (wasGone || state.probing !== 'under-way'))
        identities.askAgain(link.target)
      await retryDelayed(link.linkId, queue, now())
    }
    feeds.siteReturned(siteId, affected)
    dispatcher.fill()
  }

  #lost(error: unknown): void {
    this.#made.log.error({ err: error }, 'What follows a pause could not be carried out.')
  }

  #failed(siteId: string, error: unknown): void {
    this.#made.tell('error', 'site', `The site ${siteId} cannot be used.`, {
      siteId,
      fault: faultFrom(error, { operation: 'Open', siteId }),
    })
  }
}

/** What waited for its backoff need not wait any longer. In steps: a long outage leaves many. What fails again meanwhile waits. */
async function retryDelayed(linkId: string, queue: TaskQueue, failedBy: number): Promise<void> {
  const filter = { ruleId: null, linkId, state: 'delayed', code: null, operation: null, search: '' } as const
  const step = 1000
  while ((await queue.retry({ filter, failedBy, because: 'resumed' }, step)).length === step);
}

import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { Tell } from '../api/activity.ts'
import { faultFrom } from '../errors.ts'
import type { TrippedBrake } from '../feed/link-brake.ts'
import type { Parts } from '../parts.ts'
import type { SiteChange } from '../site/registry.ts'
import { pauseOf } from './brake-words.ts'

/** Requests of one thread beyond a transfer per worker: tags, parts, listings. */
const spareSockets = 8

type SiteParts = Pick<
  Parts,
  | 'links'
  | 'feeds'
  | 'identities'
  | 'queue'
  | 'pool'
  | 'sites'
  | 'connections'
  | 'dispatcher'
  | 'rules'
  | 'settings'
  | 'now'
  | 'follow'
>

/** What the engine does when a site goes, comes back or is edited, and when a rule’s brake trips. */
export class SiteEvents {
  readonly #parts: () => SiteParts
  readonly #tell: Tell
  readonly #announce: (topic: LiveTopic) => void

  constructor(parts: () => SiteParts, tell: Tell, announce: (topic: LiveTopic) => void) {
    this.#parts = parts
    this.#tell = tell
    this.#announce = announce
  }

  /** Down: its links are held, their tasks stay ready. Back: what failed is due now, and a scan finds what was missed. */
  turned(siteId: string, state: 'online' | 'offline', fault: Fault | null): void {
    const { links, sites } = this.#parts()
    links.refresh()
    this.#announce('sites')
    this.#announce('rules')
    if (state === 'offline') {
      this.#tell('warning', 'site', `${sites.name(siteId)} is offline.`, { siteId, fault })
      return
    }
    this.#tell('info', 'site', `${sites.name(siteId)} is online.`, { siteId })
    void this.#returned(siteId).catch((error: unknown) => this.#failed(siteId, error))
  }

  changed(siteId: string, change: SiteChange): void {
    const { pool, connections, links, dispatcher } = this.#parts()
    this.#announce('sites')
    if (change === 'health') return
    if (change === 'removed') {
      pool.forgetSite(siteId)
      connections.close(siteId)
    }
    if (change === 'created' || change === 'updated') this.#edited(siteId)
    if (change === 'capabilities') this.#parts().feeds.sync(links.list())
    links.refresh()
    dispatcher.fill()
    this.#announce('rules')
  }

  /** Nothing more is handed out from this turn on, before the pause is on record; what is in flight may end. */
  async brakeTripped(rule: Rule, tripped: TrippedBrake): Promise<void> {
    const { rules, links, follow } = this.#parts()
    if (!rules.has(rule.id) || rules.get(rule.id).paused?.by === 'brake') return
    links.holdRule(rule.id)
    const paused = pauseOf(rule, tripped)
    await rules.pause(rule.id, paused)
    await follow()
    this.#tell('warning', 'rule', `The brake paused rule ${rule.id}: ${paused.reason}`, { ruleId: rule.id })
  }

  /** Transfer threads get the site with its keys; one whose keys cannot be read stays out, and its links say why. */
  openInThreads(siteId: string): void {
    const { pool, sites, settings } = this.#parts()
    try {
      pool.site(sites.withKeys(siteId), settings.workers().limit + spareSockets)
    } catch (error) {
      this.#failed(siteId, error)
    }
  }

  /** Under another endpoint is another server: its links are held and their transfers ended before anything can reach it. */
  #edited(siteId: string): void {
    const { links, dispatcher, follow } = this.#parts()
    const moved = links.moved()
    if (moved.length > 0) links.refresh()
    for (const { linkId } of moved) dispatcher.cancelLink(linkId)
    this.#reopen(siteId)
    if (moved.length > 0) void follow().catch((error: unknown) => this.#failed(siteId, error))
  }

  #reopen(siteId: string): void {
    const { connections, links, identities } = this.#parts()
    connections.close(siteId)
    this.openInThreads(siteId)
    for (const link of links.ofSite(siteId)) if (link.target.site === siteId) identities.askAgain(link.target)
  }

  async #returned(siteId: string): Promise<void> {
    const { sites, links, identities, queue, feeds, dispatcher } = this.#parts()
    await sites.probe(siteId)
    const affected = links.ofSite(siteId)
    for (const link of affected) {
      if (link.target.site === siteId && 'probing' in identities.state(link.target)) identities.askAgain(link.target)
      await retryDelayed(link.linkId, queue)
    }
    feeds.siteReturned(siteId, affected)
    dispatcher.fill()
  }

  #failed(siteId: string, error: unknown): void {
    this.#tell('error', 'site', `The site ${siteId} cannot be used.`, {
      siteId,
      fault: faultFrom(error, { operation: 'Open', siteId }),
    })
  }
}

/** What waited for its backoff need not wait any longer. In steps: a long outage leaves many. */
async function retryDelayed(linkId: string, queue: Parts['queue']): Promise<void> {
  const filter = { ruleId: null, linkId, state: 'delayed', code: null, operation: null, search: '' } as const
  const step = 1000
  while ((await queue.retry({ filter }, step)) === step);
}

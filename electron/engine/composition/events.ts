import { EventEmitter } from 'node:events'
import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import type { Config } from '../../../shared/model/config.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { FactDrift } from '../../../shared/model/site-profile.ts'
import type { Paused } from '../rule/rule-book.ts'
import type { BucketsChange } from '../link/buckets/bucket-watch.ts'
import type { Link } from '../link/link.ts'
import type { Guarded } from '../link/convergence/target-guard.ts'
import type { SiteChange } from '../site/registry.ts'

/**
 * What happens in the engine besides tasks. A part that is made early says so here, what is made later listens: so no part
 * reaches for one above it. Who listens to what stands in `reactions.ts`.
 */
export interface EngineEvents {
  /** Something that a console shows is another. */
  changed: [topic: LiveTopic]
  /** The rule book or the place of a site changed, and the links have followed; with the ids of those that went. */
  'links-followed': [gone: readonly string[]]
  'site-changed': [siteId: string, change: SiteChange]
  'site-turned': [siteId: string, state: 'online' | 'offline', fault: Fault | null]
  /** A probe found the site other than the one before did. */
  'site-drifted': [siteId: string, drift: readonly FactDrift[]]
  /** Notifications of the site were lost: a scan has to find what they told. */
  'site-gap': [siteId: string]
  /** The operator gave the workers other limits. */
  'workers-changed': [workers: Config['workers']]
  'sse-c-keys-changed': []
  /** The buckets of a link were looked at, and something about them is to be told or done. */
  'buckets-looked': [link: Link, change: BucketsChange]
  /** What a target can do is known, or known not to be. */
  'target-probed': []
  /** The look at what lies at a link's target has ended, or needs a decision. */
  'target-looked': [link: Link, found: Guarded | null]
  /** A brake has paused the rule: its links are held, and the pause is on record. */
  braked: [rule: Rule, paused: Paused]
}

export type EngineEmitter = EventEmitter<EngineEvents>

export const createEngineEvents = (): EngineEmitter => new EventEmitter<EngineEvents>()

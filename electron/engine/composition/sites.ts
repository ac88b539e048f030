import { ofLink } from '../journal/kept-books.ts'
import { FeedConnections } from '../link/feeds/feed-connections.ts'
import { LinkBook } from '../link/link-book.ts'
import { createSites, type Sites } from '../site/registry.ts'
import { SseCKeys } from '../site/sse-c-keys.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { ObjectStore } from '../store/port.ts'
import { withSseCKeys } from '../store/with-sse-c-keys.ts'
import type { EngineOptions } from './options.ts'
import { createStore } from '../store/s3-store.ts'
import type { Ground } from './ground.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'

/** The sites, with the keys of their clients, and the links that were opened between them. */
export interface JoinedSites {
  readonly sites: Sites
  readonly linkBook: LinkBook
  readonly connections: FeedConnections
  readonly sseCKeys: SseCKeys
  /** The site’s store with the keys of clients that the rule names. */
  readonly keyedStore: (siteId: string, rule: Pick<Rule, 'fidelity'>) => ObjectStore
}

/** Connections of the main thread to one site: probes, wizard, comparisons. Transfers have their own, per thread. */
const mainSockets = 32

export function joinSites(
  { credentials, environment, timeouts }: EngineOptions,
  { journal, events, kept, network, clock, random, now, changed, rules }: Ground & Notices & Records,
): JoinedSites {
  const sites = createSites({
    records: journal.records,
    credentials,
    environment,
    openStore: (site, keys, onRegion, onRequest) =>
      createStore({ site, keys, sockets: mainSockets, timeouts, onRegion, onRequest }),
    network,
    clock,
    random,
    usedBy: (siteId) => rules.ofSite(siteId).map(({ id }) => id),
    onChange: (siteId, change) => void events.emit('site-changed', siteId, change),
    onTransition: (siteId, state, fault) => void events.emit('site-turned', siteId, state, fault),
    onDrift: (siteId, drift) => void events.emit('site-drifted', siteId, drift),
  })
  const sseCKeys = new SseCKeys({
    records: journal.records,
    credentials,
    environment,
    usedBy: (name) => rules.rules().flatMap(({ id, fidelity }) => (fidelity.sseCKeys.includes(name) ? [id] : [])),
    onChange: () => {
      events.emit('sse-c-keys-changed')
      changed('settings')
    },
    now,
  })
  return {
    sites,
    sseCKeys,
    keyedStore: (siteId, { fidelity }) => withSseCKeys(sites.store(siteId), fidelity.sseCKeys, sseCKeys.all()),
    linkBook: new LinkBook({
      records: journal.records,
      sources: kept.sources,
      keptByLink: ofLink(kept),
      endpoint: (siteId) => (sites.has(siteId) ? sites.get(siteId).endpoint : null),
      now,
    }),
    connections: new FeedConnections(sites, now),
  }
}

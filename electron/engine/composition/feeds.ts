import { openWebhook, type Webhook } from '../feed/webhook.ts'
import { createSchedule } from '../scan/schedule.ts'
import { AttributePasses } from '../link/feeds/attribute-passes.ts'
import { FirstCopies } from '../link/state/first-copy.ts'
import { tellsOfTags } from '../link/feeds/change-streams.ts'
import { LinkFeeds } from '../link/feeds/link-feeds.ts'
import { carriedAcl } from '../replicate/fidelity/acl.ts'
import type { EngineOptions } from './options.ts'
import type { Ground } from './ground.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'
import type { JoinedIntake } from './intake.ts'
import type { JoinedLinks } from './links.ts'

/** Where changes come from. */
export interface Feeds {
  readonly webhook: Webhook | null
  readonly feeds: LinkFeeds
  readonly firstCopies: FirstCopies
  readonly attributePasses: AttributePasses
}

type PartsForFeeds = Ground & Notices & Records & JoinedSites & JoinedLinks & JoinedIntake

export async function joinFeeds({ credentials }: EngineOptions, made: PartsForFeeds): Promise<Feeds> {
  const firstCopies = joinFirstCopies(made)
  const webhook = await joinWebhook(credentials, made)
  const feeds = joinLinkFeeds(made, webhook, firstCopies)
  return { webhook, feeds, firstCopies, attributePasses: joinAttributePasses(made) }
}

function joinFirstCopies({ journal, kept, links, sites, tell, now }: PartsForFeeds): FirstCopies {
  return new FirstCopies({
    atOnce: journal.atOnce,
    marks: kept.firstCopies,
    link: (linkId) => links.get(linkId),
    siteName: (siteId) => sites.name(siteId),
    tell,
    now,
  })
}

function joinWebhook(
  credentials: EngineOptions['credentials'],
  { journal, settings, intake, sites, events, now }: PartsForFeeds,
): Promise<Webhook | null> {
  return openWebhook(
    settings.notifications,
    { records: journal.records, credentials },
    {
      intake,
      now,
      knowsSite: (siteId) => sites.has(siteId),
      onGap: (siteId) => void events.emit('site-gap', siteId),
    },
  )
}

function joinLinkFeeds(made: PartsForFeeds, webhook: Webhook | null, firstCopies: FirstCopies): LinkFeeds {
  const { journal, intake, brakes, linkBook, sites, connections, links, pool, convergence } = made
  const { keyedStore, clock, random, changed } = made
  return new LinkFeeds({
    links: () => links.list(),
    atOnce: journal.atOnce,
    versions: journal.versions,
    scans: journal.scans,
    intake,
    brakes,
    schedule: createSchedule({
      clock,
      onChange: () => changed('rules'),
      onLooked: (linkId) => firstCopies.scanned(linkId),
    }),
    webhook,
    connections,
    order: (linkId) => links.order(linkId),
    isShared: (identity) => linkBook.isShared(identity),
    store: (siteId, rule) => keyedStore(siteId, rule),
    watch: (link) => convergence.watch(link),
    list: (siteId, request, signal) => pool.list(siteId, request, signal),
    capabilities: (siteId) => sites.capabilities(siteId),
    health: (siteId) => sites.health(siteId),
    clock,
    random,
    onChange: () => changed('rules'),
  })
}

function joinAttributePasses(made: PartsForFeeds): AttributePasses {
  const { journal, kept, links, sites, pool, keyedStore, intake, clock } = made
  return new AttributePasses({
    versions: journal.versions,
    atOnce: journal.atOnce,
    marks: kept.attributes,
    links: () => links.list(),
    isOpen: ({ linkId }) => links.isOpen(linkId),
    isTwoWay: (link) => links.opposites(link).length > 0,
    leavesOutTags: ({ linkId }) => links.order(linkId)?.fidelity['refused-tags'] === 'not-kept',
    carriedAcl: ({ linkId }) => {
      const order = links.order(linkId)
      return order === null ? null : carriedAcl(order)
    },
    tellsOfTags: (siteId) => tellsOfTags(sites.capabilities(siteId)),
    list: (siteId, request, signal) => pool.list(siteId, request, signal),
    store: (siteId, rule) => keyedStore(siteId, rule),
    intake,
    clock,
  })
}

import type { Overview } from '../../../shared/model/overview.ts'
import { overviewOf } from '../api/overview.ts'
import { LiveUpdates } from '../api/live-updates.ts'
import { driftCauses } from '../../../shared/model/bucket-drift.ts'
import { heldCauses } from '../../../shared/model/sync-state.ts'
import type { CauseWatch } from '../link/causes/cause-watch.ts'
import { driftWatch } from '../link/causes/drift-watch.ts'
import { heldWatch } from '../link/causes/held-watch.ts'
import { parkedWatch } from '../link/causes/parked-watch.ts'
import { LinkViews } from '../link/state/link-views.ts'
import { LinkSampler } from '../metrics/link-sample.ts'
import { createSeries, type Series } from '../metrics/series.ts'
import type { Feeds } from './feeds.ts'
import type { Ground } from './ground.ts'
import type { JoinedIntake } from './intake.ts'
import type { JoinedLinks } from './links.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'
import type { Transfers } from './transfers.ts'

/** What the operator sees of the parts. */
export interface Views {
  readonly views: LinkViews
  readonly overview: () => Overview
  readonly series: Series
  readonly liveUpdates: LiveUpdates
  /** Tell what stands in the way of many, once. */
  readonly causeWatches: readonly Pick<CauseWatch<never>, 'start' | 'stop'>[]
}

type PartsForViews = Ground & Notices & Records & JoinedSites & JoinedLinks & JoinedIntake & Transfers & Feeds

const transfersShown = 200

export function joinViews(made: PartsForViews): Views {
  const views = joinLinkViews(made)
  const { links, buckets, dispatcher, eventLoop, startedAt, now, journal, tell, clock } = made
  const shown = (): Overview['links'] => links.list().map((link) => views.view(link))
  const watched = { records: journal.records, tell, clock }
  const overview = (): Overview =>
    overviewOf({
      links: shown,
      workers: () => dispatcher.busy(),
      eventLoopDelayP99Ms: () => eventLoop.p99Ms(now()),
      startedAt,
      now,
    })
  return {
    views,
    causeWatches: [
      heldWatch({ causes: () => heldCauses(shown()), ...watched }),
      driftWatch({
        causes: () => driftCauses(links.list().map((link) => ({ ruleId: link.ruleId, drift: buckets.drift(link) }))),
        ...watched,
      }),
      joinParkedWatch(made),
    ],
    overview,
    liveUpdates: new LiveUpdates(
      () => ({ overview: overview(), transfers: dispatcher.transfers(transfersShown) }),
      now,
    ),
    series: joinSeries(made),
  }
}

function joinLinkViews({
  journal,
  links,
  convergence,
  guard,
  buckets,
  attributePasses,
  rates,
  identities,
  sites,
  dispatcher,
  feeds,
  firstCopies,
  now,
  changed,
}: PartsForViews): LinkViews {
  journal.state.onFault(() => changed('rules'))
  return new LinkViews({
    atOnce: journal.atOnce,
    rates,
    identities,
    sites,
    convergence: (link) => convergence.of(link),
    guarded: (link) => guard.of(link),
    attributes: (link) => attributePasses.view(link),
    buckets,
    refusal: (ruleId) => links.refusal(ruleId),
    inFlight: (linkId) => dispatcher.inFlight(linkId),
    feeds: (link) => feeds.views(link),
    events: (link) => feeds.events(link),
    looked: (link) => feeds.looked(link),
    firstCopyEndedAt: (linkId) => firstCopies.endedAt(linkId),
    journalFault: () => journal.state.fault(),
    now,
  })
}

function joinParkedWatch({ journal, links, sites, tell, clock }: PartsForViews): Views['causeWatches'][number] {
  return parkedWatch({
    records: journal.records,
    failures: () => journal.tasks.parkedCauses(),
    onFailures: (listener) => journal.tasks.onFailures(listener),
    ruleOf: (linkId) => links.get(linkId)?.ruleId ?? null,
    siteName: (siteId) => sites.name(siteId),
    elapsedMs: () => performance.now(),
    tell,
    clock,
  })
}

function joinSeries({ journal, links, queue, rates, sites, now, clock }: PartsForViews): Series {
  const sampler = new LinkSampler({ atOnce: journal.atOnce, rates, counts: (linkId) => queue.counts(linkId) })
  const rttMs = (siteId: string): number | null => sites.health(siteId).rttMs?.current ?? null
  return createSeries({
    history: journal.history,
    read: () => links.list().map((link) => sampler.sample(link.linkId, rttMs(link.target.site), now())),
    now,
    timers: clock,
  })
}

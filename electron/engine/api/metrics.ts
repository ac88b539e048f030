import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { LinkView } from '../../../shared/model/rule.ts'
import { isHeld, isInStep, isOnline } from '../../../shared/model/sync-state.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import { metricsText, type LinkMetrics, type SiteMetrics } from '../metrics/text.ts'
import type { Overview } from '../../../shared/model/overview.ts'
import type { HistoryStore } from '../journal/port/history.ts'
import type { Sites } from '../site/registry.ts'
import type { StrayNotes } from './stray-notes.ts'

export interface MetricsParts {
  readonly history: Pick<HistoryStore, 'notKept'>
  readonly overview: () => Overview
  readonly sites: Pick<Sites, 'get' | 'list'>
  readonly strays: Pick<StrayNotes, 'count'>
  readonly now: () => number
}

export function metricsApi(
  { history, overview, sites, strays, now }: MetricsParts,
  version: string,
): EngineApi['metrics'] {
  return {
    async text() {
      const { links, held, workers, eventLoopDelayP99Ms } = overview()
      const endpointOf = (link: LinkView): string => sites.get(link.target.site).endpoint
      return metricsText({
        version,
        workers,
        eventLoopDelayP99Ms,
        strayErrors: strays.count,
        held,
        links: await Promise.all(
          links.map(async (link) => linkMetrics(link, endpointOf(link), await history.notKept(link.linkId))),
        ),
        sites: sites.list().map((site) => siteMetrics(site, now())),
      })
    },
  }
}

function linkMetrics(link: LinkView, endpoint: string, notKept: LinkMetrics['notKept']): LinkMetrics {
  const { linkId, source, target, backlogCount, backlogBytes, parked, failuresLastHour, asOf, oldestPendingAt } = link
  return {
    linkId,
    endpoint,
    sourceBucket: source.bucket,
    targetBucket: target.bucket,
    backlogCount,
    backlogBytes,
    parked,
    notConverging: link.notConverging,
    notKept,
    attributesAgeSeconds: ageOf(link.attributes?.last?.endedAt ?? null, asOf),
    bucketsAgeSeconds: ageOf(link.bucketsAskedAt, asOf),
    bucketDrifts: link.drift.length,
    inStep: isInStep(link),
    heldSeconds: isHeld(link.state) ? Math.max(0, (asOf - link.stateSince) / 1000) : 0,
    unknownSeconds: link.unknown === null ? 0 : Math.max(0, (asOf - link.unknown.since) / 1000),
    isBacklogKnown: link.unknown === null,
    eventsUnavailable: link.events.kind === 'unavailable',
    failuresLastHour,
    oldestPendingSeconds: oldestPendingAt === null ? 0 : Math.max(0, (asOf - oldestPendingAt) / 1000),
    sentCount: link.settledCount,
    sentBytes: link.settledBytes,
    bytesPerSecond: link.bytesPerSecond,
    objectsPerSecond: link.objectsPerSecond,
  }
}

const ageOf = (at: number | null, now: number): number | null => (at === null ? null : Math.max(0, (now - at) / 1000))

function siteMetrics({ id, endpoint, health }: SiteView, now: number): SiteMetrics {
  return {
    siteId: id,
    endpoint,
    online: health.state === 'unknown' ? null : isOnline(health),
    offlineSeconds: health.downSince === null ? 0 : (now - health.downSince) / 1000,
    downtimeSeconds: health.totalDownMs / 1000,
    rttMs: health.rttMs,
    clockSkewSeconds: health.clockSkewMs === null ? null : health.clockSkewMs / 1000,
  }
}

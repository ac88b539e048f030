import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { Overview } from '../../../shared/model/overview.ts'
import type { EngineSettings } from '../config/settings.ts'
import type { Jobs } from '../job/jobs.ts'
import type { ReadsAtOnce } from '../journal/port/tasks.ts'
import type { Links } from '../link/links.ts'
import type { TaskQueue } from '../queue/port.ts'
import type { Sites } from '../site/registry.ts'
import type { StrayNotes } from './stray-notes.ts'

export interface DiagnosticsParts {
  readonly atOnce: Pick<ReadsAtOnce, 'handedOut'>
  readonly overview: () => Overview
  readonly strays: Pick<StrayNotes, 'count'>
  readonly settings: Pick<EngineSettings, 'workers'>
  readonly queue: Pick<TaskQueue, 'counts'>
  readonly links: Pick<Links, 'order'>
  readonly sites: Pick<Sites, 'list'>
  readonly jobs: Pick<Jobs, 'list'>
}

/** One report for the operator and for us. Made of numbers, states and codes: no endpoint's keys, no object's key. */
export function diagnosticsApi(parts: DiagnosticsParts, version: string): EngineApi['diagnostics'] {
  return {
    get() {
      const overview = parts.overview()
      const report = {
        version: version,
        runtime: { node: process.versions.node, sqlite: process.versions.sqlite, platform: process.platform },
        memoryBytes: process.memoryUsage.rss(),
        eventLoopDelayP99Ms: overview.eventLoopDelayP99Ms,
        strayErrors: parts.strays.count,
        workers: { ...overview.workers, ...parts.settings.workers() },
        handedOutSeq: parts.atOnce.handedOut(),
        links: overview.links.map((link) => ({
          ...link,
          queue: parts.queue.counts(link.linkId),
          order: parts.links.order(link.linkId)?.identity ?? null,
        })),
        sites: parts.sites.list().map(({ id, health, capabilities, paused }) => ({ id, paused, health, capabilities })),
        jobs: parts.jobs.list(),
      }
      return { asOf: overview.asOf, text: JSON.stringify(report, null, 2) }
    },
  }
}

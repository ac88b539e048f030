import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { Parts } from '../parts.ts'
import type { EngineOptions } from '../start.ts'

/** One report for the operator and for us. Made of numbers, states and codes: no endpoint's keys, no object's key. */
export function diagnosticsApi(parts: Parts, options: EngineOptions): EngineApi['diagnostics'] {
  return {
    get() {
      const overview = parts.overview()
      const report = {
        version: options.version,
        runtime: { node: process.versions.node, sqlite: process.versions.sqlite, platform: process.platform },
        memoryBytes: process.memoryUsage.rss(),
        eventLoopDelayP99Ms: overview.eventLoopDelayP99Ms,
        strayErrors: parts.strays.count,
        workers: { ...overview.workers, ...parts.settings.workers() },
        handedOutSeq: parts.journal.handedOut(),
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

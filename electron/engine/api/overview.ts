import type { Overview } from '../../../shared/model/overview.ts'
import type { LinkView } from '../../../shared/model/rule.ts'
import { heldCauses } from '../../../shared/model/sync-state.ts'

interface OverviewParts {
  readonly links: () => readonly LinkView[]
  readonly workers: () => Overview['workers']
  readonly eventLoopDelayP99Ms: () => number
  readonly startedAt: number
  readonly now: () => number
}

/** Everything the first page shows, read at one instant. */
export function overviewOf(parts: OverviewParts): Overview {
  const links = parts.links()
  return {
    asOf: parts.now(),
    startedAt: parts.startedAt,
    links,
    held: heldCauses(links),
    workers: parts.workers(),
    totals: totalsOf(links),
    eventLoopDelayP99Ms: parts.eventLoopDelayP99Ms(),
  }
}

function totalsOf(links: readonly LinkView[]): Overview['totals'] {
  const sum = (
    field: 'backlogCount' | 'backlogBytes' | 'failing' | 'parked' | 'objectsPerSecond' | 'bytesPerSecond',
  ): number => links.reduce((total, link) => total + link[field], 0)
  const pending = links.flatMap((link) => link.oldestPendingAt ?? [])
  return {
    backlogCount: sum('backlogCount'),
    backlogBytes: sum('backlogBytes'),
    oldestPendingAt: pending.length === 0 ? null : Math.min(...pending),
    failing: sum('failing'),
    parked: sum('parked'),
    objectsPerSecond: sum('objectsPerSecond'),
    bytesPerSecond: sum('bytesPerSecond'),
  }
}

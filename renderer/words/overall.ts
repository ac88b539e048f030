import type { Overview } from '../../shared/model/overview.ts'
import { countOf } from './format.ts'
import { shownKind, type Tone } from './link-words.ts'

export interface Overall {
  readonly tone: Tone
  readonly sentence: string
}

/** What clients of the gateway meet. */
interface Promised {
  /** Rules that keep less than they promised. */
  readonly degraded: number
  /** The gateway should listen and cannot. */
  readonly deaf: boolean
}

const kept: Promised = { degraded: 0, deaf: false }

/** The state of everything in one sentence. Counts rules, not links: a rule is behind when any of its links is. */
export function overallOf(overview: Pick<Overview, 'links' | 'totals'>, { degraded, deaf } = kept): Overall {
  if (overview.links.length === 0 && !deaf) return { tone: 'quiet', sentence: 'No rules yet' }
  const attention = overview.totals.failing + overview.totals.parked
  const behind = rulesWhere(overview, (link) => link.backlogCount > 0)
  const paused = rulesWhere(overview, ({ state }) => shownKind(state) === 'paused')
  const apart = rulesWhere(overview, (link) => link.notConverging > 0)
  const stopped = rulesWhere(overview, ({ state }) => shownKind(state) === 'stopped')
  const parts = [
    deaf ? 'Gateway does not listen' : null,
    degraded > 0 ? `${countOf(degraded, 'rule')} degraded` : null,
    stopped > 0 ? `${countOf(stopped, 'rule')} stopped` : null,
    apart > 0 ? `${countOf(apart, 'rule does', 'rules do')} not converge` : null,
    behind > 0 ? `${countOf(behind, 'rule')} behind` : null,
    paused > 0 ? `${countOf(paused, 'rule')} paused` : null,
    attention > 0 ? `${countOf(attention, 'item needs', 'items need')} attention` : null,
  ].filter((part) => part !== null)
  const failing =
    deaf ||
    degraded > 0 ||
    attention > 0 ||
    stopped > 0 ||
    apart > 0 ||
    overview.links.some((link) => link.state.kind === 'failing')
  if (parts.length === 0) return failing ? { tone: 'bad', sentence: 'A rule is failing' } : allGood(overview)
  return { tone: failing ? 'bad' : behind > 0 ? 'busy' : 'quiet', sentence: parts.join(', ') }
}

function allGood(overview: Pick<Overview, 'links'>): Overall {
  const waiting = rulesWhere(overview, (link) => link.state.kind === 'waiting')
  if (waiting > 0) return { tone: 'waiting', sentence: `${countOf(waiting, 'rule')} waiting` }
  return { tone: 'good', sentence: 'All in step' }
}

function rulesWhere(overview: Pick<Overview, 'links'>, holds: (link: Overview['links'][number]) => boolean): number {
  return new Set(overview.links.filter(holds).map((link) => link.ruleId)).size
}

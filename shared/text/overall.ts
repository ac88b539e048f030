import type { Overview } from '../model/overview.ts'
import { driftCauses } from '../model/bucket-drift.ts'
import type { LinkView } from '../model/rule.ts'
import { heldCauses, isBehind, isHeld, isInStep, kindOf } from '../model/sync-state.ts'
import { countOf } from './count.ts'

export type Tone = 'good' | 'busy' | 'waiting' | 'bad' | 'quiet'

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
type OverallInput = Pick<Overview, 'links' | 'totals'>

/**
 * The state of everything in one sentence, the worst first: for console, tray and command line. Counts rules, not links: a
 * rule is behind when any of its links is. Good only when all that is to be kept in step is known to be.
 */
export function overallOf(overview: OverallInput, promised = kept): Overall {
  const { links } = overview
  if (links.length === 0 && !promised.deaf) return { tone: 'quiet', sentence: 'No rules yet' }
  const bad = badParts(overview, promised)
  const soft = softParts(overview)
  const behind = rulesWhere(links, isBehind)
  const parts = [...bad, ...(behind > 0 ? [`${countOf(behind, 'rule')} behind`] : []), ...soft.map(({ text }) => text)]
  if (parts.length > 0) {
    const tone = bad.length > 0 ? 'bad' : soft.some(({ tone: of }) => of === 'waiting') ? 'waiting' : 'busy'
    return { tone: tone === 'busy' && behind === 0 ? 'quiet' : tone, sentence: parts.join(', ') }
  }
  return restOf(links)
}

function badParts({ links, totals }: OverallInput, { degraded, deaf }: Promised): readonly string[] {
  const attention = totals.failing + totals.parked
  const count = rulesWhere(links, ({ state }) => isHeld(state))
  const stopped = rulesWhere(links, ({ state }) => kindOf(state) === 'stopped')
  const apart = rulesWhere(links, (link) => link.notConverging > 0)
  const failing = rulesWhere(links, ({ state }) => state.kind === 'failing')
  return [
    ...(deaf ? ['Gateway does not listen'] : []),
    ...(count > 0 ? [`${countOf(count, 'rule')} held by ${countOf(heldCauses(links).length, 'cause')}`] : []),
    ...(stopped > 0 ? [`${countOf(stopped, 'rule')} stopped`] : []),
    ...(degraded > 0 ? [`${countOf(degraded, 'rule')} degraded`] : []),
    ...(apart > 0 ? [`${countOf(apart, 'rule does', 'rules do')} not converge`] : []),
    ...(attention > 0 ? [`${countOf(attention, 'item needs', 'items need')} attention`] : []),
    ...(attention === 0 && failing > 0 ? [`${countOf(failing, 'rule')} failing`] : []),
  ]
}

/** What is no fault, and keeps everything from being good. */
function softParts({ links }: OverallInput): readonly { readonly text: string; readonly tone: Tone }[] {
  const deafTo = rulesWhere(
    links,
    ({ events, state }) => events.kind === 'unavailable' && !['disabled', 'held'].includes(kindOf(state)),
  )
  const drifts = driftCauses(links).length
  const waiting = rulesWhere(links, (link) => isWaiting(link) && !isBehind(link))
  const paused = rulesWhere(links, ({ state }) => kindOf(state) === 'paused')
  return [
    ...(deafTo > 0 ? [{ text: `${countOf(deafTo, 'rule')} without events`, tone: 'waiting' as const }] : []),
    ...(drifts > 0 ? [{ text: countOf(drifts, 'changed bucket'), tone: 'waiting' as const }] : []),
    ...(waiting > 0 ? [{ text: `${countOf(waiting, 'rule')} not known yet`, tone: 'waiting' as const }] : []),
    ...(paused > 0 ? [{ text: `${countOf(paused, 'rule')} paused`, tone: 'quiet' as const }] : []),
  ]
}

const isWaiting = ({ state, unknown }: LinkView): boolean =>
  state.kind === 'waiting' || (unknown !== null && !['held', 'disabled', 'paused', 'stopped'].includes(kindOf(state)))

function restOf(links: readonly LinkView[]): Overall {
  const wanted = links.filter(({ state }) => state.kind !== 'disabled')
  if (wanted.length === 0) return { tone: 'quiet', sentence: 'All rules switched off' }
  const off = rulesWhere(links, ({ state }) => state.kind === 'disabled')
  const aside = off === 0 ? '' : `, ${countOf(off, 'rule')} switched off`
  if (wanted.every(isInStep)) return { tone: 'good', sentence: `All in step${aside}` }
  return {
    tone: 'busy',
    sentence: `${countOf(
      rulesWhere(wanted, (link) => !isInStep(link)),
      'rule',
    )} copying`,
  }
}

function rulesWhere(links: readonly LinkView[], holds: (link: LinkView) => boolean): number {
  return new Set(links.filter(holds).map((link) => link.ruleId)).size
}

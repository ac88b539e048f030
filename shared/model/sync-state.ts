import type { FaultCode } from './fault.ts'
import type { Elsewhere, HeldBy, LinkState, LinkView } from './rule.ts'
import type { SiteHealth } from './site.ts'

/*
 * The words that say how things stand, each defined once: engine, gateway, command line, metrics and console ask here.
 */

export type StateKind = LinkState['kind']

/** The state as it is meant: the pause of a brake is a stop, because only a decision ends it. */
export function kindOf(state: LinkState): StateKind {
  return state.kind === 'paused' && state.by === 'brake' ? 'stopped' : state.kind
}

/** *In step*: every change that the source has is at the target, and that is known. */
export const isInStep = ({
  state,
  unknown,
  backlogCount,
}: Pick<LinkView, 'state' | 'unknown' | 'backlogCount'>): boolean =>
  state.kind === 'in-step' && unknown === null && backlogCount === 0

/** *Behind*: at least one change has not arrived. */
export const isBehind = ({ backlogCount }: Pick<LinkView, 'backlogCount'>): boolean => backlogCount > 0

/** *Held*: nothing moves or nothing can be seen, though everybody wants it to. */
export const isHeld = (state: LinkState): state is Extract<LinkState, { kind: 'held' }> => state.kind === 'held'

const still: ReadonlySet<StateKind> = new Set(['held', 'stopped', 'waiting', 'paused', 'disabled'])

/** *Stands still*: no change goes to the target now, whoever wants that. */
export const standsStill = (state: LinkState): boolean => still.has(kindOf(state))

/** *Online*: the last probes were answered, and the keys were taken. A site that was not probed is neither. */
export const isOnline = ({ state }: Pick<SiteHealth, 'state'>): boolean => state === 'online'

/** *Settled*: all was looked at and can be seen, nothing waits or is held, and time has nothing left to bring together. */
export const isSettled = (at: {
  readonly seen: boolean
  readonly pending: number
  readonly unknown: number
  readonly held: number
  readonly notConverging: number
}): boolean => at.seen && at.pending + at.unknown + at.held + at.notConverging === 0

/** One cause, and every link that it holds. */
export interface HeldCause {
  /** The same as long as the cause is; no other has it. */
  readonly id: string
  readonly what: HeldBy['what']
  readonly code: FaultCode
  readonly siteId: string | null
  readonly siteName: string | null
  readonly elsewhere: Elsewhere | null
  /** What exactly happened at the first of the links, and what to do. */
  readonly reason: string
  readonly remedy: string
  readonly since: number
  readonly linkIds: readonly string[]
  readonly ruleIds: readonly string[]
}

const causeId = ({ what, code, siteId, elsewhere }: HeldBy): string =>
  [what, code, siteId ?? '', elsewhere?.region ?? '', elsewhere?.endpoint ?? ''].join('/')

/** What holds these links: each cause once, the one that holds most first. */
export function heldCauses(
  links: readonly Pick<LinkView, 'linkId' | 'ruleId' | 'state' | 'stateSince'>[],
): readonly HeldCause[] {
  const causes = new Map<string, HeldCause & { linkIds: string[]; ruleIds: string[] }>()
  for (const { linkId, ruleId, state, stateSince } of links) {
    if (!isHeld(state)) continue
    const { by, reason, remedy } = state
    const id = causeId(by)
    const known = causes.get(id)
    if (known === undefined) {
      causes.set(id, { id, ...by, reason, remedy, since: stateSince, linkIds: [linkId], ruleIds: [ruleId] })
      continue
    }
    known.linkIds.push(linkId)
    if (known.ruleIds.at(-1) !== ruleId && !known.ruleIds.includes(ruleId)) known.ruleIds.push(ruleId)
    if (stateSince < known.since) causes.set(id, { ...known, since: stateSince })
  }
  return [...causes.values()].toSorted((a, b) => b.linkIds.length - a.linkIds.length || (a.id < b.id ? -1 : 1))
}

import { faultText, sentence } from '../text/sentence.ts'
import type { Fault } from './fault.ts'

/** How the tags and locks of what a link copied are compared again, and when that was last done. */
export interface AttributesView {
  /** Versions compared a second; null: switched off. */
  readonly perSecond: number | null
  /** The source sends an event when tags or locks change; the pass finds what was missed. */
  readonly eventsTell: boolean
  readonly state: 'off' | 'waiting' | 'looking' | 'fault'
  readonly fault: Fault | null
  /** The round under way; epoch ms. */
  readonly round: { readonly startedAt: number; readonly versions: number; readonly differences: number } | null
  /** The last round that went over everything; epoch ms. What was changed before it began was found by it. */
  readonly last: {
    readonly startedAt: number
    readonly endedAt: number
    readonly versions: number
    readonly differences: number
  } | null
  /** Versions that alone could not be read, in the round under way or the last. */
  readonly unseen: number
  readonly unseenFault: Fault | null
  /** How long a round takes at this rate, by the versions of the last; null before the first has ended. */
  readonly roundMs: number | null
}

interface Words {
  readonly now: number
  /** A length of time in words. */
  readonly duration: (ms: number) => string
}

/** When tags and locks were last looked at, and how long a round takes, in one line. */
export function attributesLine(view: AttributesView, { now, duration }: Words): string {
  const { perSecond, round, last, roundMs, unseen, fault } = view
  if (perSecond === null)
    return view.eventsTell
      ? 'Tags and locks are compared by events alone; what an event missed, a resync finds.'
      : 'Tags and locks that change after the copy are found by a resync alone: the slow pass is switched off.'
  const pace = `${perSecond.toLocaleString('en')} a second`
  const looked =
    last === null
      ? `Tags and locks: the first round is ${round === null ? 'yet to begin' : `under way, ${round.versions.toLocaleString('en')} versions so far`}, at ${pace}.`
      : `Tags and locks last looked at ${duration(now - last.endedAt)} ago; one round takes about ${duration(roundMs ?? 0)} at ${pace}.`
  const missed =
    unseen === 0
      ? ''
      : ` ${unseen.toLocaleString('en')} could not be read: ${sentence(view.unseenFault?.message ?? 'see the next round')}`
  const stands = fault === null ? '' : ` It stands still: ${faultText(fault)}`
  return `${looked}${missed}${stands}`
}

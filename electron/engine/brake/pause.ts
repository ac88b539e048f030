import type { Rule } from '../../../shared/model/rule.ts'
import type { TrippedBrake } from './link-brake.ts'
import type { Paused } from '../rule/rule-book.ts'

/** How the pause that a brake sets is explained: the numbers; the last clean moment is in its report. Pure. */
export function pauseOf(rule: Rule, tripped: TrippedBrake): Paused {
  const { kind, trip, keys } = tripped
  // Listings may be coarse to the second, and the moment itself must lie before the first change.
  const lastCleanAt = Math.floor((trip.from - 1) / 1000) * 1000
  return { by: 'brake', reason: whatCame(rule, tripped), at: trip.at, brake: { kind, keys: [...keys], lastCleanAt } }
}

/** With the last clean moment, for whoever does not see the report beside it. */
export function pauseReason({ reason, brake }: Pick<Paused, 'reason' | 'brake'>): string {
  // An older engine wrote the moment into the reason.
  if (brake === undefined || reason.includes('The last moment before them')) return reason
  return `${reason} The last moment before them was ${timeText(brake.lastCleanAt)}.`
}

function whatCame(rule: Rule, tripped: TrippedBrake): string {
  if (tripped.kind === 'overwrites') {
    const { count, live } = tripped.trip
    const of = live === null ? '' : ` of ${countText(live)}`
    return (
      `${countText(count)}${of} objects were overwritten within ${within(rule.overwriteBrake)} with content that looks encrypted: ` +
      'it was text or of a known type before, and is neither now. What was copied until then lies above the older ' +
      'versions; those are still there, at the source and at the target.'
    )
  }
  const { deletes, changes, of } = tripped.trip
  const held = of === null ? '' : `, of the ${countText(of.count)} ${of.what} that the bucket held`
  return `${countText(deletes)} of ${countText(changes)} changes within ${within(rule.deleteBrake)} were deletes${held}.`
}

function within(brake: { readonly windowMs: number } | null): string {
  const minutes = Math.round((brake?.windowMs ?? 0) / 60_000)
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}

const countText = (number: number): string => number.toLocaleString('en')

/** `2026-03-01 10:00:00 UTC`: the same for whoever reads it. */
const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

import type { BrakeReport } from '../../../shared/model/brake.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { TrippedBrake } from '../feed/brakes.ts'
import type { Paused } from './rule-book.ts'

/** How the pause that a brake sets is explained: numbers first, then the last clean moment. Pure. */
export function pauseOf(rule: Rule, { trip, keys }: TrippedBrake): Paused {
  // Listings may be coarse to the second, and the moment itself must lie before the first change.
  const lastCleanAt = Math.floor((trip.from - 1) / 1000) * 1000
  const minutes = Math.round((rule.deleteBrake?.windowMs ?? 0) / 60_000)
  const within = minutes === 1 ? '1 minute' : `${minutes} minutes`
  const of = trip.of === null ? '' : `, of the ${count(trip.of.count)} ${trip.of.what} that the bucket held`
  const reason = `${count(trip.deletes)} of ${count(trip.changes)} changes within ${within} were deletes${of}.`
  const brake: BrakeReport = { kind: 'deletes', keys: [...keys], lastCleanAt }
  return {
    by: 'brake',
    reason: `${reason} The last moment before them was ${timeText(lastCleanAt)}.`,
    at: trip.at,
    brake,
  }
}

const count = (number: number): string => number.toLocaleString('en')

/** `2026-03-01 10:00:00 UTC`: the same for whoever reads it. */
const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

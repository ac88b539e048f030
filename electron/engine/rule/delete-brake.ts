import type { Rule } from '../../../shared/model/rule.ts'

export type DeleteBrake = NonNullable<Rule['deleteBrake']>

/** The window is kept in this many slots: memory stays small however many changes come, edges are 2 % of it coarse. */
const slotsPerWindow = 50

interface Slot {
  readonly startsAt: number
  readonly deletes: number
  readonly changes: number
}

/** What the window held when the brake tripped. */
export interface BrakeTrip {
  readonly at: number
  readonly deletes: number
  readonly changes: number
}

export interface BrakeState {
  /** Oldest first. */
  readonly slots: readonly Slot[]
  readonly trip: BrakeTrip | null
}

export type BrakeEvent =
  | { readonly type: 'changes'; readonly at: number; readonly deletes: number; readonly others: number }
  /** The operator looked and lets the deletes through; the window starts empty, or the next delete would trip it again. */
  | { readonly type: 'release' }

export const releasedBrake: BrakeState = { slots: [], trip: null }

/**
 * One step of a rule's delete brake: it trips when more than `count` deletes *and* more than `share` of all changes came
 * within `windowMs`, and stays so until released.
 */
export function stepBrake(state: BrakeState, event: BrakeEvent, brake: DeleteBrake): BrakeState {
  if (event.type === 'release') return releasedBrake
  if (state.trip !== null) return state
  const slots = addToSlots(state.slots, event, brake.windowMs)
  const deletes = slots.reduce((sum, slot) => sum + slot.deletes, 0)
  const changes = slots.reduce((sum, slot) => sum + slot.changes, 0)
  const trips = deletes > brake.count && deletes > brake.share * changes
  return { slots, trip: trips ? { at: event.at, deletes, changes } : null }
}

function addToSlots(
  slots: readonly Slot[],
  event: { readonly at: number; readonly deletes: number; readonly others: number },
  windowMs: number,
): readonly Slot[] {
  const slotMs = windowMs / slotsPerWindow
  const startsAt = Math.floor(event.at / slotMs) * slotMs
  const changes = event.deletes + event.others
  const last = slots.at(-1)
  // A clock that was set back must not open slots out of order: such changes count in the newest one.
  if (last !== undefined && last.startsAt >= startsAt) {
    const grown = { ...last, deletes: last.deletes + event.deletes, changes: last.changes + changes }
    return [...slots.slice(0, -1), grown]
  }
  const kept = slots.filter((slot) => slot.startsAt + slotMs > event.at - windowMs)
  return [...kept, { startsAt, deletes: event.deletes, changes }]
}

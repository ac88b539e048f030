import type { Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port/tasks.ts'
import type { Held } from '../scan/held-count.ts'
import { addToWindow, totalOf, type Slot } from './brake-window.ts'

/** Does the task take something away at the target, by a marker or for good? */
export const isDelete = ({ operation }: NewTask): boolean =>
  operation === 'deleteMarker' || operation === 'deleteVersion'

export type DeleteBrake = NonNullable<Rule['deleteBrake']>

/** What the window held when the brake tripped. */
export interface BrakeTrip {
  readonly at: number
  readonly deletes: number
  readonly changes: number
  /** Epoch ms of the first delete of the burst. */
  readonly from: number
  /** The most that the bucket held within the window: objects, or versions where those were deleted; null when not known. */
  readonly of: { readonly what: 'objects' | 'versions'; readonly count: number } | null
}

export interface BrakeState {
  /** Oldest first. */
  readonly slots: readonly Slot[]
  /** What the bucket holds by now; null until a scan has counted. */
  readonly held: Held | null
  readonly trip: BrakeTrip | null
}

export type BrakeEvent =
  | {
      readonly type: 'changes'
      readonly at: number
      readonly deletes: number
      /** Of the deletes, those of single versions. */
      readonly purges?: number
      readonly others: number
      /** By how many objects the bucket is fuller; one less by each delete where nothing is said. */
      readonly live?: number
      /** Of the others, writes of a version. */
      readonly writes?: number
      /** Epoch ms of the earliest of the deletes. */
      readonly from?: number | null
    }
  /** It turned out only later by how many objects the bucket is fuller. */
  | { readonly type: 'brought'; readonly live: number }
  | { readonly type: 'scanned'; readonly held: Held }
  /** The operator looked and lets the deletes through; the window starts empty, or the next delete would trip it again. */
  | { readonly type: 'release' }

export const releasedBrake: BrakeState = { slots: [], held: null, trip: null }

/** So few deletes are a day's work in the smallest bucket, and undone by hand. */
const alwaysAllowed = 10
/** Changes that come in pairs, a new name and a delete of the old one, do not come evenly. */
const unevenness = 0.98

/**
 * One step of a rule's delete brake. It trips when more than `count` deletes, and more than `share` of all changes, came
 * within `windowMs`; or when the bucket lost more than `bucketShare` of what it held in that time. It stays so until released.
 */
export function stepBrake(state: BrakeState, event: BrakeEvent, brake: DeleteBrake): BrakeState {
  switch (event.type) {
    case 'release':
      return { ...releasedBrake, held: state.held }
    case 'scanned':
      return { ...state, held: event.held }
    case 'brought':
      return { ...state, held: state.held && changed(state.held, event.live, 0) }
    case 'changes':
      return state.trip === null ? counted(state, event, brake) : state
  }
}

const changed = (held: Held, live: number, versions: number): Held => ({
  live: Math.max(0, held.live + live),
  versions: Math.max(0, held.versions + versions),
})

function counted(state: BrakeState, event: Extract<BrakeEvent, { type: 'changes' }>, brake: DeleteBrake): BrakeState {
  const { at, deletes, purges = 0, others, writes = 0, from = null } = event
  const { live = purges - deletes } = event
  const counts = { hits: deletes, purges, others, from: deletes > 0 ? (from ?? at) : null, held: state.held }
  const slots = addToWindow(state.slots, at, brake.windowMs, counts)
  const held = state.held && changed(state.held, live, writes + deletes - 2 * purges)
  return { slots, held, trip: tripOf(slots, held, brake, at) }
}

function tripOf(slots: readonly Slot[], now: Held | null, brake: DeleteBrake, at: number): BrakeTrip | null {
  const { hits, purges, others, from, held } = totalOf(slots)
  const changes = hits + others
  const many = hits > brake.count && hits * unevenness > brake.share * changes
  const emptied = held !== null && now !== null && lost(held, now) > brake.bucketShare
  if (!many && !emptied) return null
  const what = purges * 2 > hits ? ('versions' as const) : ('objects' as const)
  const of = held && { what, count: what === 'versions' ? held.versions : held.live }
  return { at, deletes: hits, changes, from: from ?? at, of }
}

/** The larger of two shares that are gone: of the objects, and of the versions. */
const lost = (before: Held, now: Held): number =>
  Math.max(part(before.live - now.live, before.live), part(before.versions - now.versions, before.versions))

const part = (gone: number, of: number): number => (gone <= alwaysAllowed ? 0 : gone / of)

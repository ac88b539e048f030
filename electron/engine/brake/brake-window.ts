import type { Held } from '../scan/held-count.ts'

/** The window is kept in this many slots: memory stays small however many changes come, edges are 2 % of it coarse. */
const slotsPerWindow = 50

export interface Counts {
  /** What the brake is there for: deletes, or suspicious overwrites. */
  readonly hits: number
  /** Of those, permanent deletes of versions. */
  readonly purges: number
  readonly others: number
  /** Epoch ms of the earliest hit by the source's clock; null without one. */
  readonly from: number | null
  /** The most that the bucket held; null when not known. */
  readonly held: Held | null
}

export interface Slot extends Counts {
  readonly startsAt: number
}

const none: Counts = { hits: 0, purges: 0, others: 0, from: null, held: null }

/** The slots of the window that ends now, oldest first. Pure. */
export function addToWindow(slots: readonly Slot[], at: number, windowMs: number, counts: Counts): readonly Slot[] {
  const slotMs = windowMs / slotsPerWindow
  const startsAt = Math.floor(at / slotMs) * slotMs
  const last = slots.at(-1)
  // A clock that was set back must not open slots out of order: such changes count in the newest one.
  if (last !== undefined && last.startsAt >= startsAt)
    return [...slots.slice(0, -1), { ...sum(last, counts), startsAt: last.startsAt }]
  return [...slots.filter((slot) => slot.startsAt + slotMs > at - windowMs), { ...counts, startsAt }]
}

export const totalOf = (slots: readonly Counts[]): Counts => slots.reduce(sum, none)

function sum(a: Counts, b: Counts): Counts {
  return {
    hits: a.hits + b.hits,
    purges: a.purges + b.purges,
    others: a.others + b.others,
    from: a.from === null || b.from === null ? (a.from ?? b.from) : Math.min(a.from, b.from),
    held: a.held === null || b.held === null ? (a.held ?? b.held) : most(a.held, b.held),
  }
}

const most = (a: Held, b: Held): Held => ({
  live: Math.max(a.live, b.live),
  versions: Math.max(a.versions, b.versions),
})

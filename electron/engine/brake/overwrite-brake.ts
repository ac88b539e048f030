import type { Rule } from '../../../shared/model/rule.ts'
import { totalOf, type Slot } from './brake-window.ts'

export type OverwriteBrake = NonNullable<Rule['overwriteBrake']>

/** So few are a day's work in the smallest bucket. */
const alwaysAllowed = 10

/** Overwrites of the window from which on none may pass by the workers. */
const calm = 5

/** So many judged in a row without a suspicion, and only every eighth is judged until there is one. */
const trusted = 64
const oneIn = 8

/** Did too many suspicious overwrites come within the window? `live`: objects that the bucket holds, where known. Pure. */
export function tripsOn(slots: readonly Slot[], live: number | null, brake: OverwriteBrake): boolean {
  const { hits } = totalOf(slots)
  if (hits > brake.count) return true
  return hits > alwaysAllowed && live !== null && live > 0 && hits / live > brake.bucketShare
}

/** Is so much overwritten that a burst may be under way? Pure. */
export function isAttentive(slots: readonly Slot[], windowMs: number, now: number): boolean {
  const { hits, others } = totalOf(slots.filter(({ startsAt }) => startsAt > now - windowMs))
  return hits + others >= calm
}

/** Is this key among those that are judged? The same for the same seed. Pure. */
export function isSampled(key: string, harmlessInRow: number, seed: string): boolean {
  return harmlessInRow < trusted || fnv(`${seed} ${key}`) % oneIn === 0
}

/** FNV-1a, 32 bits: spreads well enough to choose by, and costs nothing. */
function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/**
 * The part of a key that stays when an ending is put on it or changed: up to the first dot of its last name.
 * `a/report.docx`, `a/report.docx.locked` and `a/report.locked` have the same. Pure.
 */
export function stemOf(key: string): string {
  const name = key.lastIndexOf('/') + 1
  const dot = key.indexOf('.', name + 1)
  return dot < 0 ? key : key.slice(0, dot)
}

import { z } from 'zod'
import type { Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port/tasks.ts'
import type { Lease } from '../queue/port.ts'
import type { Held } from '../scan/held-count.ts'
import {
  isDelete,
  releasedBrake,
  stepBrake,
  type BrakeState,
  type BrakeTrip,
  type DeleteBrake,
} from './delete-brake.ts'

import type { Judgement, SettledOutcome } from '../replicate/port.ts'
import { LiveKeys } from './live-keys.ts'
import { OverwriteWatch, type OverwriteTrip } from './overwrite-watch.ts'

/** Keys that are named to the operator. */
const mostExamples = 5
/** Changes that are known by name: beyond these the counts alone speak. */
const mostNames = 20_000

const heldSchema = z.object({ live: z.number(), versions: z.number() }).nullable()
const slotSchema = z.object({
  startsAt: z.number(),
  hits: z.number(),
  purges: z.number(),
  others: z.number(),
  from: z.number().nullable(),
  held: heldSchema,
})
const savedSchema = z.object({
  slots: z.array(slotSchema),
  overwrites: z.array(slotSchema).default([]),
  held: heldSchema,
  /** When the last whole scan began. */
  scannedAt: z.number(),
  releasedAt: z.number(),
  keys: z.array(z.string()),
})
/** What a brake remembers over a restart. */
export type SavedBrake = z.infer<typeof savedSchema>

/** Where changes come from matters to the brake: a scan may tell late, and twice, what an event told before. */
export interface ScanOrigin {
  /** When the scan began, epoch ms. */
  readonly startedAt: number
  /** How far the source's clock may be from ours. */
  readonly skewMs: number
  /** Waits in the queue, so it was counted when it came there. */
  readonly isPending?: (task: NewTask) => boolean
}

/** A brake that tripped, and keys of the burst, a few for example. */
export type TrippedBrake =
  | { readonly kind: 'deletes'; readonly trip: BrakeTrip; readonly keys: readonly string[] }
  | { readonly kind: 'overwrites'; readonly trip: OverwriteTrip; readonly keys: readonly string[] }

type BrakeLimits = Pick<Rule, 'deleteBrake' | 'overwriteBrake'>

/** What a bucket holds is counted also where no deletes are. */
const neverTrips: DeleteBrake = { count: Number.MAX_SAFE_INTEGER, share: 1, bucketShare: 1, windowMs: 600_000 }

/** The brake of one link. A rule with three targets must not count a delete thrice. */
export class LinkBrake {
  #state: BrakeState = releasedBrake
  readonly #watch: OverwriteWatch
  readonly #live = new LiveKeys()
  #scannedAt = 0
  #releasedAt = 0
  #keys: readonly string[] = []
  /** Changes of the window by key and version: an event, the gateway and every scan may each tell of the same one. */
  readonly #told = new Map<string, number>()
  readonly #toldWrites = new Map<string, number>()
  /** Deletes counted since it was last saved. */
  #unsaved = 0

  constructor(saved: unknown, seed: string) {
    const parsed = savedSchema.safeParse(saved)
    this.#watch = new OverwriteWatch(parsed.data?.overwrites ?? [], seed)
    if (!parsed.success) return
    const { slots, held, scannedAt, releasedAt, keys } = parsed.data
    this.#state = { slots, held, trip: null }
    this.#scannedAt = scannedAt
    this.#releasedAt = releasedAt
    this.#keys = keys
  }

  get saved(): SavedBrake {
    this.#unsaved = 0
    const { slots, held } = this.#state
    const overwrites = [...this.#watch.slots]
    const times = { scannedAt: this.#scannedAt, releasedAt: this.#releasedAt }
    return { slots: [...slots], overwrites, held, ...times, keys: [...this.#keys] }
  }

  /** Enough came that a restart must not forget it. A burst of many deletes is not written down one by one. */
  get wantsSaving(): boolean {
    const inWindow = this.#state.slots.reduce((sum, slot) => sum + slot.hits, 0)
    return this.#unsaved > inWindow / 50
  }

  /** Counts changes that are about to be queued. */
  count(rule: BrakeLimits, tasks: readonly NewTask[], now: number, scan?: ScanOrigin): TrippedBrake | null {
    const brake = rule.deleteBrake ?? neverTrips
    const wasTripped = this.#state.trip !== null
    this.#forgetOld(now - brake.windowMs)
    const counted = tasks.filter((task) => this.#isNew(task, now, scan))
    const deletes = counted.filter(isDelete)
    // A scan may be the first to say what a write puts out of use.
    const noted = [...tasks.filter((task) => !isDelete(task)), ...deletes]
    if (rule.overwriteBrake !== null) this.#watch.noted(noted, rule.overwriteBrake, now)
    if (counted.length === 0) return null
    this.#name(deletes)
    this.#unsaved += deletes.length
    this.#state = stepBrake(
      this.#state,
      {
        type: 'changes',
        at: now,
        deletes: deletes.length,
        purges: deletes.filter(({ operation }) => operation === 'deleteVersion').length,
        others: counted.length - deletes.length,
        writes: counted.filter(({ operation }) => operation === 'put').length,
        live: this.#fuller(counted),
        from: earliest(deletes.map((task) => this.#timeOf(task, scan))),
      },
      brake,
    )
    const { trip } = this.#state
    return wasTripped || trip === null ? null : { kind: 'deletes', trip, keys: this.#keys }
  }

  scanned({ deleteBrake }: BrakeLimits, held: Held, startedAt: number): void {
    this.#scannedAt = startedAt
    this.#live.scanned()
    this.#state = stepBrake(this.#state, { type: 'scanned', held }, deleteBrake ?? neverTrips)
  }

  isAttentive({ overwriteBrake }: BrakeLimits, now: number): boolean {
    return overwriteBrake !== null && this.#watch.isAttentive(overwriteBrake, now)
  }

  judgement({ overwriteBrake }: BrakeLimits, lease: Lease): Judgement | undefined {
    if (overwriteBrake === null || this.#passes(lease)) return undefined
    return this.#watch.judgement(lease)
  }

  /** A task has ended. `skewMs`: how far the source's clock is ahead of ours. */
  ended(rule: BrakeLimits, lease: Lease, outcome: SettledOutcome, skewMs: number, now: number): TrippedBrake | null {
    this.#hold(rule, lease.task, outcome, skewMs)
    if (rule.overwriteBrake === null || this.#passes(lease)) return null
    const trip = this.#watch.ended(lease, outcome, rule.overwriteBrake, this.#state.held?.live ?? null, now)
    if (outcome.judged === 'suspicious') this.#unsaved = Infinity
    return trip && { kind: 'overwrites', trip, keys: this.#watch.keys.slice(0, mostExamples) }
  }

  release({ deleteBrake }: BrakeLimits, now: number): void {
    this.#state = stepBrake(this.#state, { type: 'release' }, deleteBrake ?? neverTrips)
    this.#watch.release()
    this.#releasedAt = now
    this.#keys = []
  }

  /** Queued when the operator let the burst through. */
  #passes({ task }: Lease): boolean {
    return task.enqueuedAt <= this.#releasedAt
  }

  /** Of what nothing is known by name: what was written before the last scan began is among what that counted. */
  #hold({ deleteBrake }: BrakeLimits, task: NewTask, outcome: SettledOutcome, skewMs: number): void {
    // What went before it could be copied is counted as deleted, so it counts as having been there.
    if (outcome.did !== 'copied' && (outcome.did !== 'source-gone' || task.operation !== 'put')) return
    const isNew = outcome.overwrote !== true
    const counted = task.changedAt - skewMs <= this.#scannedAt || !isNew ? 0 : 1
    const live = this.#live.copied(task.key, isNew) ?? counted
    if (live !== 0) this.#state = stepBrake(this.#state, { type: 'brought', live }, deleteBrake ?? neverTrips)
  }

  /** In the source's order. */
  #fuller(tasks: readonly NewTask[]): number {
    return tasks.reduce((sum, { key, operation }) => {
      if (operation === 'put') return sum + this.#live.written(key)
      return operation === 'deleteMarker' ? sum + this.#live.deleted(key) : sum
    }, 0)
  }

  /**
   * Not told before, and not part of what the operator has let through. Writes too: what waits is found by every scan, and
   * counted each time it would make any burst of deletes a small share of all changes.
   */
  #isNew(task: NewTask, now: number, scan: ScanOrigin | undefined): boolean {
    if (scan?.isPending?.(task) === true) return false
    if (!isDelete(task)) return this.#isNewWrite(task, now, scan)
    if (scan !== undefined && this.#wasLetThrough(task, scan)) return false
    return isFirst(this.#told, task, now)
  }

  /** That a scan compares tags is no change; a write of the one version that a bucket without versions has may be any. */
  #isNewWrite(task: NewTask, now: number, scan: ScanOrigin | undefined): boolean {
    if (task.operation === 'metadata') return scan === undefined
    return task.versionId === null || task.versionId === 'null' || isFirst(this.#toldWrites, task, now)
  }

  /** A scan that began before the operator looked, or a marker that was there by then. */
  #wasLetThrough(task: NewTask, { startedAt, skewMs }: ScanOrigin): boolean {
    if (this.#releasedAt === 0) return false
    return startedAt <= this.#releasedAt || (isDated(task) && task.changedAt <= this.#releasedAt - skewMs)
  }

  /** What is gone without a trace went at some time since the scan before. */
  #timeOf(task: NewTask, scan: ScanOrigin | undefined): number {
    if (scan === undefined || isDated(task) || this.#scannedAt === 0) return task.changedAt
    return Math.min(this.#scannedAt, task.changedAt)
  }

  #name(deletes: readonly NewTask[]): void {
    if (this.#state.slots.every(({ hits }) => hits === 0)) this.#keys = []
    if (this.#keys.length < mostExamples && deletes.length > 0)
      this.#keys = [...new Set([...this.#keys, ...deletes.slice(0, mostExamples).map(({ key }) => key)])].slice(
        0,
        mostExamples,
      )
  }

  #forgetOld(before: number): void {
    for (const told of [this.#told, this.#toldWrites])
      for (const [name, at] of told) {
        if (at >= before) break
        told.delete(name)
      }
  }
}

function isFirst(told: Map<string, number>, { key, versionId }: NewTask, now: number): boolean {
  const name = `${versionId ?? ''}\n${key}`
  if (told.has(name)) return false
  if (told.size < mostNames) told.set(name, now)
  return true
}

/** A marker that lies at the source has a time of its own. */
const isDated = (task: NewTask): boolean => task.operation === 'deleteMarker' && task.versionId !== null

const earliest = (times: readonly number[]): number | null =>
  times.reduce<number | null>((a, b) => Math.min(a ?? b, b), null)

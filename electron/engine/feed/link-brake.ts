import { z } from 'zod'
import type { NewTask } from '../journal/port.ts'
import type { Held } from '../rule/brake-window.ts'
import { releasedBrake, stepBrake, type BrakeState, type BrakeTrip, type DeleteBrake } from '../rule/delete-brake.ts'

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
}

/** The brake of one link. A rule with three targets must not count a delete thrice. */
export class LinkBrake {
  #state: BrakeState = releasedBrake
  #scannedAt = 0
  #releasedAt = 0
  #keys: readonly string[] = []
  /** Deletes of the window by key and version: an event, the gateway and a scan may each tell of the same one. */
  readonly #told = new Map<string, number>()
  /** Deletes counted since it was last saved. */
  #unsaved = 0

  constructor(saved: unknown) {
    const parsed = savedSchema.safeParse(saved)
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
    return { slots: [...slots], held, scannedAt: this.#scannedAt, releasedAt: this.#releasedAt, keys: [...this.#keys] }
  }

  /** Enough came that a restart must not forget it. A burst of many deletes is not written down one by one. */
  get wantsSaving(): boolean {
    const inWindow = this.#state.slots.reduce((sum, slot) => sum + slot.hits, 0)
    return this.#unsaved > inWindow / 50
  }

  get examples(): readonly string[] {
    return this.#keys
  }

  /** Counts changes that are about to be queued; the trip, when they trip it. */
  count(brake: DeleteBrake, tasks: readonly NewTask[], now: number, scan?: ScanOrigin): BrakeTrip | null {
    const wasTripped = this.#state.trip !== null
    this.#forgetOld(now - brake.windowMs)
    const deletes = tasks.filter((task) => isDelete(task) && this.#isNew(task, now, scan))
    const others = tasks.filter((task) => !isDelete(task)).length
    if (deletes.length + others === 0) return null
    this.#name(deletes)
    this.#unsaved += deletes.length
    this.#state = stepBrake(
      this.#state,
      {
        type: 'changes',
        at: now,
        deletes: deletes.length,
        purges: deletes.filter(({ operation }) => operation === 'deleteVersion').length,
        others,
        from: earliest(deletes.map((task) => this.#timeOf(task, scan))),
      },
      brake,
    )
    return wasTripped ? null : this.#state.trip
  }

  scanned(brake: DeleteBrake, held: Held, startedAt: number): void {
    this.#scannedAt = startedAt
    this.#state = stepBrake(this.#state, { type: 'scanned', held }, brake)
  }

  /** What was written before the last scan began is among what it counted. */
  brought(brake: DeleteBrake, writtenAt: number, isNew: boolean): void {
    if (writtenAt <= this.#scannedAt) return
    this.#state = stepBrake(this.#state, { type: 'brought', isNew }, brake)
  }

  release(brake: DeleteBrake, now: number): void {
    this.#state = stepBrake(this.#state, { type: 'release' }, brake)
    this.#releasedAt = now
    this.#keys = []
  }

  /** Not told before, and not part of what the operator has let through. */
  #isNew(task: NewTask, now: number, scan: ScanOrigin | undefined): boolean {
    if (scan !== undefined && this.#wasLetThrough(task, scan)) return false
    const name = `${task.versionId ?? ''}\n${task.key}`
    if (this.#told.has(name)) return false
    if (this.#told.size < mostNames) this.#told.set(name, now)
    return true
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
    for (const [name, at] of this.#told) {
      if (at >= before) return
      this.#told.delete(name)
    }
  }
}

export const isDelete = (task: NewTask): boolean =>
  task.operation === 'deleteMarker' || task.operation === 'deleteVersion'

/** A marker that lies at the source has a time of its own. */
const isDated = (task: NewTask): boolean => task.operation === 'deleteMarker' && task.versionId !== null

const earliest = (times: readonly number[]): number | null =>
  times.reduce<number | null>((a, b) => Math.min(a ?? b, b), null)

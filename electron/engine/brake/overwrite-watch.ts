import type { NewTask } from '../journal/port/tasks.ts'
import type { Lease } from '../queue/port.ts'
import { addToWindow, totalOf, type Slot } from './brake-window.ts'
import { isDelete } from './delete-brake.ts'
import { isAttentive, isSampled, stemOf, tripsOn, type OverwriteBrake } from './overwrite-brake.ts'
import type { Judgement, SettledOutcome } from '../replicate/port.ts'

/** Keys of the window that are known by name; of more, some replacements under new names go unseen. */
const mostNames = 20_000
/** Overwrites that were not judged, and belong to the burst if there is one. */
const mostUnjudged = 16

interface ChangedKey {
  readonly key: string
  /** When it was written or deleted, by the source's clock. */
  readonly changedAt: number
  /** By ours. */
  readonly at: number
}

export interface OverwriteTrip {
  readonly at: number
  readonly count: number
  /** Epoch ms of the first change of the burst, by the source's clock. */
  readonly from: number
  readonly live: number | null
}

/**
 * Looks for recognisable content that is put out of use by what looks random, under the same key or a new ending, on one
 * link. What puts nothing out of use is not looked at, and while nothing is found only some of the rest is.
 */
export class OverwriteWatch {
  #slots: readonly Slot[]
  readonly #seed: string
  readonly #deleted = new Map<string, ChangedKey>()
  readonly #written = new Map<string, ChangedKey>()
  readonly #overwritten = new Map<string, number>()
  readonly #suspects = new Map<string, number>()
  #unjudged: readonly number[] = []
  #harmlessInRow = 0
  #tripped = false

  constructor(slots: readonly Slot[], seed: string) {
    this.#slots = slots
    this.#seed = seed
  }

  get slots(): readonly Slot[] {
    return this.#slots
  }

  /** A few for example, the first ones first. */
  get keys(): readonly string[] {
    return [...this.#suspects.keys()]
  }

  /** So much is overwritten that nothing may pass by the workers unseen. */
  isAttentive({ windowMs }: OverwriteBrake, now: number): boolean {
    return isAttentive(this.#slots, windowMs, now)
  }

  /** Remembers names of changes that are about to be queued, so that a new name finds the old one, whichever comes first. */
  noted(tasks: readonly NewTask[], brake: OverwriteBrake, now: number): void {
    for (const names of [this.#deleted, this.#written]) forgetOld(names, ({ at }) => at, now - brake.windowMs)
    for (const names of [this.#overwritten, this.#suspects]) forgetOld(names, (at) => at, now - brake.windowMs)
    for (const task of tasks) {
      const { key, changedAt } = task
      const named = { key, changedAt, at: now }
      if (isDelete(task)) remember(this.#deleted, stemOf(key), named)
      else if (task.operation === 'put') remember(this.#written, stemOf(key), named)
      if (task.overwrites === true) remember(this.#overwritten, key, now)
    }
  }

  /** What a worker is to compare; undefined for what surely puts nothing out of use. */
  judgement({ task, knownAbsent }: Lease): Judgement | undefined {
    const { key, operation } = task
    if (operation === 'metadata' || !isSampled(key, this.#harmlessInRow, this.#seed)) return undefined
    const stem = stemOf(key)
    if (operation !== 'put') {
      const after = this.#written.get(stem)?.key
      return after === undefined || after === key ? undefined : { before: [key], after }
    }
    const old = this.#deleted.get(stem)?.key
    const replaced = old === undefined || old === key ? [] : [old]
    if (!knownAbsent || this.#overwritten.has(key)) return { before: [key, ...replaced] }
    return replaced.length === 0 ? undefined : { before: replaced }
  }

  /** How a task ended; the trip, when it trips the brake. */
  ended(
    { task, knownAbsent }: Lease,
    outcome: SettledOutcome,
    brake: OverwriteBrake,
    live: number | null,
    now: number,
  ): OverwriteTrip | null {
    const overwrote = outcome.overwrote === true || (knownAbsent && this.#overwritten.has(task.key))
    if (overwrote) this.#slots = addToWindow(this.#slots, now, brake.windowMs, { ...nothing, others: 1 })
    if (outcome.judged === undefined && (overwrote || this.#otherOf(task) !== undefined))
      this.#leaveUnjudged(this.#since(task), brake)
    if (outcome.judged === 'harmless') {
      this.#harmlessInRow++
      this.#unjudged = []
    }
    return outcome.judged === 'suspicious' ? this.#suspicious(task, brake, live, now) : null
  }

  release(): void {
    this.#slots = []
    this.#unjudged = []
    this.#suspects.clear()
    this.#tripped = false
  }

  #suspicious(task: NewTask, brake: OverwriteBrake, live: number | null, now: number): OverwriteTrip | null {
    this.#harmlessInRow = 0
    const key = isDelete(task) ? (this.#otherOf(task)?.key ?? task.key) : task.key
    // A pair of an old name and a new one may be judged at both.
    if (this.#suspects.has(key)) return null
    remember(this.#suspects, key, now)
    const from = Math.min(this.#since(task), ...this.#unjudged)
    this.#unjudged = []
    this.#slots = addToWindow(this.#slots, now, brake.windowMs, { ...nothing, hits: 1, from })
    if (this.#tripped || !tripsOn(this.#slots, live, brake)) return null
    this.#tripped = true
    const total = totalOf(this.#slots)
    return { at: now, count: total.hits, from: total.from ?? from, live }
  }

  /** The other name of a pair: what replaced what is deleted, or was deleted for what is written. */
  #otherOf(task: NewTask): ChangedKey | undefined {
    const other = (isDelete(task) ? this.#written : this.#deleted).get(stemOf(task.key))
    return other?.key === task.key ? undefined : other
  }

  /** When the first of a pair came, whichever it is, by the source's clock. */
  #since(task: NewTask): number {
    return Math.min(task.changedAt, this.#otherOf(task)?.changedAt ?? task.changedAt)
  }

  #leaveUnjudged(changedAt: number, { windowMs }: OverwriteBrake): void {
    this.#unjudged = [...this.#unjudged.filter((at) => at > changedAt - windowMs), changedAt].slice(-mostUnjudged)
  }
}

const nothing = { hits: 0, purges: 0, others: 0, from: null, held: null } as const

function remember<T>(names: Map<string, T>, name: string, value: T): void {
  // Again at the end: what is forgotten first is what is oldest.
  names.delete(name)
  if (names.size < mostNames) names.set(name, value)
}

function forgetOld<T>(names: Map<string, T>, timeOf: (value: T) => number, before: number): void {
  for (const [name, value] of names) {
    if (timeOf(value) >= before) return
    names.delete(name)
  }
}

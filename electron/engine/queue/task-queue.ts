import type { Lane } from '../../../shared/model/task.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type {
  MarkerNote,
  NewTask,
  ReadsAtOnce,
  RetryWhich,
  TaskRow,
  TaskStore,
  UrgentEnqueue,
} from '../journal/port/tasks.ts'
import { realTimers, type Timers } from '../base/timers.ts'
import { FairShare, TargetShare } from './fair-share.ts'
import { HandedOutMark } from './handed-out-mark.ts'
import { lanes } from './lanes.ts'
import { countOffers, LinkWindow, windowLimits, type Entry, type WindowLimits } from './link-window.ts'
import { SharedKeys } from './shared-keys.ts'
import type { AckedSettlement, Lease, LinkSpec, QueueCounts, TaskQueue } from './port.ts'
import { KnownAbsent } from './known-absent.ts'
import { LateWrites } from './late-writes.ts'
import { nextStep, retryPolicy, type RetryPolicy } from './retry.ts'
import { stateAfter, type TaskEvent } from './task-state.ts'

export interface QueueOptions {
  readonly tasks: TaskStore
  readonly atOnce: ReadsAtOnce
  readonly now: () => number
  /** From 0 up to 1. */
  readonly random: () => number
  readonly timers?: Timers
  readonly limits?: Partial<WindowLimits>
  readonly retry?: Partial<RetryPolicy> | undefined
}

/** Due times closer together than this are met by one timer. */
const DUE_GRAIN_MS = 20
/** setTimeout cannot wait longer than 24.8 days; an hour is a good time to look again. */
const LONGEST_WAIT_MS = 3_600_000

/** Of one key; beyond, a task is offered once more. */
const lookedThrough = 1000

const nothing: ReadonlySet<string> = new Set()

/** A task that is out: from its lease on, until what the lease ended with is durable. */
interface Out {
  readonly lease: Lease
  readonly window: LinkWindow
  readonly entry: Entry
  /** Its worker gave it back, and the journal writes down how. */
  isEnding: boolean
}

export function createQueue(options: QueueOptions): TaskQueue {
  return new DurableQueue(options)
}

class DurableQueue implements TaskQueue {
  readonly #tasks: TaskStore
  readonly #atOnce: ReadsAtOnce
  readonly #now: () => number
  readonly #random: () => number
  readonly #timers: Timers
  readonly #limits: WindowLimits
  readonly #retry: RetryPolicy
  readonly #mark: HandedOutMark
  readonly #knownAbsent: KnownAbsent
  readonly #windows = new Map<string, LinkWindow>()
  readonly #holds = new Map<string, Set<string>>()
  /** The one list of what is out, by seq. */
  readonly #out = new Map<number, Out>()
  readonly #shared: SharedKeys
  readonly #late: LateWrites
  readonly #shares: Readonly<Record<Lane, FairShare>> = {
    small: new FairShare(),
    large: new FairShare(),
    mrf: new FairShare(),
  }
  readonly #listeners: (() => void)[] = []
  #enqueuing = 0
  #cancelWake: (() => void) | null = null
  #cancelDue: (() => void) | null = null
  #armedFor = Infinity
  #closed = false

  constructor({ tasks, atOnce, now, random, timers = realTimers, limits, retry }: QueueOptions) {
    this.#tasks = tasks
    this.#atOnce = atOnce
    this.#now = now
    this.#random = random
    this.#timers = timers
    this.#limits = { ...windowLimits, ...limits }
    this.#retry = { ...retryPolicy, ...retry }
    this.#mark = new HandedOutMark(tasks, atOnce, () => this.#wake())
    this.#knownAbsent = new KnownAbsent({ now, lastBefore: Math.max(this.#mark.atStart, atOnce.lastSeq()) })
    this.#late = new LateWrites({
      tasks,
      now,
      random,
      timers,
      landsWithinMs: this.#retry.landsWithinMs,
      // The mark goes up ahead of need, beyond what there was.
      handedOutAtStart: Math.min(this.#mark.atStart, atOnce.lastSeq()),
      onWoken: (woken) => this.#reconsider(woken),
    })
    this.#shared = new SharedKeys({
      windows: this.#windows,
      atOnce,
      runs: (window) => this.#runs(window),
      mayHaveRun: (task) => this.#mayHaveRun(task),
    })
  }

  addLink(spec: LinkSpec): void {
    const window = this.#windows.get(spec.linkId)
    if (window === undefined) this.#windows.set(spec.linkId, new LinkWindow(spec, this.#atOnce, this.#limits))
    else if (window.active) window.spec = spec
    else window.revive(spec)
    this.#shared.changed()
    this.#wake()
  }

  removeLink(linkId: string): void {
    const window = this.#windows.get(linkId)
    window?.retire()
    if (window !== undefined) this.#shared.stopped(window, this.#now())
    this.#shared.changed()
    // Kept while tasks are out: a link added again under the same id must know which keys are taken.
    if (window?.leased === 0) this.#windows.delete(linkId)
    this.#holds.delete(linkId)
    for (const lane of lanes) this.#shares[lane].forget(linkId)
  }

  hold(linkId: string, reason: string): void {
    const reasons = this.#holds.get(linkId)
    if (reasons !== undefined) {
      reasons.add(reason)
      return
    }
    this.#holds.set(linkId, new Set([reason]))
    const window = this.#windows.get(linkId)
    if (window === undefined) return
    this.#shared.stopped(window, this.#now())
    this.#wake()
  }

  unhold(linkId: string, reason: string): void {
    const reasons = this.#holds.get(linkId)
    if (reasons?.delete(reason) !== true || reasons.size > 0) return
    this.#holds.delete(linkId)
    this.#wake()
  }

  holds(linkId: string): ReadonlySet<string> {
    return this.#holds.get(linkId) ?? nothing
  }

  async enqueue(tasks: readonly NewTask[], urgent?: UrgentEnqueue): Promise<readonly number[]> {
    this.#enqueuing++
    try {
      const seqs = await this.#tasks.enqueue(
        tasks.map((task) => this.#knownAbsent.withTrueSight(task)),
        urgent,
      )
      tasks.forEach((task, index) => this.#windows.get(task.linkId)?.arrived(seqs[index]!, task.key, this.#now()))
      this.#wake()
      return seqs
    } finally {
      this.#enqueuing--
    }
  }

  async noteMarker(task: NewTask, note: MarkerNote): Promise<void> {
    const { linkId, key, versionId } = task
    const isThere =
      this.#windows.get(linkId)?.leasedOf(key)?.versionId === versionId ||
      this.#atOnce.isParked(linkId, key, versionId) ||
      this.#atOnce.unsettled(linkId, key, lookedThrough).some((one) => one.versionId === versionId)
    // In one turn, so that no later word of the marker comes between.
    await Promise.all([isThere ? null : this.enqueue([task]), this.#tasks.noteMarker(task, note)])
  }

  lease(room: Readonly<Record<Lane, number>>, mostPerTarget = Infinity): readonly Lease[] {
    const leases: Lease[] = []
    if (this.#closed || lanes.every((lane) => room[lane] <= 0)) return leases
    const now = this.#now()
    const active = [...this.#windows.values()].filter((window) => window.active)
    const windows = active.filter((window) => this.#runs(window))
    const unasked = lanes.filter((lane) => room[lane] <= 0)
    const offered = countOffers(windows, unasked)
    for (const window of windows) window.fill(now)
    // What became due since its own lane was asked, a moment ago: nobody else would tell of it.
    if (countOffers(windows, unasked) > offered) this.#wake()
    // A link that is held a moment longer must find room too: at the start it is chance which target is known first.
    const share = new TargetShare(active, mostPerTarget)
    for (const lane of lanes) this.#leaseLane(lane, room[lane], windows, share, leases)
    if (windows.some((window) => window.wantsMore())) this.#wake()
    this.#armDue(now)
    return leases
  }

  claim(seq: number): Lease | null {
    const task = this.#closed ? null : this.#atOnce.task(seq)
    const window = task === null ? undefined : this.#windows.get(task.linkId)
    if (task === null || window === undefined || !this.#runs(window) || !this.#mark.covers(seq)) return null
    if (this.#shared.mustWait(window, task)) return null
    const entry = window.claim(task)
    return entry === null ? null : this.#leaseOf(window, entry)
  }

  async ack(lease: Lease, { hasLanded, ...settlement }: AckedSettlement): Promise<boolean> {
    const out = this.#end(lease, 'ack')
    if (out === null) return false
    const { seq, revision } = lease.task
    const lingers = this.#late.lingering(lease.task, { ...settlement, hasLanded })
    const settled = await this.#tasks.settle({ ...settlement, seq, revision, lingers })
    this.#free(out, null, settled ? 'no' : 'heard')
    if (lingers !== undefined) this.#late.lingers(lingers)
    return settled
  }

  async nack(lease: Lease, fault: Fault): Promise<boolean> {
    const { seq, revision } = lease.task
    const attempts = lease.task.attempts + 1
    const step = nextStep(this.#retry, fault, attempts, this.#random)
    const out = this.#end(lease, step.kind)
    if (out === null) return false
    const now = this.#now()
    if (step.kind === 'park') {
      const parked = await this.#tasks.park(seq, revision, fault, attempts, now)
      this.#free(out, null, parked ? 'no' : 'unheard')
      return parked
    }
    await this.#tasks.delay(seq, fault, attempts, now + step.delayMs, now)
    this.#free(out, now + step.delayMs, 'no')
    return false
  }

  release(lease: Lease, isHeard = false): void {
    const out = this.#end(lease, 'release')
    if (out !== null) this.#free(out, null, isHeard ? 'heard' : 'unheard')
  }

  async retry(which: RetryWhich, limit: number): ReturnType<TaskQueue['retry']> {
    const retried = await this.#tasks.retry(which, limit, (seq) => this.#out.has(seq))
    this.#reconsider(retried)
    return retried
  }

  isLeased(seq: number): boolean {
    return this.#out.get(seq)?.isEnding === false
  }

  counts(linkId: string): QueueCounts {
    const window = this.#windows.get(linkId)
    const { backlogCount, delayed } = this.#atOnce.totals(linkId)
    return {
      ready: Math.max(0, backlogCount - delayed - (window?.leasedReady ?? 0)),
      leased: window?.leased ?? 0,
    }
  }

  onReady(listener: () => void): void {
    this.#listeners.push(listener)
  }

  idle(linkId?: string): boolean {
    if (this.#enqueuing > 0) return false
    const linkIds = linkId === undefined ? [...this.#windows.keys()] : [linkId]
    return linkIds.every(
      (id) => (this.#windows.get(id)?.leased ?? 0) === 0 && this.#atOnce.totals(id).backlogCount === 0,
    )
  }

  close(): void {
    this.#closed = true
    this.#cancelWake?.()
    this.#cancelDue?.()
    this.#late.close()
  }

  /** The journal has made them ready. */
  #reconsider(tasks: readonly Pick<TaskRow, 'seq' | 'linkId' | 'key'>[]): void {
    for (const { linkId, seq, key } of tasks) this.#windows.get(linkId)?.reconsider(seq, key, this.#now())
    this.#wake()
  }

  #runs(window: LinkWindow): boolean {
    return window.active && !this.#holds.has(window.linkId)
  }

  #leaseLane(lane: Lane, room: number, windows: readonly LinkWindow[], share: TargetShare, leases: Lease[]): void {
    const contenders = new Set(windows.filter((window) => share.hasRoom(window) && this.#offers(window, lane)))
    for (let left = room; left > 0; left--) {
      const window = this.#shares[lane].next(contenders)
      if (window === null) return
      // A lease of this very round may keep its first back.
      if (!this.#offers(window, lane)) {
        contenders.delete(window)
        left++
        continue
      }
      leases.push(this.#leaseFrom(window, lane))
      share.take(window)
      if (!this.#offers(window, lane)) contenders.delete(window)
      // A full target takes all its links out at once.
      if (!share.hasRoom(window)) for (const other of contenders) if (!share.hasRoom(other)) contenders.delete(other)
    }
  }

  #offers(window: LinkWindow, lane: Lane): boolean {
    for (let first = window.peek(lane); first !== undefined; first = window.peek(lane)) {
      if (!this.#mark.covers(first.seq)) return false
      if (!this.#shared.mustWait(window, first)) return true
      window.setAside(lane)
    }
    return false
  }

  /** Not one that is put off beyond any backoff: nobody waits so long. */
  #mayHaveRun(task: TaskRow): boolean {
    if (task.state === 'delayed' && task.dueAt > this.#now() + this.#retry.maxDelayMs) return false
    return this.#late.mayHaveRun(task)
  }

  #leaseFrom(window: LinkWindow, lane: Lane): Lease {
    return this.#leaseOf(window, window.lease(lane)!)
  }

  #leaseOf(window: LinkWindow, entry: Entry): Lease {
    const { task, lane } = entry
    const late = { attemptId: this.#late.nextAttempt(), mayHaveRun: this.#late.mayHaveRun(task) }
    const lease = { task, lane, knownAbsent: this.#knownAbsent.holds(task), ...late }
    this.#knownAbsent.touched(task)
    this.#out.set(task.seq, { lease, window, entry, isEnding: false })
    return lease
  }

  /** Ends the lease; null for one that ended before. */
  #end(lease: Lease, event: TaskEvent): Out | null {
    const out = this.#out.get(lease.task.seq)
    if (out?.lease !== lease || out.isEnding || stateAfter(out.entry.state, event) === null) return null
    out.isEnding = true
    // A scan that looked while the copy was under way saw nothing of it yet: that sight is worth as little as an older one.
    this.#knownAbsent.touched(lease.task)
    return out
  }

  /**
   * The key and the place of the lease go to whoever is next. `again`: the task may be had once more; `unheard` where what its attempt
   * wrote may be under way.
   */
  #free({ window, entry }: Out, delayedUntil: number | null, again: 'no' | 'heard' | 'unheard'): void {
    this.#out.delete(entry.task.seq)
    if (again === 'no') this.#late.ended(entry.task.seq)
    else this.#late.returned(entry.task.seq, again === 'heard')
    window.free(entry, { delayedUntil, again: again !== 'no' }, this.#now())
    this.#shared.freed(window, entry.task.key, this.#now())
    if (!window.active && window.leased === 0) this.#windows.delete(window.linkId)
    if (delayedUntil !== null) this.#armDue(this.#now())
    this.#wake()
  }

  /**
   * Tells the listeners once, in a later turn: by then those whose acks were resolved in this one have counted the room that
   * they have again, the sockets had their turn, and a long read goes on in slices.
   */
  #wake(): void {
    if (this.#closed) return
    this.#cancelWake ??= realTimers.after(0, () => {
      this.#cancelWake = null
      for (const listener of this.#listeners) listener()
    })
  }

  #armDue(now: number): void {
    const at = this.#nextDueAt(now)
    if (this.#closed || at === this.#armedFor) return
    this.#cancelDue?.()
    this.#armedFor = at
    this.#cancelDue = at === Infinity ? null : this.#timers.after(delayUntil(at, now), () => this.#dueNow())
  }

  #dueNow(): void {
    this.#armedFor = Infinity
    this.#wake()
  }

  /** What is due already waits for room, not for time. */
  #nextDueAt(now: number): number {
    let at = Infinity
    for (const window of this.#windows.values()) {
      if (window.nextDueAt > now && this.#runs(window)) at = Math.min(at, window.nextDueAt)
    }
    return at
  }
}

const delayUntil = (at: number, now: number): number => Math.min(Math.max(at - now, DUE_GRAIN_MS), LONGEST_WAIT_MS)

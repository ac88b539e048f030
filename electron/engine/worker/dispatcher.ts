/*
 * Dispatcher: leases tasks from the queue, hands them to the threads of the pool, and gives each its end. How many run at one
 * time is its decision; which comes next is the queue's.
 */

import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { Lane, Transfer } from '../../../shared/model/task.ts'
import type { Briefing, NewTask, ReadsAtOnce, TaskStore } from '../journal/port/tasks.ts'
import type { Lease, TaskQueue } from '../queue/port.ts'
import { adapt, fullAllowance, type Allowance } from './allowance.ts'
import type { TransferPool } from './pool.ts'
import type { TaskEmitter } from './task-events.ts'
import { briefingRequest, taskOrder } from './task-order.ts'
import { UnderWay, type Attempt } from './under-way.ts'
import type { Judgement, LinkOrder, Outcome, SettledOutcome, TaskOrder } from '../replicate/port.ts'

export interface WorkerLimits {
  readonly limit: number
  readonly large: number
}

export interface DispatcherParts {
  readonly queue: TaskQueue
  readonly tasks: Pick<TaskStore, 'brief'>
  readonly atOnce: Pick<ReadsAtOnce, 'isParked'>
  readonly pool: Pick<TransferPool, 'run' | 'cancel' | 'progress'>
  readonly link: (linkId: string) => LinkOrder | null
  readonly now: () => number
  /** Hears of everything that becomes of a task. */
  readonly events: TaskEmitter
  /** What a worker is to find out about the content of a task's change; undefined for nearly all. */
  readonly judgement: (lease: Lease) => Judgement | undefined
  /** Is it a fault of a site or a bucket that is known by now? Then the task goes back untouched, and no attempt is counted. */
  readonly excuses: (lease: Lease, fault: Fault) => boolean
  /** Takes up versions of a key that are set aside, and are in step now. */
  readonly again: (tasks: readonly NewTask[]) => Promise<void>
  /** The end of a task could not be recorded. */
  readonly onError: (error: unknown) => void
}

/** A task that is being briefed, and its link as it was then. */
interface AskedLease {
  readonly lease: Lease
  readonly link: LinkOrder | null
}

const cancelledOutcome: Outcome = { kind: 'fault', fault: fault('CANCELLED', 'The transfer was cancelled.') }

/** Retries get a quarter of the room at most, so that a failing bucket cannot starve what flows. */
const mrfShare = 0.25

/** While several targets are written to, none holds more than this of the room: a silent one must leave some to the rest. */
const targetShare = 0.75

/** Tasks beyond the limit that clients of the gateway wait for. */
const placesForClients = 32
/** How often such tasks are asked for again when a link is free: the mark of what was handed out may have to go up first. */
const looksForClients = 10

/** The worker loop: leases while there is room, sends to the pool, acks or nacks what comes back. */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #underWay = new UnderWay()
  /** Tasks that clients waited for and that could not be had just then. */
  readonly #passedOver = new Set<number>()
  #looksAgain = 0
  #limits: WorkerLimits
  #allowance: Allowance
  #stopped = false

  constructor(parts: DispatcherParts, limits: WorkerLimits) {
    this.#parts = parts
    this.#limits = limits
    this.#allowance = fullAllowance(limits.limit)
  }

  start(): void {
    this.#parts.queue.onReady(() => this.fill())
    this.fill()
  }

  /** Takes up as many tasks as there is room for. Called whenever a task may be had or a place is free. */
  fill(): void {
    if (this.#stopped) return
    this.#allowance = adapt(this.#allowance, this.#limits.limit, 'tick', this.#parts.now())
    if (this.#looksAgain > 0) {
      this.#looksAgain--
      this.#takePassedOver()
    }
    void this.#send([...this.#take('mrf'), ...this.#take('large'), ...this.#take('small')])
  }

  /** A client waits for these: they go before all that waits, a few even when every place is taken. */
  makeUrgent(seqs: readonly number[]): void {
    if (this.#stopped) return
    const startedAt = this.#parts.now()
    const leases: Lease[] = []
    for (const seq of seqs) {
      if (this.#underWay.size >= this.#allowance.current + placesForClients) break
      const lease = this.#parts.queue.claim(seq)
      if (lease === null) {
        if (this.#passedOver.size < placesForClients * 32) this.#passedOver.add(seq)
        continue
      }
      this.#begin(lease, startedAt)
      leases.push(lease)
    }
    void this.#send(leases)
  }

  /** A link is held no longer: what clients wait for there goes before the backlog that gathered meanwhile. */
  makeUrgentAgain(): void {
    this.#looksAgain = looksForClients
    this.#takePassedOver()
  }

  #takePassedOver(): void {
    const seqs = [...this.#passedOver]
    this.#passedOver.clear()
    this.makeUrgent(seqs)
  }

  /** Ends a task that was done elsewhere. Does nothing when it cannot be had at this moment: a worker will find it done. */
  async settle(seq: number, outcome: SettledOutcome): Promise<void> {
    const lease = this.#stopped ? null : this.#parts.queue.claim(seq)
    if (lease !== null) await this.#close(lease, outcome)
  }

  setLimits(limits: WorkerLimits): void {
    this.#limits = limits
    this.#allowance = fullAllowance(limits.limit)
    this.fill()
  }

  busy(): { readonly busy: number; readonly limit: number } {
    return { busy: this.#underWay.size, limit: this.#allowance.current }
  }

  inFlight(linkId: string): number {
    return this.#underWay.ofLink(linkId).length
  }

  /** Ends what is under way for a link that is gone; the tasks come back here as cancelled. */
  cancelLink(linkId: string): void {
    const all = this.#underWay.ofLink(linkId)
    for (const one of all) if (one.stage === 'briefing') one.stage = 'taken back'
    const sent = all.filter(({ stage }) => stage === 'with a thread')
    if (sent.length > 0) this.#parts.pool.cancel(sent.map(({ lease }) => lease.task.seq))
  }

  /** Up to `most` transfers, the ones with the most bytes first. */
  transfers(most: number): readonly Transfer[] {
    const sized = this.#underWay.all().toSorted((a, b) => (b.lease.task.sizeBytes ?? 0) - (a.lease.task.sizeBytes ?? 0))
    return sized.slice(0, most).flatMap((attempt) => this.#transfer(attempt))
  }

  onOutcomes(outcomes: readonly (readonly [seq: number, outcome: Outcome])[]): void {
    for (const [seq, outcome] of outcomes) {
      const ended = this.#underWay.end(seq)
      if (ended === null) continue
      this.#close(ended.lease, outcome).catch((error: unknown) => this.#parts.onError(error))
    }
    this.fill()
  }

  /** Nothing more is leased; what is under way is ended by the pool and comes back here to be released. */
  stop(): void {
    this.#stopped = true
  }

  /** Leases of one lane; each is counted at once, so that the next lane sees the room that is left. */
  #take(lane: Lane): readonly Lease[] {
    const room = Math.max(0, Math.min(this.#allowance.current - this.#underWay.size, this.#roomOf(lane)))
    if (room === 0) return []
    const leases = this.#parts.queue.lease({ small: 0, large: 0, mrf: 0, [lane]: room }, this.#mostPerTarget())
    const startedAt = this.#parts.now()
    for (const lease of leases) this.#begin(lease, startedAt)
    return leases
  }

  #begin(lease: Lease, startedAt: number): void {
    this.#underWay.begin(lease, startedAt)
    this.#parts.events.emit('leased', lease)
  }

  #mostPerTarget(): number {
    return Math.max(1, Math.floor(this.#allowance.current * targetShare))
  }

  #roomOf(lane: Lane): number {
    if (lane === 'large') return this.#limits.large - this.#underWay.busy('large')
    if (lane === 'mrf') return Math.max(1, Math.floor(this.#allowance.current * mrfShare)) - this.#underWay.busy('mrf')
    return this.#allowance.current
  }

  /** To the threads, with what the journal tells of each: all that it has to say is read at once, after the lease. */
  async #send(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return
    const sent = leases.map((lease) => ({ lease, link: this.#parts.link(lease.task.linkId) }))
    try {
      const briefings = await this.#parts.tasks.brief(sent.map(({ lease, link }) => briefingRequest(lease, link)))
      this.#run(sent.map((one, at) => ({ ...one, briefing: briefings[at]! })))
    } catch (error) {
      const failed = error instanceof FaultError ? error.fault : fault('INTERNAL', 'The journal could not be read.')
      this.onOutcomes(leases.map(({ task }) => [task.seq, { kind: 'fault', fault: failed }]))
    }
  }

  /** What was taken back meanwhile goes to no thread. */
  #run(briefed: readonly (AskedLease & { readonly briefing: Briefing })[]): void {
    const orders: TaskOrder[] = []
    const cancelled: (readonly [number, Outcome])[] = []
    for (const { lease, link, briefing } of briefed) {
      const { seq } = lease.task
      const attempt = this.#underWay.get(seq)
      if (attempt === null) continue
      if (this.#stopped || attempt.stage === 'taken back') {
        cancelled.push([seq, cancelledOutcome])
        continue
      }
      attempt.stage = 'with a thread'
      orders.push(this.#order(lease, link, briefing))
    }
    if (orders.length > 0) this.#parts.pool.run(orders)
    if (cancelled.length > 0) this.onOutcomes(cancelled)
  }

  #order(lease: Lease, link: LinkOrder | null, briefing: Briefing): TaskOrder {
    const { queue, judgement } = this.#parts
    return taskOrder(lease, link, briefing, { judge: judgement(lease), isLeased: (seq) => queue.isLeased(seq) })
  }

  async #close(lease: Lease, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'settled') return this.#settle(lease, outcome)
    const { events, queue, excuses } = this.#parts
    const { fault } = outcome
    if (fault.code === 'CANCELLED') return this.#release(lease)
    if (fault.code === 'SLOW_DOWN')
      this.#allowance = adapt(this.#allowance, this.#limits.limit, 'slow-down', this.#parts.now())
    if (excuses(lease, fault)) return this.#release(lease)
    const isParked = await queue.nack(lease, fault)
    events.emit('faulted', lease, fault)
    if (isParked) events.emit('parked', lease, fault)
  }

  async #settle(lease: Lease, outcome: SettledOutcome): Promise<void> {
    const { events, queue } = this.#parts
    events.emit('brought', lease, outcome)
    const { bytes, learned, forgotten, notKept, did, hasLanded } = outcome
    const isEnded = await queue.ack(lease, { bytes, learned, forgotten, notKept, did, hasLanded })
    events.emit('settled', lease, outcome, isEnded)
    await this.#takeUpAgain(lease, outcome.also ?? [])
  }

  #release(lease: Lease): void {
    this.#parts.queue.release(lease)
    this.#parts.events.emit('leased', lease)
  }

  /** A parked version that came along with a later one is in step, and leaves the failure list once it is looked at. */
  async #takeUpAgain({ task: { linkId, key } }: Lease, versionIds: readonly (string | null)[]): Promise<void> {
    const parked = versionIds.filter((versionId) => this.#parts.atOnce.isParked(linkId, key, versionId))
    if (parked.length === 0) return
    const rest = { operation: 'put', sizeBytes: null, changedAt: this.#parts.now(), absentSeenAt: 0 } as const
    await this.#parts.again(parked.map((versionId) => ({ linkId, key, versionId, ...rest })))
  }

  #transfer({ lease, startedAt }: Attempt): readonly Transfer[] {
    const { task, lane } = lease
    const link = this.#parts.link(task.linkId)
    if (link === null) return []
    const progress = this.#parts.pool.progress(task.seq)
    const doneBytes = progress?.doneBytes ?? 0
    const elapsedMs = Math.max(1, this.#parts.now() - startedAt)
    return [
      {
        seq: task.seq,
        ruleId: link.ruleId,
        linkId: task.linkId,
        source: link.source,
        target: link.target,
        key: task.key,
        versionId: task.versionId,
        operation: task.operation,
        lane,
        startedAt,
        sizeBytes: progress?.sizeBytes ?? task.sizeBytes,
        doneBytes,
        bytesPerSecond: (doneBytes * 1000) / elapsedMs,
        parts: progress?.parts ?? null,
        attempt: task.triedBefore + task.attempts + 1,
      },
    ]
  }
}

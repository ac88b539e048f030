/*
 * Dispatcher: leases tasks from the queue, hands them to the threads of the pool, and gives each its end. How many run at one
 * time is its decision; which comes next is the queue's.
 */

import type { Fault } from '../../../shared/model/fault.ts'
import type { Lane, Transfer } from '../../../shared/model/task.ts'
import { turned } from '../scan/seems-apart.ts'
import type { NewTask, ReadsAtOnce } from '../journal/port/tasks.ts'
import type { Lease, TaskQueue } from '../queue/port.ts'
import { adapt, fullAllowance, type Allowance } from './allowance.ts'
import type { TransferPool } from './pool.ts'
import type { TaskEmitter } from './task-events.ts'
import type { Judgement, LinkOrder, Outcome, SettledOutcome, TaskOrder } from '../replicate/port.ts'

export interface WorkerLimits {
  readonly limit: number
  readonly large: number
}

export interface DispatcherParts {
  readonly queue: TaskQueue
  readonly atOnce: ReadsAtOnce
  readonly pool: TransferPool
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

interface UnderWay {
  readonly lease: Lease
  readonly startedAt: number
}

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
  readonly #underWay = new Map<number, UnderWay>()
  readonly #busy: Record<Lane, number> = { small: 0, large: 0, mrf: 0 }
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
    const leases = [...this.#take('mrf'), ...this.#take('large'), ...this.#take('small')]
    if (leases.length > 0) this.#parts.pool.run(leases.map((lease) => this.#order(lease)))
  }

  /** A client waits for these: they go before all that waits, a few even when every place is taken. */
  makeUrgent(seqs: readonly number[]): void {
    if (this.#stopped) return
    const startedAt = this.#parts.now()
    const orders: TaskOrder[] = []
    for (const seq of seqs) {
      if (this.#underWay.size >= this.#allowance.current + placesForClients) break
      const lease = this.#parts.queue.claim(seq)
      if (lease === null) {
        if (this.#passedOver.size < placesForClients * 32) this.#passedOver.add(seq)
        continue
      }
      this.#underWay.set(seq, { lease, startedAt })
      this.#parts.events.emit('leased', lease)
      this.#busy[lease.lane]++
      orders.push(this.#order(lease))
    }
    if (orders.length > 0) this.#parts.pool.run(orders)
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
    let count = 0
    for (const { lease } of this.#underWay.values()) if (lease.task.linkId === linkId) count++
    return count
  }

  /** Ends what is under way for a link that is gone; the tasks come back here as cancelled. */
  cancelLink(linkId: string): void {
    const seqs = [...this.#underWay.values()].filter(({ lease }) => lease.task.linkId === linkId)
    if (seqs.length > 0) this.#parts.pool.cancel(seqs.map(({ lease }) => lease.task.seq))
  }

  /** Up to `most` transfers, the ones with the most bytes first. */
  transfers(most: number): readonly Transfer[] {
    const sized = [...this.#underWay.values()].sort(
      (a, b) => (b.lease.task.sizeBytes ?? 0) - (a.lease.task.sizeBytes ?? 0),
    )
    return sized.slice(0, most).flatMap((entry) => this.#transfer(entry))
  }

  onOutcomes(outcomes: readonly (readonly [seq: number, outcome: Outcome])[]): void {
    for (const [seq, outcome] of outcomes) {
      const ended = this.#underWay.get(seq)
      if (ended === undefined) continue
      this.#underWay.delete(seq)
      this.#busy[ended.lease.lane]--
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
    for (const lease of leases) {
      this.#underWay.set(lease.task.seq, { lease, startedAt })
      this.#parts.events.emit('leased', lease)
    }
    this.#busy[lane] += leases.length
    return leases
  }

  #mostPerTarget(): number {
    return Math.max(1, Math.floor(this.#allowance.current * targetShare))
  }

  #roomOf(lane: Lane): number {
    if (lane === 'large') return this.#limits.large - this.#busy.large
    if (lane === 'mrf') return Math.max(1, Math.floor(this.#allowance.current * mrfShare)) - this.#busy.mrf
    return this.#allowance.current
  }

  #order(lease: Lease): TaskOrder {
    const { task, knownAbsent: unseen, mayHaveRun } = lease
    const judge = this.#parts.judgement(lease)
    const { seq, linkId, key, versionId, operation, sizeBytes, changedAt } = task
    const attempt = task.attempts + 1
    const bypass = task.bypassGovernance === true ? ({ bypassGovernance: true } as const) : {}
    const what = {
      seq,
      linkId,
      key,
      versionId,
      operation,
      sizeBytes,
      changedAt,
      attempt,
      ...bypass,
      judge,
      ...this.#fromElsewhere(linkId, key),
      ...(operation === 'deleteVersion' && this.#isWrittenAtSource(task) && { isWrittenAtSource: true as const }),
    }
    // Where a rule leads back, the target's own clients and the other link write too: what a scan saw lacking may be there by now.
    const knownAbsent = unseen && this.#parts.link(linkId)?.opposite === undefined
    // A new null version takes the place of a former one, which only the journal knows.
    if (knownAbsent)
      return {
        ...what,
        knownAbsent,
        pairs: versionId === 'null' ? this.#parts.atOnce.pairs(linkId, key) : [],
        upload: null,
      }
    return {
      ...what,
      knownAbsent,
      pairs: this.#parts.atOnce.pairs(linkId, key),
      upload: this.#parts.atOnce.upload(seq),
      open: this.#parts.atOnce.openSeqs(linkId, key),
      mayHaveRun,
    }
  }

  /** What other links brought to the source, or are bringing. */
  #fromElsewhere(linkId: string, key: string): Pick<TaskOrder, 'came' | 'alike' | 'openAtSource' | 'asOfSeq'> {
    const { opposite, inbound = [] } = this.#parts.link(linkId) ?? {}
    if (inbound.length === 0) return {}
    const openAtSource = inbound.flatMap((other) => this.#parts.atOnce.openSeqs(other, key))
    const asOfSeq = this.#parts.atOnce.lastSeq()
    if (opposite === undefined) return { openAtSource, asOfSeq }
    const pairs = this.#parts.atOnce.pairs(opposite.linkId, key)
    const came = turned(pairs.filter(({ proof }) => proof !== 'found'))
    const alike = turned(pairs.filter(({ proof }) => proof === 'found'))
    return { came, alike, openAtSource, asOfSeq }
  }

  /**
   * By a task of another link that came before, or that has begun. Others may wait in line behind a delete that waits for this
   * one: to wait for them would never end.
   */
  #isWrittenAtSource({ seq, linkId, key }: Lease['task']): boolean {
    const { inbound = [] } = this.#parts.link(linkId) ?? {}
    const open = inbound.flatMap((other) => this.#parts.atOnce.openSeqs(other, key))
    return open.some((other) => {
      const task = this.#parts.atOnce.task(other)
      if (task === null || task.operation === 'deleteVersion') return false
      return other < seq || task.attempts > 0 || this.#parts.queue.isLeased(other)
    })
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
    const { bytes, learned, forgotten, notKept, did } = outcome
    const isEnded = await queue.ack(lease, { bytes, learned, forgotten, notKept, did })
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

  #transfer({ lease, startedAt }: UnderWay): readonly Transfer[] {
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

import type { TaskState } from '../../shared/model/task.ts'
import { fault, type Fault } from '../../shared/model/fault.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import { laneOf } from '../../electron/engine/queue/lanes.ts'
import type { Lease } from '../../electron/engine/queue/port.ts'
import { nextStep, retryPolicy } from '../../electron/engine/queue/retry.ts'
import { stateAfter, type TaskEvent } from '../../electron/engine/queue/task-state.ts'

export interface ModelTask {
  readonly seq: number
  readonly linkId: string
  readonly key: string
  readonly versionId: string | null
  state: TaskState
  revision: number
  leasedRevision: number
  /** What the journal says of a leased task: it does not know of leases. */
  stored: TaskState
  leasedAttempts: number
  attempts: number
  dueAt: number
  absentSeenAt: number
  sizeBytes: number
  wasLeased: boolean
  /** Until then what an attempt wrote of which nobody heard may land; and where that is known of one alone that an earlier run had. */
  unheardUntil: number
  /** Made ready by the journal: a later one of its key may have been first, and goes on. */
  isWoken: boolean
  maybeUntil: number
}

export const transient: Fault = fault('SERVER_ERROR', 'the test says so')
export const permanent: Fault = fault('ACCESS_DENIED', 'the test says so')
export const chance = (): number => 0.5

/** What the queue promises, kept in the plainest way: every task in one map, every question answered by looking at all. */
export class QueueModel {
  readonly tasks = new Map<number, ModelTask>()
  readonly held = new Set<string>()
  readonly removed = new Set<string>()
  readonly #touchedAt = new Map<string, number>()
  #lastSeq = 0

  enqueue({ linkId, key, versionId, sizeBytes, absentSeenAt }: NewTask): void {
    for (const task of this.tasks.values()) {
      if (task.linkId !== linkId || task.key !== key || task.versionId !== versionId) continue
      task.revision++
      task.sizeBytes = sizeBytes ?? task.sizeBytes
      task.absentSeenAt = Math.min(task.absentSeenAt, absentSeenAt)
      this.#move(task, 'enqueue')
      return
    }
    const seq = ++this.#lastSeq
    const fixed = { seq, linkId, key, versionId, absentSeenAt, sizeBytes: sizeBytes ?? 0 }
    const start = {
      state: 'ready',
      revision: 1,
      leasedRevision: 0,
      stored: 'ready',
      leasedAttempts: 0,
      attempts: 0,
      dueAt: 0,
      wasLeased: false,
      unheardUntil: 0,
      isWoken: false,
      maybeUntil: 0,
    } as const
    this.tasks.set(seq, { ...fixed, ...start })
  }

  /** The journal spends a number on a task that turns out to be known. */
  skipOne(): void {
    this.#lastSeq++
  }

  /** What has lingered long enough is looked at once more, a moment later. `isAwake`: the journal has it ready by now. */
  wake(now: number, isAwake: (seq: number) => boolean): string | null {
    for (const task of this.tasks.values()) {
      if (task.state !== 'lingering' || !isAwake(task.seq)) continue
      if (task.dueAt > now) return `${task.seq} was woken too early`
      Object.assign(task, { state: 'ready', isWoken: true })
    }
    return null
  }

  /** May go now: nobody has its key, and nothing older of its key waits or is delayed. */
  eligible(now: number): readonly ModelTask[] {
    return [...this.tasks.values()].filter(
      (task) =>
        !this.held.has(task.linkId) &&
        !this.removed.has(task.linkId) &&
        (task.state === 'ready' || (task.state === 'delayed' && task.dueAt <= now)) &&
        !this.#others(task).some((other) => other.state === 'leased' || (other.seq < task.seq && !other.isWoken)),
    )
  }

  lease(lease: Lease, now: number): string | null {
    const task = this.tasks.get(lease.task.seq)
    if (task === undefined) return `${lease.task.seq} is unknown or settled`
    if (!this.eligible(now).includes(task))
      return `${task.seq} may not go: ${JSON.stringify([task, this.#others(task)])}`
    if (laneOf(task) !== lease.lane) return `${task.seq} is in the wrong lane`
    const mayBeKnownAbsent = task.absentSeenAt > (this.#touchedAt.get(nameOf(task)) ?? 0) && !task.wasLeased
    if (lease.knownAbsent && !mayBeKnownAbsent) return `${task.seq} is not known to be absent`
    if (lease.task.revision > task.revision) return `${task.seq} has a revision from the future`
    task.stored = task.state
    task.leasedAttempts = task.attempts
    this.#move(task, 'lease')
    Object.assign(task, { wasLeased: true, isWoken: false })
    task.leasedRevision = lease.task.revision
    this.#touchedAt.set(nameOf(task), now)
    return null
  }

  /** `row`: what the journal has of it now. What is wrong with that, or null. */
  ack({ task: { seq } }: Lease, now: number, row: Pick<ModelTask, 'state' | 'dueAt'> | null): string | null {
    const task = this.tasks.get(seq)!
    const latest = Math.max(task.unheardUntil, task.maybeUntil)
    if (task.revision !== task.leasedRevision) Object.assign(task, { state: 'ready', attempts: 0, dueAt: 0 })
    else if (row === null) {
      this.tasks.delete(seq)
      if (task.unheardUntil > now) return `${seq} ended, and what was not heard of may land`
    } else {
      Object.assign(task, { state: row.state, attempts: 0, dueAt: row.dueAt })
      if (row.state !== 'lingering' || latest <= now) return `${seq} stays for nothing: ${JSON.stringify([row, task])}`
      if (row.dueAt < task.unheardUntil || row.dueAt > latest) return `${seq} stays too short, or too long`
    }
    return null
  }

  nack({ task: { seq } }: Lease, why: Fault, now: number): void {
    const task = this.tasks.get(seq)!
    task.attempts = task.leasedAttempts + 1
    task.unheardUntil = now + retryPolicy.landsWithinMs
    const step = nextStep(retryPolicy, why, task.attempts, chance)
    this.#move(task, step.kind)
    if (step.kind === 'delay') task.dueAt = now + step.delayMs
    else if (task.revision !== task.leasedRevision) Object.assign(task, { state: 'ready', dueAt: 0 })
  }

  release({ task: { seq } }: Lease, now: number): void {
    const task = this.tasks.get(seq)!
    task.unheardUntil = now + retryPolicy.landsWithinMs
    this.#move(task, 'release')
    task.state = task.stored
  }

  retry(matches: (task: ModelTask) => boolean): number {
    const chosen = [...this.tasks.values()].filter(
      (task) => matches(task) && ['delayed', 'parked'].includes(task.state),
    )
    for (const task of chosen) {
      this.#move(task, 'retry')
      Object.assign(task, { attempts: 0, dueAt: 0 })
    }
    return chosen.length
  }

  /** A lease dies with its engine; the journal has the task as it was before. */
  restart(now: number): void {
    for (const task of this.tasks.values()) {
      task.maybeUntil = now + retryPolicy.landsWithinMs
      if (task.state !== 'leased') continue
      task.state = task.stored
      task.unheardUntil = task.maybeUntil
    }
    this.held.clear()
    this.removed.clear()
  }

  #others(task: ModelTask): readonly ModelTask[] {
    return [...this.tasks.values()].filter(
      (other) =>
        other !== task && nameOf(other) === nameOf(task) && other.state !== 'parked' && other.state !== 'lingering',
    )
  }

  #move(task: ModelTask, event: TaskEvent): void {
    const state = stateAfter(task.state, event)
    if (state === null || state === 'settled') throw new Error(`${task.state} and ${event} do not go together`)
    task.state = state
  }
}

const nameOf = ({ linkId, key }: ModelTask): string => `${linkId} ${key}`

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
    } as const
    this.tasks.set(seq, { ...fixed, ...start })
  }

  /** The journal spends a number on a task that turns out to be known. */
  skipOne(): void {
    this.#lastSeq++
  }

  /** May go now: nobody has its key, and nothing older of its key waits or is delayed. */
  eligible(now: number): readonly ModelTask[] {
    return [...this.tasks.values()].filter(
      (task) =>
        !this.held.has(task.linkId) &&
        !this.removed.has(task.linkId) &&
        (task.state === 'ready' || (task.state === 'delayed' && task.dueAt <= now)) &&
        !this.#others(task).some((other) => other.state === 'leased' || other.seq < task.seq),
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
    task.wasLeased = true
    task.leasedRevision = lease.task.revision
    this.#touchedAt.set(nameOf(task), now)
    return null
  }

  ack({ task: { seq } }: Lease): void {
    const task = this.tasks.get(seq)!
    if (task.revision === task.leasedRevision) this.tasks.delete(seq)
    else Object.assign(task, { state: 'ready', attempts: 0, dueAt: 0 })
  }

  nack({ task: { seq } }: Lease, why: Fault, now: number): void {
    const task = this.tasks.get(seq)!
    task.attempts = task.leasedAttempts + 1
    const step = nextStep(retryPolicy, why, task.attempts, chance)
    this.#move(task, step.kind)
    if (step.kind === 'delay') task.dueAt = now + step.delayMs
    else if (task.revision !== task.leasedRevision) Object.assign(task, { state: 'ready', dueAt: 0 })
  }

  release({ task: { seq } }: Lease): void {
    const task = this.tasks.get(seq)!
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
  restart(): void {
    for (const task of this.tasks.values()) {
      if (task.state === 'leased') task.state = task.stored
    }
    this.held.clear()
    this.removed.clear()
  }

  #others(task: ModelTask): readonly ModelTask[] {
    return [...this.tasks.values()].filter(
      (other) => other !== task && nameOf(other) === nameOf(task) && other.state !== 'parked',
    )
  }

  #move(task: ModelTask, event: TaskEvent): void {
    const state = stateAfter(task.state, event)
    if (state === null || state === 'settled') throw new Error(`${task.state} and ${event} do not go together`)
    task.state = state
  }
}

const nameOf = ({ linkId, key }: ModelTask): string => `${linkId} ${key}`

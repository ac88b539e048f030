import type { EventEmitter } from 'node:events'
import type { Fault } from '../../../shared/model/fault.ts'
import type { Lease } from '../queue/port.ts'
import type { Outcome, SettledOutcome } from '../replicate/port.ts'

/** What becomes of tasks. Listeners are called in the order in which they came, and must not throw. */
export interface TaskEvents {
  /** What the threads gave back. */
  outcomes: [outcomes: readonly (readonly [seq: number, outcome: Outcome])[]]
  /** Bytes on their way, told while an object is copied. */
  moved: [linkId: string, readBytes: number, writtenBytes: number]
  /** A worker has the task now, or gave it back untouched. */
  leased: [lease: Lease]
  /**
   * A worker has done it, and the journal does not know yet: for what must be known before anybody can see the task end, and
   * for what is written down in one commit with it.
   */
  brought: [lease: Lease, outcome: SettledOutcome]
  /** On the disk: the target is in step. `isEnded`: not offered anew meanwhile, so it has left the queue. */
  settled: [lease: Lease, outcome: SettledOutcome, isEnded: boolean]
  /** On the disk: an attempt failed, and its row can be read. */
  faulted: [lease: Lease, fault: Fault]
  /** On the disk, and told after `faulted`: nothing more is tried until somebody mends the cause. */
  parked: [lease: Lease, fault: Fault]
}

export type TaskEmitter = EventEmitter<TaskEvents>

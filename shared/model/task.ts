import type { BucketAt } from './rule.ts'
import type { Fault } from './fault.ts'

/**
 * What the feed thought happened. A hint for lanes, the delete brake and the screen only: the worker reads both sides
 * again and makes them equal.
 */
export const operations = ['put', 'metadata', 'deleteMarker', 'deleteVersion'] as const
export type Operation = (typeof operations)[number]

/**
 * ready: may be leased; leased: a worker has it; delayed: failed, waits for its next attempt (in the MRF queue);
 * parked: failed for good until somebody mends the cause and retries. A settled task leaves the journal.
 */
export const taskStates = ['ready', 'leased', 'delayed', 'parked'] as const
export type TaskState = (typeof taskStates)[number]

export type Lane = 'small' | 'large' | 'mrf'

/** Which task it is, wherever one is shown. */
interface TaskShown {
  readonly seq: number
  readonly ruleId: string
  readonly linkId: string
  readonly source: BucketAt
  readonly target: BucketAt
  readonly key: string
  readonly versionId: string | null
  readonly operation: Operation
  readonly sizeBytes: number | null
}

/** One row of the failure list: a task that failed at least once and is not settled. */
export interface Failure extends TaskShown {
  readonly state: 'delayed' | 'parked' | 'leased' | 'ready'
  readonly fault: Fault
  readonly attempts: number
  readonly firstFailedAt: number
  readonly lastAttemptAt: number
  /** Epoch ms; null when parked. */
  readonly nextAttemptAt: number | null
}

/** One line in the history of an item. */
export interface ItemEvent {
  readonly at: number
  readonly what: 'queued' | 'attempt-failed' | 'parked' | 'retried' | 'settled'
  readonly attempt: number | null
  readonly fault: Fault | null
}

export interface Transfer extends TaskShown {
  readonly lane: Lane
  readonly startedAt: number
  readonly doneBytes: number
  readonly bytesPerSecond: number
  /** Present while a multipart copy runs. */
  readonly parts: { readonly done: number; readonly total: number } | null
  readonly attempt: number
}

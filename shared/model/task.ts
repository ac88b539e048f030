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
 * parked: failed for good until somebody mends the cause and retries; lingering: settled, but an attempt of which nobody heard may
 * still land what it wrote, so it is looked at once more. A settled task leaves the journal.
 */
export const taskStates = ['ready', 'leased', 'delayed', 'parked', 'lingering'] as const
export type TaskState = (typeof taskStates)[number]

export type Lane = 'small' | 'large' | 'mrf'

/** How a task left the queue, in one sentence: the one list. Only where it says so has the target got the version. */
export const settledText = {
  copied: 'Settled: the target has it.',
  'already-there': 'Settled: the target had it already.',
  metadata: 'Settled: the target has its metadata, tags and locks.',
  marker: 'Settled: the target has the delete marker.',
  purged: 'Settled: the version was deleted at the target too.',
  'source-gone':
    'Ended: the version is gone at the source, so there is nothing to bring. The target was left as it is.',
  filtered: 'Ended: the rule leaves this version out. The target was left as it is.',
  'not-wanted': 'Ended: the rule does not want this change at the target. The target was left as it is.',
} as const
export type SettledBy = keyof typeof settledText

/** Which task it is, wherever one is shown. */
export interface TaskShown {
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

/** Why a task does not run though nothing is wrong with it: its link is held. */
export interface Hold {
  /** The end of “runs when …”: `Oslo answers`, `rule photos is resumed`. */
  readonly until: string
  readonly because: 'offline' | 'paused' | 'switched off' | 'stopped' | 'bucket changed' | 'not known yet'
  /** Epoch ms; null where nobody knows. */
  readonly sinceAt: number | null
}

/** One row of the failure list: a task that failed at least once and is not settled. */
export interface Failure extends TaskShown {
  /** `leased`: a worker has it at this moment; `ready`: in the queue for its next attempt. */
  readonly state: 'delayed' | 'parked' | 'leased' | 'ready'
  readonly fault: Fault
  /** All that were made and failed; a retry by hand does not start them anew. */
  readonly attempts: number
  readonly firstFailedAt: number
  readonly lastAttemptAt: number
  /** Epoch ms; null where no time is set: parked, in the queue, under way, or waiting as `waits` says. */
  readonly nextAttemptAt: number | null
  /** null when nothing but time stands in the way, and when parked or under way. */
  readonly waits: Hold | null
}

/** One line in the history of an item. */
export interface ItemEvent {
  readonly at: number
  readonly what: 'queued' | 'attempt-failed' | 'parked' | 'retried' | 'resumed' | 'settled'
  /** Counted from 1 over all that were made. */
  readonly attempt: number | null
  readonly fault: Fault | null
  /** With `settled`: how; null where an older release wrote it. */
  readonly did: SettledBy | null
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

import type { Fault } from '../../../shared/model/fault.ts'
import type { Lane } from '../../../shared/model/task.ts'
import type { MarkerNote, NewTask, RetryWhich, Settlement, TaskRow, UrgentEnqueue } from '../journal/port/tasks.ts'

export interface LinkSpec {
  readonly linkId: string
  readonly priority: number
  readonly sourceSite: string
  readonly targetSite: string
  /** Names of its two buckets, the same in every link: one that goes the other way works at the same keys. */
  readonly way?: { readonly from: string; readonly to: string }
  /** Links that name the same one have one order per key together, as if they were one link. Absent: the link is alone. */
  readonly orderGroup?: string | undefined
}

/** How an attempt settled its task. */
export interface AckedSettlement extends Omit<Settlement, 'seq' | 'revision' | 'lingers'> {
  /** What an earlier attempt of the task wrote is known: of that one nothing is under way. */
  readonly hasLanded?: true | undefined
}

/** A worker's claim on a task, until ack, nack or release. */
export interface Lease {
  readonly task: TaskRow
  readonly lane: Lane
  /** The scan saw that the target has nothing of this version, and nothing happened since: no look is needed. */
  readonly knownAbsent: boolean
  /** It was handed out before: what that attempt wrote may be at the target. */
  readonly mayHaveRun: boolean
  /** Names this attempt, and no other: up to 16 of `0-9a-z`. */
  readonly attemptId: string
}

export interface QueueCounts {
  readonly ready: number
  readonly leased: number
}

/**
 * Decides which task is next: order per key (seq order within link + key; a delayed task holds back the later ones of its
 * key, a parked one does not), over links of opposite ways no delete of a key beside another task of it, lanes (`small`, `large` from 128 MiB, `mrf` for attempts > 0), fair share between links
 * weighted by priority, nothing from a link that is held. Memory is a window per link, never the backlog.
 */
export interface TaskQueue {
  addLink(spec: LinkSpec): void
  /** Leased tasks of the link may still be acked or nacked; nothing of it is handed out afterwards. */
  removeLink(linkId: string): void
  /**
   * Held links gather tasks and hand out none; kept here and nowhere else. A reason given twice holds once, and a link runs again
   * when every one is released. May come before the link itself.
   */
  hold(linkId: string, reason: string): void
  unhold(linkId: string, reason: string): void
  /** The reasons that hold the link; none: it hands out. */
  holds(linkId: string): ReadonlySet<string>

  /** Durable when it resolves with the seqs, one for each task; wakes the workers. Urgent for a client that waits. */
  enqueue(tasks: readonly NewTask[], urgent?: UrgentEnqueue): Promise<readonly number[]>
  /**
   * A worker is about to write the delete marker that this task names: it has that one, or another of the key. Resolves when the note is on
   * record, on a task of its own: one that is there already stays as it is.
   */
  noteMarker(task: NewTask, note: MarkerNote): Promise<void>
  /**
   * Up to `room` leases per lane, now; may be empty. Never waits. While links write to several sites, none of these holds
   * more than `mostPerTarget` leases.
   */
  lease(room: Readonly<Record<Lane, number>>, mostPerTarget?: number): readonly Lease[]
  /**
   * This task now, before all that waits: a client waits for it. null when it may not be had at this moment (an older task of
   * its key is pending, its link is held); it is handed out in its turn then.
   */
  claim(seq: number): Lease | null
  /**
   * Resolves true when the task is settled, false when it is ready again because it was offered anew meanwhile. One that had an attempt
   * of which nobody heard lingers, and is handed out once more later.
   */
  ack(lease: Lease, settlement: AckedSettlement): Promise<boolean>
  /**
   * Not done: delayed with backoff, after what the site asked, or parked – by `nextStep`, which is pure. True: parked. A task
   * that was offered anew meanwhile is not parked for what it was before.
   */
  nack(lease: Lease, fault: Fault): Promise<boolean>
  /**
   * Given back: the engine stops, the site went offline, or only a look can tell what came of it. No attempt is counted. `isHeard`: the
   * end of all that was sent is known. Absent: something may be under way.
   */
  release(lease: Lease, isHeard?: boolean): void
  /** Resolves with what was made ready, and may run as soon as its link does. What a worker has is left to its attempt. */
  retry(which: RetryWhich, limit: number): Promise<readonly Pick<TaskRow, 'seq' | 'linkId' | 'key'>[]>
  /** A worker has the task at this moment. */
  isLeased(seq: number): boolean
  counts(linkId: string): QueueCounts
  /** Called (at most once a tick) when a lease may be had: new task, key free, due time reached, hold ended. */
  onReady(listener: () => void): void
  /** Nothing leased, nothing ready, nothing delayed for the link (or all links). */
  idle(linkId?: string): boolean
  close(): void
}

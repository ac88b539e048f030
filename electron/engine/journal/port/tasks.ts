import type { FailureFilter, FailureListInput } from '../../../../shared/api/inputs.ts'
import type { Fault, FaultCode } from '../../../../shared/model/fault.ts'
import type { ItemEvent, Operation, SettledBy, TaskState } from '../../../../shared/model/task.ts'
import type { UploadedPart } from '../../store/port.ts'
import type { VersionPair } from './versions.ts'

/** Tasks from this size go in a lane of their own: a few of them would hold every worker for minutes. */
export const largeBytes = 134_217_728

/** A version to bring to one target; says which, never what changed. Dedupe key: link + key + version id. */
export interface NewTask {
  readonly linkId: string
  readonly key: string
  /** null: whatever is current when the worker looks (events from sites that name no version). */
  readonly versionId: string | null
  readonly operation: Operation
  readonly sizeBytes: number | null
  /** Epoch ms of the change at the source: lag counts from here. */
  readonly changedAt: number
  /**
   * Epoch ms at which a scan saw that the target has nothing of this version; 0 when nobody looked. A task is handed out
   * as *known absent* (the worker may copy without looking first) only while no task of its key settled since then and it
   * was never handed out before.
   */
  readonly absentSeenAt: number
  /**
   * A client of the gateway deleted a version, or changed its retention, past a governance retention and with the right to:
   * the target is asked the same. Kept until the task settles, whoever offers the version again.
   */
  readonly bypassGovernance?: true
  /** The target has a current version of the key: known of what a scan found, for the brake; the journal does not keep it. */
  readonly overwrites?: true
}

/**
 * What is known of a delete marker that a worker was about to write, and that no pair tells of. A number, epoch ms: it was sent then, and
 * nobody heard what became of it. `unsure`: it may be at the target, and nothing there could prove it, as the site answered with an error that
 * leaves it open, or a journal of an older release does not say whether it was sent.
 */
export type MarkerNote = number | 'unsure'

/** A delete marker of the source, and what is known of what was sent for it. */
export interface NotedMarker {
  readonly versionId: string
  readonly note: MarkerNote
}

export interface TaskRow extends NewTask {
  readonly seq: number
  readonly state: TaskState
  /** Counts the times the same dedupe key was enqueued; an ack for an older revision makes the task ready again. */
  readonly revision: number
  /** Those since it came, or was last retried by hand: the backoff goes by them. */
  readonly attempts: number
  /** Those before an operator's last retry. */
  readonly triedBefore: number
  /** Epoch ms before which a delayed task is not handed out. */
  readonly dueAt: number
  readonly fault: Fault | null
  readonly firstFailedAt: number | null
  readonly lastAttemptAt: number | null
  readonly enqueuedAt: number
  /** Absent: nothing was sent for its version, or what became of it is known. */
  readonly marker?: MarkerNote
  /** It was done before: it lingers, or did. */
  readonly lingered?: true
}

export interface UploadRecord {
  readonly uploadId: string
  /** Sizes of all parts in order, bytes. */
  readonly layout: readonly number[]
  readonly sourceEtag: string
  readonly parts: readonly UploadedPart[]
}

/** Whose briefing is asked for: a task that a worker has, and what its link has to do with others. */
export interface BriefingRequest extends Pick<TaskRow, 'seq' | 'linkId' | 'key'> {
  /** What of its own link has to be known; what is not asked for is empty. */
  readonly own: 'nothing' | 'pairs' | 'all'
  /** The links that write to its source; empty where none does. */
  readonly inbound: readonly string[]
  /** Of these the one that copies the other way, whose pairs are told too; null where there is none. */
  readonly opposite: string | null
  /** Tell the tasks of the inbound links that write, besides their numbers. */
  readonly tellsWriters: boolean
}

/** What a worker is told of the key of its task, as it all stood in one moment. */
export interface Briefing {
  readonly pairs: readonly VersionPair[]
  /**
   * Pairs that were forgotten while some task of the key was open, until none is: a client may have copied the replica before it went, and
   * the copy bears the mark of a task that is open.
   */
  readonly tombstones: readonly VersionPair[]
  readonly upload: UploadRecord | null
  /** Numbers of the tasks of the key, the parked and the lingering ones too; of more than 1,000 the highest. */
  readonly open: readonly number[]
  /** Of these tasks, the notes of delete markers; in no order. */
  readonly markers: readonly NotedMarker[]
  /** The same as `open`, of all inbound links. */
  readonly openAtSource: readonly number[]
  /** Of those at the source, the ones that are no permanent deletes; empty unless they were asked for. */
  readonly writers: readonly Pick<TaskRow, 'seq' | 'attempts'>[]
  /** Those of the link that copies the other way, as it keeps them. */
  readonly pairsBack: readonly VersionPair[]
  /** The highest number that a task had: one that is not higher, and not among the open ones, is settled. */
  readonly asOfSeq: number
}

export interface Settlement {
  readonly seq: number
  readonly revision: number
  readonly bytes: number
  /** Pairs to remember for this key, and source version ids to forget. */
  readonly learned: readonly VersionPair[]
  readonly forgotten: readonly string[]
  /** Properties that the copy went without; each counts once. */
  readonly notKept?: readonly string[] | undefined
  /** The task was no change of its own: it does not count among those that were settled. */
  readonly uncounted?: true
  /** For the history of a task that had failed; absent where nobody knows. */
  readonly did?: SettledBy | null
  /** It is done, and stays: see {@link Lingering}. */
  readonly lingers?: Lingering | undefined
}

/**
 * What an attempt wrote whose answer was lost may come to lie at the target after another attempt has brought the same. Until it cannot
 * any more the task lingers, as a closed connection of TCP does: it counts as settled and holds nothing back, its number is known as
 * one of the key, and it is looked at once more in the end.
 */
export interface Lingering {
  /** Epoch ms. */
  readonly until: number
}

export interface LinkTotals {
  readonly backlogCount: number
  readonly backlogBytes: number
  readonly oldestPendingAt: number | null
  readonly delayed: number
  /** Those that met a fault and are not parked, whether delayed or ready; with `parked` all that is in the failure list. */
  readonly failing: number
  readonly parked: number
  /** Settled, and looked at once more: see {@link Lingering}. */
  readonly lingering: number
  readonly settledCount: number
  readonly settledBytes: number
}

export interface FailureCause {
  readonly linkId: string
  readonly code: FaultCode
  /** Items in the failure list, those that are being retried among them. */
  readonly count: number
  /** Of the first of them; null when it has just gone. */
  readonly fault: Fault | null
}

export type RetryWhich =
  | { readonly seqs: readonly number[] }
  | { readonly filter: FailureFilter; readonly failedBy?: number; readonly because?: RetriedBecause }

/** In the history: an operator asked for it, or the site that it waited for answers again. */
export type RetriedBecause = Extract<ItemEvent['what'], 'retried' | 'resumed'>

/** For an enqueue that a client waits for: it does not wait for company. */
export interface UrgentEnqueue {
  /** The tasks outlive this process, though not a power cut yet. Must not throw. */
  readonly committed?: (seqs: readonly number[]) => void
}

export interface FailedTasks {
  readonly total: number
  readonly rows: readonly TaskRow[]
  readonly byCode: readonly { readonly code: string; readonly count: number }[]
}

/**
 * Port: tasks and what becomes of them. A write resolves when it is on disk and rejects with the journal's fault; writes take
 * effect in the order of their calls, together with those of the other ports.
 */
export interface TaskStore {
  /** Inserts, or raises `revision` where the dedupe key is pending already (a parked one becomes ready again). Returns the seqs. */
  enqueue(tasks: readonly NewTask[], urgent?: UrgentEnqueue): Promise<readonly number[]>
  /** Removes the task or lets it linger, or makes it ready again when its revision moved on (resolves false then). */
  settle(settlement: Settlement): Promise<boolean>
  delay(seq: number, fault: Fault, attempts: number, dueAt: number, at: number): Promise<void>
  /** Sets the task aside, or makes it ready again when its revision moved on: what was refused is not what is asked now (false). */
  park(seq: number, revision: number, fault: Fault, attempts: number, at: number): Promise<boolean>
  /**
   * Makes delayed and parked tasks ready now; returns which. The backoff starts anew. `failedBy`, epoch ms: what failed again
   * later is left alone, so that nothing is taken twice by one who asks in steps. `isTaken`: a worker has it, its attempt decides.
   */
  retry(
    which: RetryWhich,
    limit: number,
    isTaken?: (seq: number) => boolean,
  ): Promise<readonly Pick<TaskRow, 'seq' | 'linkId' | 'key'>[]>
  /** Makes ready what has lingered until `now`, up to `limit`, and pending since then; resolves with which. */
  wakeLingering(now: number, limit: number): Promise<readonly Pick<TaskRow, 'seq' | 'linkId' | 'key'>[]>
  /** Epoch ms at which the first lingering task is to be woken; null when none lingers. */
  lingersUntil(): Promise<number | null>
  /** null when it is settled, or never was. */
  find(seq: number): Promise<TaskRow | null>
  /** Tasks of one key that are not parked, in seq order, the lingering ones too; of more than `limit` the first. */
  waiting(linkId: string, key: string, limit: number): Promise<readonly TaskRow[]>
  /** Tasks of one key that are parked, the latest first; of more than 1,000 the latest. */
  parked(linkId: string, key: string): Promise<readonly TaskRow[]>
  /** What failed and is not settled. */
  failures(q: FailureListInput): Promise<FailedTasks>
  /** The list of failures, or a row of it, is another: told when that is on disk and can be read. */
  onFailures(listener: () => void): void
  /** What in the list of failures only somebody's help can end, by link and code. */
  parkedCauses(): Promise<readonly FailureCause[]>

  /** One for each, in the order of the requests, and each of one moment. Only for tasks that whoever asks has leased. */
  brief(asked: readonly BriefingRequest[]): Promise<readonly Briefing[]>

  saveUpload(seq: number, record: Omit<UploadRecord, 'parts'>): Promise<void>
  savePart(seq: number, part: UploadedPart): Promise<void>
  forgetUpload(seq: number): Promise<void>
  /** Puts the note on the task of that version, parked or not; null takes it away. It goes with the task, or when that settles. */
  noteMarker(of: Pick<NewTask, 'linkId' | 'key' | 'versionId'>, note: MarkerNote | null): Promise<void>
  /** Raises the mark that {@link ReadsAtOnce.handedOut} tells. */
  raiseHandedOut(seq: number): Promise<void>
}

/** What waits in a link, in the order in which it goes. The queue alone reads it, for its leases. */
export interface LineReads {
  /** Rows in seq order after `afterSeq` that are ready (or were leased when the engine died). */
  ready(linkId: string, afterSeq: number, limit: number): readonly TaskRow[]
  /** Those of the ready rows that are large or failed before: their lanes need not wait for all that came earlier. */
  readyApart(linkId: string, afterSeq: number, limit: number): readonly TaskRow[]
  due(linkId: string, now: number, limit: number): readonly TaskRow[]
  delayedKeys(linkId: string): Iterable<string>
}

/**
 * Reads that are made in the very turn in which something is decided by them: which task is next, whether a client may be
 * answered. Whoever asks has to see tasks and pairs as they stand together, so these are not promises: each goes into a decision
 * that a port makes by itself (a lease, a briefing) before another implementation can stand behind it. Who only tells of tasks
 * asks the {@link TaskStore}.
 */
export interface ReadsAtOnce extends LineReads {
  /** The tasks of one key that wait for an attempt, in seq order: which is next when the key is free again. */
  unsettled(linkId: string, key: string, limit: number): readonly TaskRow[]
  task(seq: number): TaskRow | null
  /**
   * A scan leaves such a version alone: only an operator's retry or resync takes it up again. A write that is parked is no reason
   * to leave what it is of where it was deleted for good since.
   */
  isParked(linkId: string, key: string, versionId: string | null, operation?: Operation): boolean
  /** Is a task of the link with this number or a lower one pending? Parked and lingering ones are not. */
  isPendingUpTo(linkId: string, seq: number): boolean
  /** Is anything of the key pending or lingering? What an attempt wrote may be at the target, or come there. */
  isUnderWay(linkId: string, key: string): boolean
  /** Is anything of the key pending, lingering or parked? */
  anyTask(linkId: string, key: string): boolean
  /** The highest number that a task ever had. */
  lastSeq(): number
  /** Counted with every change, in memory. */
  totals(linkId: string): LinkTotals
  /** As `VersionStore.pairs`, in one moment with the tasks. */
  pairs(linkId: string, key: string): readonly VersionPair[]
  /**
   * Durable mark for {@link NewTask.absentSeenAt}: no task with a seq above it was ever handed out. Raised in steps, so
   * that a lease costs no write of its own; after a restart every task at or below it is no longer known to be absent.
   */
  handedOut(): number
}

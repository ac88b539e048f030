import type { BodyBeginning } from '../content/body-beginning.ts'
import type { MarkerNote, UploadRecord } from '../journal/port/tasks.ts'
import type { ObjectStore, UploadedPart, VersionEntry } from '../store/port.ts'
import type { LinkOrder, TaskOrder } from './port.ts'
import type { Writer } from './marks/origin.ts'

/** Notes about a multipart copy, journalled so that a restart resumes it. */
export interface UploadNotes {
  /** Resolves when the upload is on record: only then may a part be sent, or a crash would strand it unseen. */
  started(record: Omit<UploadRecord, 'parts'>): Promise<void>
  partDone(part: UploadedPart): void
  ended(): void
}

/**
 * Notes about delete markers, journalled: nothing on a marker says whose it is, so only they tell which ones an attempt may have written,
 * and only a task that names a marker looks for it when the source has let go of it.
 */
export interface MarkerNotes {
  /** This marker is about to be sent. Resolves when that is on record, on a task of its own: only then may it leave. */
  sent(marker: Pick<VersionEntry, 'versionId' | 'modifiedAt'>): Promise<void>
  /** What is known of it instead; null: nothing of it came to the target. */
  ended(versionId: string, note: MarkerNote | null): void
}

/** Lets bytes through at the rule's pace. */
export interface Pacer {
  /** False while the rule has no limit: callers may skip the pacing altogether. */
  readonly limited: boolean
  /** Resolves when this many bytes may move. */
  take(bytes: number, signal: AbortSignal): Promise<void>
}

/** Everything one replication needs; nothing else is reached for. */
export interface ReplicationContext {
  readonly order: TaskOrder
  readonly link: LinkOrder
  readonly source: ObjectStore
  readonly target: ObjectStore
  readonly pacer: Pacer
  readonly uploads: UploadNotes
  readonly markers: MarkerNotes
  /** The replica that this write puts out of use, to be noted on the new one. */
  readonly replaces?: string
  /** Keeps the first bytes of the task's version, where they are to be judged. */
  readonly sample?: BodyBeginning | undefined
  readonly signal: AbortSignal
  readonly now: () => number
  readonly onProgress: (
    doneBytes: number,
    sizeBytes: number,
    parts: { readonly done: number; readonly total: number } | null,
  ) => void
  readonly onRead: (bytes: number) => void
  readonly onWritten: (bytes: number) => void
}

/** The writer of a replica: the attempt, and the seal that proves it. */
export const writerOf = ({ order, link }: Pick<ReplicationContext, 'order' | 'link'>): Writer => ({
  seq: order.seq,
  attempt: order.attemptId,
  seal: link.seal ?? null,
})

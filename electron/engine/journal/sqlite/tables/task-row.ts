import type { Fault } from '../../../../../shared/model/fault.ts'
import { operations, taskStates, type Operation, type TaskState } from '../../../../../shared/model/task.ts'
import { largeBytes, type MarkerNote, type TaskRow } from '../../port/tasks.ts'

/** How a state is stored: its place in `taskStates`. */
export const stateCode: Readonly<Record<TaskState, number>> = {
  ready: 0,
  leased: 1,
  delayed: 2,
  parked: 3,
  lingering: 4,
}

/** How an operation is stored: its place in `operations`. */
export const operationCode: Readonly<Record<Operation, number>> = {
  put: 0,
  metadata: 1,
  deleteMarker: 2,
  deleteVersion: 3,
}

/** Of a task that is neither done nor set aside. */
export const isPending = `state NOT IN (${stateCode.parked}, ${stateCode.lingering})`

/** The condition of an index: a change of it, or of {@link largeBytes}, needs a migration. */
export const isApart = `(size >= ${largeBytes} OR attempts > 0)`

export const taskColumns =
  'seq, link, key, version_id, op, size, changed_at, absent_at, enqueued_at, state, revision, attempts, due_at, ' +
  'fault, first_failed_at, last_attempt_at, bypass, tried_before, marker, lingered'

/** A row of {@link taskColumns}. */
export type StoredTask = readonly [
  seq: number,
  link: number,
  key: string,
  versionId: string,
  op: number,
  size: number | null,
  changedAt: number,
  absentAt: number,
  enqueuedAt: number,
  state: number,
  revision: number,
  attempts: number,
  dueAt: number,
  fault: string | null,
  firstFailedAt: number | null,
  lastAttemptAt: number | null,
  bypass: number,
  triedBefore: number,
  marker: number,
  lingered: number,
]

/** S3 has no empty version id, so '' stands for none and the unique index covers it: NULLs would all differ. */
export const storedVersion = (versionId: string | null): string => versionId ?? ''

export function taskRow(row: StoredTask, linkId: string): TaskRow {
  return {
    seq: row[0],
    linkId,
    key: row[2],
    versionId: row[3] === '' ? null : row[3],
    operation: operations[row[4]]!,
    sizeBytes: row[5],
    changedAt: row[6],
    absentSeenAt: row[7],
    enqueuedAt: row[8],
    state: taskStates[row[9]]!,
    revision: row[10],
    attempts: row[11],
    triedBefore: row[17],
    dueAt: row[12],
    fault: storedFault(row[13]),
    firstFailedAt: row[14],
    lastAttemptAt: row[15],
    ...(row[16] === 1 && { bypassGovernance: true }),
    ...(row[18] !== 0 && { marker: storedNote(row[18]) }),
    ...(row[19] === 1 && { lingered: true }),
  }
}

const unsure = -1

/** How a note is stored; 0: there is none. */
export const noteCode = (note: MarkerNote | null): number => (note === null ? 0 : note === 'unsure' ? unsure : note)
export const storedNote = (code: number): MarkerNote => (code === unsure ? 'unsure' : code)

export function storedFault(json: string | null): Fault | null {
  if (json === null) return null
  const fault: Fault = JSON.parse(json)
  return fault
}

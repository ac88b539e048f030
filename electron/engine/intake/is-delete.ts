import type { NewTask } from '../journal/port/tasks.ts'

/** Does the task take something away at the target, by a marker or for good? */
export const isDelete = (task: NewTask): boolean =>
  task.operation === 'deleteMarker' || task.operation === 'deleteVersion'

import type { Lane } from '../../../shared/model/task.ts'
import type { TaskRow } from '../journal/port/tasks.ts'
import { largeBytes } from '../journal/sqlite/tables/task-row.ts'

export const lanes: readonly Lane[] = ['small', 'large', 'mrf']

export function laneOf(task: Pick<TaskRow, 'attempts' | 'sizeBytes'>): Lane {
  if (task.attempts > 0) return 'mrf'
  return (task.sizeBytes ?? 0) >= largeBytes ? 'large' : 'small'
}

import type { Lane } from '../../../shared/model/task.ts'
import type { TaskRow } from '../journal/port.ts'

export const lanes: readonly Lane[] = ['small', 'large', 'mrf']

/** Tasks from this size go in the large lane: a few of them would hold every worker for minutes. */
export const largeBytes = 128 * 1024 * 1024

export function laneOf(task: Pick<TaskRow, 'attempts' | 'sizeBytes'>): Lane {
  if (task.attempts > 0) return 'mrf'
  return (task.sizeBytes ?? 0) >= largeBytes ? 'large' : 'small'
}

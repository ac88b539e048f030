import type { TaskState } from '../../../shared/model/task.ts'

/** What happens to a task. `delay` and `park` are the two ends of a failed attempt. */
export type TaskEvent = 'lease' | 'ack' | 'delay' | 'park' | 'release' | 'retry' | 'enqueue'

const next: Readonly<Record<TaskState, Readonly<Partial<Record<TaskEvent, TaskState | 'settled'>>>>> = {
  ready: { lease: 'leased', enqueue: 'ready' },
  // The journal does not know of leases: a retry or a new event for a leased task is seen when its lease ends.
  leased: { ack: 'settled', delay: 'delayed', park: 'parked', release: 'ready', enqueue: 'leased' },
  // Leased when it is due; a new event for its version changes nothing, it will be looked at again anyway.
  delayed: { lease: 'leased', retry: 'ready', enqueue: 'delayed' },
  parked: { retry: 'ready', enqueue: 'ready' },
  // Ready at its time, or with the next change.
  lingering: { enqueue: 'ready' },
}

/** The state after the event; null when the event means nothing in this state (a second ack, a lease of a leased task). */
export function stateAfter(state: TaskState, event: TaskEvent): TaskState | 'settled' | null {
  return next[state][event] ?? null
}

import type { Fault } from './fault.ts'

/** Long work that an operator asked for: tracked, and cancellable while it runs. Survives a closed window, not a restart. */
export interface Job {
  readonly id: string
  readonly kind: 'resync' | 'retry' | 'compare' | 'scan' | 'look'
  /** In plain words: what exactly it does. */
  readonly title: string
  readonly ruleId: string | null
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedAt: number
  readonly endedAt: number | null
  readonly done: number
  /** null while not known. */
  readonly total: number | null
  readonly result: string | null
  readonly fault: Fault | null
}

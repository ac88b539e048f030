import type { Fault } from './fault.ts'

/** Long work that an operator asked for: tracked, and cancellable while it runs. Survives a closed window, not a restart. */
export interface Job {
  readonly id: string
  readonly kind: 'resync' | 'retry' | 'compare' | 'scan'
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

export type DifferenceKind =
  'missing-at-target' | 'extra-at-target' | 'order' | 'content' | 'metadata' | 'tags' | 'lock' | 'not-latest'

/** One place where two sides are not equal. */
export interface Difference {
  readonly kind: DifferenceKind
  readonly key: string
  readonly versionId: string | null
  /** In plain words, with both values. */
  readonly detail: string
}

export interface CompareReport {
  readonly jobId: string
  readonly ruleId: string
  readonly deep: boolean
  readonly verdict: 'equal' | 'different' | 'unknown'
  readonly startedAt: number
  readonly endedAt: number | null
  readonly keys: number
  readonly versions: number
  readonly differenceCount: number
  /** The first 1,000. */
  readonly differences: readonly Difference[]
  readonly fault: Fault | null
}

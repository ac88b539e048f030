import type { Fault } from './fault.ts'

/** The wizard's checks, in the order in which they run: a later one is skipped when one that it stands on failed. */
export const checkIds = [
  'source-dns',
  'source-tcp',
  'source-tls',
  'source-clock',
  'source-sign-in',
  'target-dns',
  'target-tcp',
  'target-tls',
  'target-clock',
  'target-sign-in',
  'source-bucket',
  'source-rights',
  'target-bucket',
  'target-rights',
  'source-versioning',
  'target-versioning',
  'object-lock',
  'identity',
  'native-replication',
  'same-site',
  'target-content',
  'first-copy',
] as const
export type CheckId = (typeof checkIds)[number]

export interface CheckStep {
  readonly id: CheckId
  /** In plain words, as a question answered: “Versioning at the target”. */
  readonly title: string
  readonly state: 'waiting' | 'running' | 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found, with units. */
  readonly found: string | null
  readonly fault: Fault | null
  /** The label of a button that mends it, naming exactly what it does; null where there is none. */
  readonly repair: string | null
  readonly elapsedMs: number | null
}

export interface CheckRun {
  readonly id: string
  readonly state: 'running' | 'passed' | 'failed' | 'cancelled'
  readonly steps: readonly CheckStep[]
  /** What the first copy will move, once known. */
  readonly estimate: { readonly objects: number; readonly bytes: number; readonly complete: boolean } | null
}

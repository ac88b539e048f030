import type { Difference, ExceptionKind, NotSeen } from '../../../shared/model/compare.ts'
import type { VersionEntry } from '../store/port.ts'

export type SideName = 'source' | 'target'

export type PairOfVersions = readonly [source: VersionEntry, target: VersionEntry]

/** One version that is not alike on both sides, and is not meant to be. */
export interface Exception {
  readonly kind: ExceptionKind
  readonly key: string
  readonly versionId: string | null
}

/** What a look at something came to. */
export interface Findings {
  readonly differences: readonly Difference[]
  readonly exceptions: readonly Exception[]
  readonly notSeen: readonly NotSeen[]
}

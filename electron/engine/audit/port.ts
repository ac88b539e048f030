import type { CompareLevel, Difference, ExceptionKind, NotSeen } from '../../../shared/model/compare.ts'
import type { FidelityKind, FidelityProperty } from '../../../shared/model/fidelity.ts'
import type { TaskRow, VersionPair } from '../journal/port.ts'
import type { ListRequest, ObjectStore, VersionEntry, VersionPage } from '../store/port.ts'
import type { LinkOrder } from '../worker/port.ts'
import type { Tally } from './tally.ts'

export interface CompareParts {
  readonly link: LinkOrder
  /** Not shorter than the rule's own. */
  readonly prefix: string
  readonly level: CompareLevel
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  /** What the journal knows to belong together, of one key. */
  readonly pairs: (key: string) => readonly VersionPair[]
  /** Did this link ever have a task of that version? For replicas that the journal keeps no pair of. */
  readonly wasCopied: (key: string, versionId: string) => boolean
  /** What the link's fidelity says of a property: what is not kept, or kept in another way, is an exception. */
  readonly keeps: (property: FidelityProperty) => FidelityKind
  /** Tasks of the key that wait or run, of the links between the two buckets. */
  readonly pending: (key: string) => readonly PendingTask[]
  /** The fault that a task of the key was set aside with; null when none was. */
  readonly parked: (key: string) => string | null
  /** Epoch ms: whatever changed before this at the source was met by a scan; null while nobody looks for changes. */
  readonly noticedUntil: () => number | null
  readonly source: ObjectStore
  readonly target: ObjectStore
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress: (keys: number) => void
  /** Everything that is found goes here as it is found. */
  readonly tally: Tally
}

export type PendingTask = Pick<TaskRow, 'operation' | 'versionId' | 'changedAt' | 'attempts' | 'fault'>

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

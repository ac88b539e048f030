/*
 * Scans: both sides of a link listed side by side in key order, and an offer to the intake of each version that is not in step.
 * When, is decided by `schedule.ts`; `link/` gives a scan what it needs. The slow pass over tags and locks is a scan too.
 */

import type { Fault } from '../../../shared/model/fault.ts'
import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { Clock } from '../base/clock.ts'
import type { NewTask } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { ListRequest, VersionPage } from '../store/port.ts'
import type { SourceCount } from './held-count.ts'
import type { KeyView } from './key-view.ts'
import type { ScanCheckpoint } from './checkpoint.ts'

/** One link as a scan needs it. */
export interface ScanLink {
  readonly linkId: string
  readonly source: BucketAt
  readonly target: BucketAt
  readonly rule: Pick<Rule, 'filter' | 'existingObjects' | 'deleteMarkers' | 'versionDeletes' | 'metadata'>
  /** When the rule began, epoch ms: without existing objects, older versions are left where they are. */
  readonly ruleStartedAt: number
}

export interface ScannerOptions {
  readonly link: ScanLink
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly pairsBetween: (fromKey: string, toKey: string) => Promise<ReadonlyMap<string, readonly VersionPair[]>>
  /** Durable when it resolves. `startedAt`: when this scan began. */
  readonly enqueue: (tasks: readonly NewTask[], startedAt: number) => Promise<void>
  /** A scan of everything, from the first key on, has ended: what the source held. */
  readonly onScanned?: (held: SourceCount, startedAt: number) => void
  /** Listings of several pages that could not be held against ListObjectsV2, by the last whole scan and since. */
  readonly onUnchecked?: (unchecked: readonly BucketAt[]) => void
  /** Tasks of the link that wait already; above `backlogLimit` the scan pauses, so that disk and memory stay bounded. */
  readonly backlogCount: () => number
  readonly backlogLimit?: number
  /** Is this parked with a fault that nobody mended? Then only a resync, which an operator asked for, takes it up. */
  readonly isParked?: (key: string, versionId: string | null, operation: NewTask['operation']) => boolean
  readonly checkpoint: { read(): Promise<unknown>; write(value: ScanCheckpoint | null): Promise<void> }
  readonly clock: Clock
  /** How far the clocks of the two sites may be apart. */
  readonly skewMs: () => number
  /** Does the source send an event when tags or locks change? Otherwise what was written lately is compared again. */
  readonly tellsOfTags?: () => boolean
  /** When the last full scan began, epoch ms; 0 when there was none. Absent: every scan looks as the first does. */
  readonly lastScan?: { read(): Promise<number>; write(startedAt: number): Promise<void> }
  /** May versions that lie in another order at the target be put in the source's? Absent: they stay as they lie. */
  readonly restoresOrder?: () => boolean
  /** Epoch ms: what others wrote at the target before may be covered. Absent: nothing. */
  readonly coversBefore?: () => number
  /** Does another rule copy the other way between the same buckets? */
  readonly twoWay?: () => boolean
  /** Absent: nobody asks which keys do not converge. */
  readonly watch?: ScanWatch
  /** A scan met nothing of what was copied, and nobody said that this is right. Absent: the source is never questioned. */
  readonly doubt?: { read(): Promise<boolean>; write(isDoubted: boolean): Promise<void> }
  /** Absent: what was not paired is never purged. */
  readonly replicas?: ReplicaProof
}

/** Hears of every key that is not surely equal, while another rule copies the other way. */
export interface ScanWatch {
  isWatched(): boolean
  /** `isPending`: the scan made tasks of it. */
  saw(view: KeyView, isPending: boolean): void
  /** All keys were looked at. */
  scanned(startedAt: number): void
}

/** Tells replicas at the target from what else lies there, for version deletes that no event told. */
export interface ReplicaProof {
  /** The target keeps the source's version ids, and no other source writes there. */
  /** null: not known yet. */
  sharesIds(): boolean | null
  /** What only that tells was passed over: another scan has to look when it is known. */
  passedOver(): void
  /** Is this version at the target a replica? False also when it cannot be found out now. */
  isReplica(key: string, versionId: string, signal: AbortSignal): Promise<boolean>
}

/** `start` goes on from the checkpoint of a scan that was cut short, every other reason begins at the first key. */
export type ScanReason = 'start' | 'interval' | 'gap' | 'resync'

export interface ScanCounts {
  readonly keys: number
  readonly versions: number
  /** Tasks found and journaled. */
  readonly differences: number
}

export interface ScanRequest {
  readonly reason: ScanReason
  readonly prefix?: string | undefined
  readonly signal: AbortSignal
  readonly onProgress?: ((counts: ScanCounts) => void) | undefined
}

export interface ScanResult extends ScanCounts {
  /** It began at a checkpoint: the keys before it were last looked at before the engine stopped. */
  readonly resumed: boolean
  /** Why nothing was concluded from what the source has not got. */
  readonly doubt?: Fault
}

export interface Scanner {
  /**
   * Lists both sides once and journals a task for every version that is not in step. A fault of a listing is thrown,
   * an abort rejects with the signal's reason; the checkpoint stays for a later `start`.
   */
  run(request: ScanRequest): Promise<ScanResult>
}

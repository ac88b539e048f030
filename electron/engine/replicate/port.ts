import type { Fault } from '../../../shared/model/fault.ts'
import type { FidelityKinds, FidelityProperty } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { Identity } from '../../../shared/model/site.ts'
import type { SettledBy } from '../../../shared/model/task.ts'
import type { NewTask, NotedMarker, UploadRecord } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { SealKey } from './marks/seal.ts'

/** Everything a transfer thread needs to know of one link; sent once, and again when it changes. */
export interface LinkOrder {
  readonly ruleId: string
  readonly linkId: string
  readonly source: { readonly site: string; readonly bucket: string }
  readonly target: { readonly site: string; readonly bucket: string }
  readonly rule: Pick<
    Rule,
    'filter' | 'deleteMarkers' | 'versionDeletes' | 'metadata' | 'objectLock' | 'storageClass' | 'fidelity'
  >
  /** What becomes of each property on this link. */
  readonly fidelity: FidelityKinds
  readonly identity: Identity
  readonly ordersByMtime: boolean
  /** Epoch ms: older versions are not wanted (a rule without existing objects); 0 takes all. */
  readonly copySince: number
  /** Epoch ms: what others wrote at the target before may be covered by the version that the source shows. Absent, or 0: nothing. */
  readonly coversBefore?: number
  /** The link that copies the other way between the same buckets. */
  readonly opposite?: { readonly linkId: string; readonly versionDeletes: boolean }
  /** The links that write to this one's source. */
  readonly inbound?: readonly string[]
  /** Some link reads from this one's target: it has to know every version that was brought there. */
  readonly readOn?: boolean
  /** Absent: marks are not sealed, and no seal is believed. */
  readonly seal?: SealKey
}

/** One task as a transfer thread gets it. */
export interface TaskOrder extends Omit<NewTask, 'absentSeenAt'> {
  readonly seq: number
  /** From 1. */
  readonly attempt: number
  /** The name of this attempt, which no other has: in the seals of what it writes. */
  readonly attemptId: string
  readonly knownAbsent: boolean
  readonly pairs: readonly VersionPair[]
  /** Those that were forgotten while a task of the key was open: of versions that are gone on both sides. */
  readonly tombstones?: readonly VersionPair[]
  readonly upload: UploadRecord | null
  /** Is this change to be judged by its content? Absent: not. */
  readonly judge?: Judgement | undefined
  /** Versions at the source that the opposite link brought there, and which of the target's own they are. */
  readonly came?: readonly VersionPair[]
  /** Of the opposite link too: which versions it found alike. Both directions have to pair the same two markers. */
  readonly alike?: readonly VersionPair[]
  /** Numbers of the tasks of this key that the journal has not settled. */
  readonly open?: readonly number[]
  /** The same as `open`, of the links that write to this one's source. */
  readonly openAtSource?: readonly number[]
  /** Of a permanent delete: another link is writing the key at the source, and removes replicas of its own there as it goes. */
  readonly isWrittenAtSource?: true
  /** No task with a higher number was known when this was told. */
  readonly asOfSeq?: number
  /** Delete markers of the key that may be at the target, and that no pair tells of. */
  readonly markers?: readonly NotedMarker[]
  /** It was handed out before: what its attempt wrote may be at the target. */
  readonly mayHaveRun?: boolean
}

/** What to compare for the brake: see `replicate/attempt/detect-ransomware.ts`. */
export interface Judgement {
  /** Of a written key: those whose content it may have put out of use, itself among them; the first that has any counts. */
  readonly before: readonly string[]
  /** Of a deleted key: the one that has come in its place. */
  readonly after?: string
}

/** Expected ends of a task; a fault is the unexpected one. */
export type Outcome =
  | {
      readonly kind: 'settled'
      readonly did: SettledBy
      readonly bytes: number
      readonly learned: readonly VersionPair[]
      readonly forgotten: readonly string[]
      /** Other versions of the key that were brought on the way, or found brought; null: what the key's task without a version wrote. */
      readonly also?: readonly (string | null)[]
      /** A copied version took the place of a current one at the target. */
      readonly overwrote?: true
      /** What the copies that were written went without, a property as often as versions lost it. */
      readonly notKept?: readonly FidelityProperty[]
      /** Versions of Lockstep's own came to light at the target that the source has let go of: the next scan concludes what becomes of them. */
      readonly leftBehind?: true
      /** What an earlier attempt wrote is known: see `replicate/versions/has-landed.ts`. */
      readonly hasLanded?: true
      /** What the brake wanted to know: was recognisable content put out of use by what looks random? */
      readonly judged?: 'suspicious' | 'harmless'
    }
  | { readonly kind: 'fault'; readonly fault: Fault }

/** An expected end: nothing is left to do for this version. */
export type SettledOutcome = Extract<Outcome, { kind: 'settled' }>

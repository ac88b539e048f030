import type { SideName } from './findings.ts'
import type { CompareLevel } from '../../../shared/model/compare.ts'
import type { TaskRow } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { ListRequest, ObjectHead, ObjectStore, VersionPage } from '../store/port.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { FailFast } from './fail-fast.ts'
import type { SilentSides } from './silent-sides.ts'
import type { Tally } from './tally.ts'

export interface CompareParts {
  readonly link: LinkOrder
  /** Not shorter than the rule's own. */
  readonly prefix: string
  readonly level: CompareLevel
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  /** Do its listings show keys below other objects’ keys? null: nobody tried. */
  readonly listsNested: (side: SideName) => boolean | null
  /** What the journal knows to belong together, of one key. */
  readonly pairs: (key: string) => Promise<readonly VersionPair[]>
  /** Did this link ever have a task of that version? For replicas that the journal keeps no pair of. */
  readonly wasCopied: (key: string, versionId: string) => Promise<boolean>
  /** Did a link from elsewhere bring that version to the target? */
  readonly isOfAnotherRule: (key: string, versionId: string, head: ObjectHead | null) => Promise<boolean>
  /** Tasks of the key that wait or run, of the links between the two buckets. */
  readonly pending: (key: string) => Promise<readonly PendingTask[]>
  /** The fault that the version's task was set aside with; null when none was. */
  readonly parked: (key: string, versionId: string | null) => Promise<string | null>
  /** Why what is pending does not move, as a sentence; null when nothing holds it. */
  readonly heldBy: string | null
  /** Epoch ms: whatever changed before this at that side was met by a scan; null while nobody looks there. */
  readonly noticedUntil: (side: SideName) => Promise<number | null>
  readonly source: ObjectStore
  readonly target: ObjectStore
  /** Epoch ms at which a comparison first met that replica without its original. */
  readonly orphanSince: (key: string, versionId: string) => number
  /** Differing keys beyond these are judged by what the first pass saw of them. */
  readonly recheckAtMost: number
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress: (keys: number) => void
  /** Everything that is found goes here as it is found. */
  readonly tally: Tally
}

/** `leadsBack`: of the link that copies the other way. */
export type PendingTask = Pick<TaskRow, 'operation' | 'versionId' | 'changedAt' | 'attempts' | 'fault'> & {
  readonly leadsBack: boolean
}

/** A comparison under way: with what it learns of the two sides as it goes. */
export interface CompareRun extends CompareParts {
  readonly sides: SilentSides
  readonly failFast: FailFast
}

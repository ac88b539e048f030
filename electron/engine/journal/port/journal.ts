import type { Fault } from '../../../../shared/model/fault.ts'
import type { HistoryStore } from './history.ts'
import type { RecordStore } from './records.ts'
import type { ScanStore } from './scans.ts'
import type { ReadsAtOnce, TaskStore } from './tasks.ts'
import type { VersionStore } from './versions.ts'

/**
 * The durable record, by subject. One engine at a time: opening refuses a second one (JOURNAL_IN_USE). When a write cannot be
 * made durable the journal takes none any more, through whichever port: restart and replay is the tested path.
 */
export interface Journal {
  readonly tasks: TaskStore
  readonly atOnce: ReadsAtOnce
  readonly versions: VersionStore
  readonly records: RecordStore
  readonly scans: ScanStore
  readonly history: HistoryStore
  readonly state: JournalState
  /** Everything submitted so far is on disk when it resolves. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Whether the journal takes writes: the one owner of this, whoever wants to know asks. */
export interface JournalState {
  /** Where it lies, for the operator. */
  readonly path: string
  /** Why it takes no write any more (JOURNAL_UNWRITABLE, JOURNAL_DAMAGED); null while it does, and after it was closed in order. */
  fault(): Fault | null
  /** Called once, when {@link fault} has one. */
  onFault(listener: (fault: Fault) => void): void
}

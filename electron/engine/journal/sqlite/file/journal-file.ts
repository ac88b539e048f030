import { FileChecks } from './checks.ts'
import { CommitCount } from './commit-count.ts'
import { journalFault, type JournalDatabase } from './database.ts'
import type { FileWatch } from './file-watch.ts'
import { GroupCommit, type CommitHooks, type CommitLimits, type CommitTime } from './group-commit.ts'
import { leftBehind } from './soundness.ts'
import type { Witness } from './witness.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** The journal's database, opened and migrated, and what watches over it. */
export interface OpenedFile {
  readonly path: string
  readonly database: JournalDatabase
  readonly witness: Witness
  readonly watch: FileWatch
  /** A look through the file that is still under way. */
  readonly look: Promise<void> | null
}

export interface FileLimits extends CommitLimits {
  /** How often the beginning of the file is looked at while it is written. */
  readonly glanceEveryMs: number
}

/** Times its own duration that a look through the whole file is not repeated for. */
const restPerLook = 100

/** The file of a journal while it is written: commits, the log, the witness that counts them, and the looks for damage. */
export class JournalFile {
  readonly commit: GroupCommit
  readonly #opened: OpenedFile
  readonly #count: CommitCount
  readonly #log: WriteAheadLog
  readonly #checks: FileChecks

  /** Throws JOURNAL_DAMAGED when the witness saw more than there is. `hooks` belong to every transaction. */
  constructor(opened: OpenedFile, hooks: CommitHooks, time: CommitTime, limits: FileLimits) {
    const { path, database, witness, watch, look } = opened
    this.#opened = opened
    const count = new CommitCount(database)
    count.compare(database, witness.found)
    witness.begin(count.journal, count.commits)
    this.#count = count
    this.#log = new WriteAheadLog(path, watch, witness, () => count.commits)
    this.commit = new GroupCommit(database, this.#log, counted(hooks, count), time, limits)
    database.onDamage((found) => this.commit.refuse(found))
    this.#checks = new FileChecks({
      path,
      watch,
      glanceEveryMs: limits.glanceEveryMs,
      restPerLook,
      elapsedMs: time.elapsedMs,
      first: look,
      onRefused: (error) => this.commit.refuse(journalFault(error, path)),
    })
  }

  /** What was written is on the disk, and the witness knows what a stop left behind. */
  async close(): Promise<void> {
    const { path, database, watch, witness } = this.#opened
    const wasSound = !this.commit.isEnded
    await this.commit.close()
    await this.#checks.stop()
    await this.#log.close()
    database.close()
    watch.close()
    witness.end(this.#count.commits, wasSound ? leftBehind(path) : null)
    witness.close()
  }
}

/** Every transaction counts itself. */
function counted(hooks: CommitHooks, count: CommitCount): CommitHooks {
  return {
    beforeCommit() {
      count.raise()
      return hooks.beforeCommit()
    },
    afterRollback() {
      count.reload()
      hooks.afterRollback()
    },
  }
}

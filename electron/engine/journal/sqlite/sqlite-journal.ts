import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { makePrivateFile, takePrivateDirectory } from '../../base/private-files.ts'

import { FileChecks } from './file/checks.ts'
import { CommitCount } from './file/commit-count.ts'
import { damaged } from './file/damage.ts'
import { commitWithoutSync, journalFault, openDatabase, query, type JournalDatabase } from './file/database.ts'
import { openBriefings } from './tasks/briefings.ts'
import { openEnqueue } from './tasks/enqueue.ts'
import { openFailures } from './tasks/failures.ts'
import { GroupCommit, type CommitLimits } from './file/group-commit.ts'
import { openHistoryStore } from './history/history-store.ts'
import { History, type HistoryLimits } from './history/history.ts'
import { Links } from './tables/links.ts'
import { takeLock } from './file/lock.ts'
import { openNotKept } from './history/not-kept.ts'
import { openPairs } from './tasks/pairs.ts'
import type { Journal } from '../port/journal.ts'
import type { ReadsAtOnce, TaskStore } from '../port/tasks.ts'
import { openScans } from './records/scans.ts'
import { openRecords } from './records/records.ts'
import { openRollups } from './history/rollups.ts'
import { migrate, migrations } from './tables/schema.ts'
import { FileWatch } from './file/file-watch.ts'
import { firstLook, leftBehind, lookThrough } from './file/soundness.ts'
import { Sweep } from './records/sweep.ts'
import { openTaskReads } from './tasks/task-reads.ts'
import { openTaskWrites, TaskWrites } from './tasks/task-writes.ts'
import { refusal } from './file/thread-messages.ts'
import { realTimers, type Timers } from '../../base/timers.ts'
import { openUploads } from './tasks/uploads.ts'
import { openMarkerNotes } from './tasks/marker-notes.ts'
import { Witness } from './file/witness.ts'
import { WriteAheadLog } from './file/write-ahead-log.ts'

const SQLITE_ERROR = 1

export interface JournalLimits extends CommitLimits, HistoryLimits {
  /** SQLite pages of 4 KiB; null leaves the size to the disk. */
  readonly maxPages: number | null
  readonly activity: number
  readonly rollupAgeMs: number
  /** How long a start waits for the look through a file of which it is not sure. */
  readonly checkLimitMs: number
  /** How often the beginning of the file is looked at while it is written. */
  readonly glanceEveryMs: number
}

const HOUR = 3_600_000

export const journalLimits: JournalLimits = {
  rowsPerFlush: 256,
  flushBudgetMs: 4,
  flushDelayMs: 2,
  events: 200_000,
  eventAgeMs: 30 * 24 * HOUR,
  maxPages: null,
  activity: 20_000,
  rollupAgeMs: 25 * HOUR,
  checkLimitMs: 30_000,
  glanceEveryMs: 5_000,
}

export interface JournalOptions {
  /** Made when it is not there. */
  readonly dir: string
  readonly now: () => number
  readonly log?: (line: string) => void
  readonly limits?: Partial<JournalLimits>
  readonly timers?: Timers
  /** Milliseconds since some instant, never going back. */
  readonly elapsedMs?: () => number
}

/**
 * Opens the journal of a data directory and claims it. Throws JOURNAL_IN_USE, JOURNAL_UNWRITABLE, or JOURNAL_DAMAGED for what is
 * seen at once; {@link openCheckedJournal} looks through the file too.
 */
export function openJournal(options: JournalOptions): Journal {
  const release = claimJournal(options.dir)
  const path = journalPath(options.dir)
  try {
    firstLook(path, new Witness(witnessPath(options.dir)).found)
    return openClaimed(options, release, null)
  } catch (error) {
    release()
    throw journalFault(error, path)
  }
}

/**
 * As {@link openJournal}. A file that is not byte for byte what the last stop left is looked through first; where that takes
 * longer than `checkLimitMs` the journal opens meanwhile, and what is found later ends its writing.
 */
export async function openCheckedJournal(options: JournalOptions): Promise<Journal> {
  const release = claimJournal(options.dir)
  const path = journalPath(options.dir)
  try {
    const isUnsure = firstLook(path, new Witness(witnessPath(options.dir)).found) === 'unsure'
    const look = isUnsure ? lookThrough(path) : null
    if (look !== null) await atMost(options.limits?.checkLimitMs ?? journalLimits.checkLimitMs, look)
    return openClaimed(options, release, look)
  } catch (error) {
    release()
    throw journalFault(error, path)
  }
}

/** Resolves when the time is over, too; rejects with what was found in time. */
async function atMost(limitMs: number, look: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limitMs)
  try {
    await Promise.race([look, over])
  } finally {
    clearTimeout(timer)
  }
}

function openClaimed(options: JournalOptions, release: () => void, look: Promise<void> | null): Journal {
  const path = journalPath(options.dir)
  let database: JournalDatabase | null = null
  let watch: FileWatch | null = null
  const witness = new Witness(witnessPath(options.dir))
  try {
    makePrivateFile(path)
    witness.reopen()
    watch = new FileWatch(path)
    database = openDatabase(path, options.limits?.maxPages ?? null)
    migrate(database, migrations)
    commitWithoutSync(database)
    return assemble({ path, database, witness, watch, release, look }, options)
  } catch (error) {
    // Its tables are not there: whatever this is, it is no journal.
    const found = refusal(error).errcode === SQLITE_ERROR ? damaged(path, refusal(error).errstr ?? '', error) : error
    closeQuietly(database)
    watch?.close()
    witness.close()
    throw journalFault(found, path)
  }
}

/** A damaged database may refuse even that. */
function closeQuietly(database: DatabaseSync | null): void {
  try {
    database?.close()
  } catch {
    // The reason why it was to be closed is the one to be told.
  }
}

export const journalPath = (dir: string): string => join(dir, 'journal.db')
export const witnessPath = (dir: string): string => join(dir, 'journal.witness')

/** Claims the directory; returns how to let it go. Throws JOURNAL_IN_USE. */
export function claimJournal(dir: string): () => void {
  try {
    takePrivateDirectory(dir)
    return takeLock(dir, process.pid)
  } catch (error) {
    throw journalFault(error, journalPath(dir))
  }
}

interface Opened {
  readonly path: string
  readonly database: JournalDatabase
  readonly witness: Witness
  readonly watch: FileWatch
  readonly release: () => void
  /** A look through the file that is still under way. */
  readonly look: Promise<void> | null
}

function assemble({ path, database, witness, watch, release, look }: Opened, options: JournalOptions): Journal {
  const { now, log, timers = realTimers, elapsedMs = () => performance.now() } = options
  const limits = { ...journalLimits, ...options.limits }
  const links = new Links(database)
  const history = new History(database, limits)
  const onFailures: (() => void)[] = []
  const tellFailures = (): void => onFailures.forEach((listener) => listener())
  const count = new CommitCount(database)
  count.compare(database, witness.found)
  witness.begin(count.journal, count.commits)
  const hooks = {
    beforeCommit() {
      count.raise()
      return links.persist() ? tellFailures : null
    },
    afterRollback() {
      count.reload()
      links.reload()
    },
  }
  const wal = new WriteAheadLog(path, watch, witness, () => count.commits)
  const commit = new GroupCommit(database, wal, hooks, { timers, elapsedMs }, limits)
  const scans = openScans(database, commit)
  const pairs = openPairs(database, links)
  const uploads = openUploads(database, commit)
  const markers = openMarkerNotes(database, commit, links)
  const rollups = openRollups(database, commit, limits.rollupAgeMs)
  const notKept = openNotKept(database, links)
  const writes = new TaskWrites(database, { links, history, pairs, uploads, notKept }, now)
  const sweep = new Sweep(database, commit, uploads, notKept)
  commit.onUnwritable((fault) => log?.(JSON.stringify({ level: 'error', subject: 'journal', fault })))
  database.onDamage((found) => commit.refuse(found))
  const checks = new FileChecks({
    path,
    watch,
    glanceEveryMs: limits.glanceEveryMs,
    restPerLook: 100,
    elapsedMs,
    first: look,
    onRefused: (error) => commit.refuse(journalFault(error, path)),
  })
  const { lastSeq, enqueue } = openEnqueue(database, commit, links, history, now)
  const { failures, retry, parkedCauses } = openFailures(database, commit, links, writes)
  const { handedOut, raiseHandedOut } = openHandedOut(database, commit)
  const reads = openTaskReads(database, links)
  const atOnce = { lastSeq, handedOut, parkedCauses, ...reads.atOnce, pairs: pairs.of }
  sweep.start()
  return {
    tasks: {
      enqueue,
      ...openTaskWrites(writes, commit),
      failures,
      retry,
      ...uploads.port,
      ...markers.port,
      ...reads.told,
      ...openBriefings({
        ...atOnce,
        openSeqs: reads.openSeqs,
        tombstones: pairs.tombstonesOf,
        upload: uploads.of,
        markers: markers.of,
      }),
      onFailures: (listener) => void onFailures.push(listener),
      raiseHandedOut,
    },
    atOnce,
    versions: pairs.port,
    records: openRecords(database, commit, links, {
      drop(linkId) {
        rollups.drop(linkId)
        scans.drop(linkId)
      },
      sweep: () => sweep.start(),
    }),
    scans: scans.port,
    history: openHistoryStore(database, commit, { links, history, rollups, notKept }, limits.activity),
    state: { path, fault: () => commit.fault, onFault: (listener) => commit.onUnwritable(listener) },
    flush: () => commit.flush(),
    close: once(async () => {
      await sweep.stop()
      const wasSound = !commit.isEnded
      await commit.close()
      await checks.stop()
      await wal.close()
      database.close()
      watch.close()
      witness.end(count.commits, wasSound ? leftBehind(path) : null)
      witness.close()
      release()
    }),
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => (done ??= act())
}

function openHandedOut(
  database: DatabaseSync,
  commit: GroupCommit,
): Pick<ReadsAtOnce, 'handedOut'> & Pick<TaskStore, 'raiseHandedOut'> {
  const read = query<readonly [number]>(database, "SELECT seq FROM mark WHERE name = 'handed-out'")
  const raise = database.prepare("UPDATE mark SET seq = max(seq, ?) WHERE name = 'handed-out'")
  return {
    handedOut: () => read.get()![0],
    raiseHandedOut: (seq) => commit.submit(1, () => void raise.run(seq)),
  }
}

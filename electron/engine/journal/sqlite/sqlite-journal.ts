import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { once } from '../../base/once.ts'
import { makePrivateFile, takePrivateDirectory } from '../../base/private-files.ts'
import { realTimers, type Timers } from '../../base/timers.ts'
import type { Journal } from '../port/journal.ts'
import { damaged } from './file/damage.ts'
import { commitWithoutSync, journalFault, openDatabase, type JournalDatabase } from './file/database.ts'
import { FileWatch } from './file/file-watch.ts'
import type { CommitHooks } from './file/group-commit.ts'
import { JournalFile, type FileLimits, type OpenedFile } from './file/journal-file.ts'
import { takeLock } from './file/lock.ts'
import { firstLook, lookThrough } from './file/soundness.ts'
import { refusal } from './file/thread-messages.ts'
import { Witness } from './file/witness.ts'
import { openHistoryStore } from './history/history-store.ts'
import { History, type HistoryLimits } from './history/history.ts'
import { openNotKept } from './history/not-kept.ts'
import { openRollups } from './history/rollups.ts'
import { openRecords } from './records/records.ts'
import { openScans } from './records/scans.ts'
import { Sweep } from './records/sweep.ts'
import { LinkTable } from './tables/links.ts'
import { migrate, migrations } from './tables/schema.ts'
import { openPairs } from './tasks/pairs.ts'
import { openTaskStore } from './tasks/task-store.ts'
import { openUploads } from './tasks/uploads.ts'

const SQLITE_ERROR = 1

export interface JournalLimits extends FileLimits, HistoryLimits {
  /** SQLite pages of 4 KiB; null leaves the size to the disk. */
  readonly maxPages: number | null
  readonly activity: number
  readonly rollupAgeMs: number
  /** How long a start waits for the look through a file of which it is not sure. */
  readonly checkLimitMs: number
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
    return assemble({ path, database, witness, watch, look }, options, release)
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

/** One store behind all ports: the file, the tables in it, and what each port makes of them. */
function assemble(opened: OpenedFile, options: JournalOptions, release: () => void): Journal {
  const { now, log, timers = realTimers, elapsedMs = () => performance.now() } = options
  const limits = { ...journalLimits, ...options.limits }
  const { path, database } = opened
  const links = new LinkTable(database)
  const onFailures: (() => void)[] = []
  const hooks = hooksOf(links, () => onFailures.forEach((listener) => listener()))
  const file = new JournalFile(opened, hooks, { timers, elapsedMs }, limits)
  const { commit } = file
  commit.onUnwritable((fault) => log?.(JSON.stringify({ level: 'error', subject: 'journal', fault })))

  const scans = openScans(database, commit)
  const pairs = openPairs(database, links)
  const uploads = openUploads(database, commit)
  const history = new History(database, limits)
  const rollups = openRollups(database, commit, limits.rollupAgeMs)
  const notKept = openNotKept(database, links)
  const tables = { links, history, pairs, uploads, notKept }
  const tasks = openTaskStore(database, commit, tables, now, (listener) => void onFailures.push(listener))
  const sweep = new Sweep(database, commit, uploads, notKept)
  sweep.start()
  return {
    ...tasks,
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
      await file.close()
      release()
    }),
  }
}

/** Counts of links are kept in memory, and written with the transaction that changed them. */
function hooksOf(links: LinkTable, tellFailures: () => void): CommitHooks {
  return {
    beforeCommit: () => (links.persist() ? tellFailures : null),
    afterRollback: () => links.reload(),
  }
}

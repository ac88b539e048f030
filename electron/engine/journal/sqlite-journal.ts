import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { takePrivateDirectory } from '../private-files.ts'
import { openActivity } from './activity-log.ts'
import { commitWithoutSync, journalFault, openDatabase, query } from './database.ts'
import { openEnqueue } from './enqueue.ts'
import { openFailures } from './failures.ts'
import { GroupCommit, type CommitLimits } from './group-commit.ts'
import { History, type HistoryLimits } from './history.ts'
import { Links } from './links.ts'
import { takeLock } from './lock.ts'
import { openNotKept } from './not-kept.ts'
import { openPairs } from './pairs.ts'
import type { Journal } from './port.ts'
import { openRollups } from './rollups.ts'
import { migrate, migrations } from './schema.ts'
import { Sweep } from './sweep.ts'
import { openTaskReads } from './task-reads.ts'
import { openTaskWrites, TaskWrites } from './task-writes.ts'
import { realTimers, type Timers } from './timers.ts'
import { openUploads } from './uploads.ts'
import { openValues } from './values.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

export interface JournalLimits extends CommitLimits, HistoryLimits {
  /** SQLite pages of 4 KiB; null leaves the size to the disk. */
  readonly maxPages: number | null
  readonly activity: number
  readonly rollupAgeMs: number
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

/** Opens the journal of a data directory and claims it. Throws JOURNAL_IN_USE or JOURNAL_UNWRITABLE. */
export function openJournal(options: JournalOptions): Journal {
  const path = join(options.dir, 'journal.db')
  const release = claim(options.dir)
  let database: DatabaseSync | null = null
  try {
    database = openDatabase(path, options.limits?.maxPages ?? null)
    migrate(database, migrations)
    commitWithoutSync(database)
    return assemble(path, database, release, options)
  } catch (error) {
    database?.close()
    release()
    throw journalFault(error)
  }
}

function claim(dir: string): () => void {
  try {
    takePrivateDirectory(dir)
    return takeLock(dir, process.pid)
  } catch (error) {
    throw journalFault(error)
  }
}

function assemble(path: string, database: DatabaseSync, release: () => void, options: JournalOptions): Journal {
  const { now, log, timers = realTimers, elapsedMs = () => performance.now() } = options
  const limits = { ...journalLimits, ...options.limits }
  const links = new Links(database)
  const history = new History(database, limits)
  const onFailures: (() => void)[] = []
  const tellFailures = (): void => onFailures.forEach((listener) => listener())
  const hooks = { beforeCommit: () => (links.persist() ? tellFailures : null), afterRollback: () => links.reload() }
  const wal = new WriteAheadLog(path)
  const commit = new GroupCommit(database, wal, hooks, { timers, elapsedMs }, limits)
  const pairs = openPairs(database, links)
  const uploads = openUploads(database, commit)
  const rollups = openRollups(database, commit, limits.rollupAgeMs)
  const notKept = openNotKept(database, links)
  const writes = new TaskWrites(database, { links, history, pairs, uploads, notKept }, now)
  const sweep = new Sweep(database, commit, uploads, notKept)
  commit.onUnwritable((fault) => log?.(JSON.stringify({ level: 'error', subject: 'journal', fault })))
  sweep.start()
  return {
    path,
    onUnwritable: (listener) => commit.onUnwritable(listener),
    ...openEnqueue(database, commit, links, history, now),
    ...openTaskReads(database, links),
    ...openTaskWrites(writes, commit),
    ...openFailures(database, commit, links, writes),
    ...openHandedOut(database, commit),
    ...openValues(database, commit),
    ...openActivity(database, commit, limits.activity),
    ...rollups.port,
    ...pairs.port,
    ...notKept.port,
    ...uploads.port,
    history(linkId, key, versionId) {
      const link = links.named(linkId)
      return link === undefined ? [] : history.of(link.id, key, versionId)
    },
    ended(seq) {
      const ended = history.ended(seq)
      const link = ended === null ? undefined : links.numbered(ended.link)
      if (ended === null || link === undefined) return null
      const { key, version, at, did } = ended
      return { linkId: link.name, key, versionId: version === '' ? null : version, at, did }
    },
    onFailures: (listener) => void onFailures.push(listener),
    links: () => new Map(links.all().map(({ name, identity }) => [name, identity])),
    openLink: (identity) => commit.submit(1, () => links.open(identity)),
    async forgetLink(linkId) {
      await commit.submit(1, () => {
        links.forget(linkId)
        rollups.drop(linkId)
      })
      sweep.start()
    },
    flush: () => commit.flush(),
    close: once(async () => {
      await sweep.stop()
      await commit.close()
      await wal.close()
      database.close()
      release()
    }),
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => (done ??= act())
}

function openHandedOut(database: DatabaseSync, commit: GroupCommit): Pick<Journal, 'handedOut' | 'raiseHandedOut'> {
  const read = query<readonly [number]>(database, "SELECT seq FROM mark WHERE name = 'handed-out'")
  const raise = database.prepare("UPDATE mark SET seq = max(seq, ?) WHERE name = 'handed-out'")
  return {
    handedOut: () => read.get()![0],
    raiseHandedOut: (seq) => commit.submit(1, () => void raise.run(seq)),
  }
}

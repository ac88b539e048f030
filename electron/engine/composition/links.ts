import { availableParallelism } from 'node:os'
import type { Config } from '../../../shared/model/config.ts'
import type { TaskStore } from '../journal/port/tasks.ts'
import { scanRecord } from '../link/feeds/scan-record.ts'
import { BucketWatch } from '../link/buckets/bucket-watch.ts'
import { ConvergenceBook } from '../link/convergence/convergence.ts'
import { IdentityProbes } from '../link/identity.ts'
import { Links } from '../link/links.ts'
import { TargetGuard } from '../link/convergence/target-guard.ts'
import { isForeignVersion, isTargetReplica } from '../link/convergence/target-replica.ts'
import { heldRules } from '../rule/validate.ts'
import type { EngineOptions } from './options.ts'
import { TransferPool, threadEntry, type PoolEvents } from '../worker/pool.ts'
import type { Ground } from './ground.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'

/** The links at work, the threads that carry their bytes, and everything that says whether one may hand out tasks. */
export interface JoinedLinks {
  readonly pool: TransferPool
  readonly links: Links
  readonly identities: IdentityProbes
  readonly convergence: ConvergenceBook
  readonly guard: TargetGuard
  readonly buckets: BucketWatch
}

type PartsForLinks = Ground & Notices & Records & JoinedSites

export function joinLinks({ timeouts, bucketCheckMs }: EngineOptions, made: PartsForLinks): JoinedLinks {
  const { rules, linkBook, queue, sites, seal, events } = made
  const pool = joinPool(made, timeouts)
  const identities = joinIdentities(made, () => links.refresh())
  const links: Links = new Links({
    rules,
    queue,
    pool,
    identities,
    sites,
    book: linkBook,
    capabilities: (siteId) => sites.capabilities(siteId),
    seal: () => seal && { seal },
    refused: () => heldRules(rules.rules(), sites.list()),
    isGuarded: (of) => guard.of(of) !== null,
    coversBefore: (of) => guard.coversBefore(of),
    isBucketAmiss: (of) => buckets.of(of) !== null,
    onFollowed: (gone) => void events.emit('links-followed', gone),
  })
  const guard = joinGuard(made, links, pool)
  const buckets = joinBuckets(made, links, bucketCheckMs)
  return { pool, links, identities, convergence: joinConvergence(made, links), guard, buckets }
}

function joinPool(
  { journal, queue, settings, log, tasks }: PartsForLinks,
  timeouts: EngineOptions['timeouts'],
): TransferPool {
  return new TransferPool(threadEntry(), threadsOf(settings.workers()), timeouts ?? {}, {
    ...uploadRecords(journal.tasks),
    onMarker: (task, note) => queue.noteMarker(task, note),
    // A journal that cannot be written says so itself.
    onMarkerEnded: (of, note) => void journal.tasks.noteMarker(of, note).catch(() => undefined),
    onOutcomes: (outcomes) => void tasks.emit('outcomes', outcomes),
    onMoved: (linkId, read, written) => void tasks.emit('moved', linkId, read, written),
    onThreadDied: (error) => log.error({ err: error }, 'A transfer thread died; another takes its place.'),
  })
}

function joinIdentities({ sites, clock, events, changed }: PartsForLinks, refresh: () => void): IdentityProbes {
  return new IdentityProbes({
    probe: (target) => sites.probeTarget(target),
    clock,
    onChange: () => {
      refresh()
      events.emit('target-probed')
      changed('rules')
    },
  })
}

function joinConvergence(
  { journal, kept, sites, keyedStore, clock, changed }: PartsForLinks,
  links: Links,
): ConvergenceBook {
  return new ConvergenceBook({
    atOnce: journal.atOnce,
    marks: kept.apart,
    link: (linkId) => links.get(linkId),
    opposites: (of) => links.opposites(of),
    isOnlyWriter: (of) => links.isOnlyWriter(of),
    isForeign: isForeignVersion(
      (siteId, { rule }) => keyedStore(siteId, rule),
      ({ linkId }) => links.order(linkId)?.identity !== 'mints',
    ),
    store: (siteId) => sites.store(siteId),
    isOffline: (siteId) => !sites.has(siteId) || sites.isOffline(siteId),
    clock,
    onChange: () => changed('rules'),
  })
}

function joinGuard(made: PartsForLinks, links: Links, pool: TransferPool): TargetGuard {
  const { journal, kept, sites, keyedStore, jobs, clock, events } = made
  return new TargetGuard({
    versions: journal.versions,
    marks: kept,
    links: () => links.list(),
    isPaired: (of) => links.opposites(of).length > 0,
    order: (linkId) => links.order(linkId),
    isOffline: (siteId) => sites.isAway(siteId),
    list: (siteId, request, signal) => pool.list(siteId, request, signal),
    isReplica: isTargetReplica((siteId, { rule }) => keyedStore(siteId, rule)),
    jobs,
    clock,
    onChange: (of, found) => void events.emit('target-looked', of, found),
  })
}

function joinBuckets(
  { journal, kept, sites, clock, events }: PartsForLinks,
  links: Links,
  everyMs?: number,
): BucketWatch {
  return new BucketWatch({
    marks: kept.buckets,
    links: () => links.list(),
    store: (siteId) => sites.store(siteId),
    isAway: (siteId) => sites.isAway(siteId),
    clock,
    everyMs,
    scannedFrom: (linkId) => scanRecord(journal.scans, linkId).startedAt(),
    // A journal that cannot be written says so itself.
    onAsked: (at, view) => void sites.noteBucket(at, view).catch(() => undefined),
    onLooked: (of, change) => void events.emit('buckets-looked', of, change),
  })
}

/** Half the cores, as long as nobody chose: the sites, the console and the journal want theirs too. */
function threadsOf({ threads }: Config['workers']): number {
  return threads ?? Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)))
}

/** A part that is not on record is sent again after a crash, so a lost record costs time and no more. */
function uploadRecords(tasks: TaskStore): Pick<PoolEvents, 'onUploadStarted' | 'onPartDone' | 'onUploadEnded'> {
  return {
    onUploadStarted: (seq, record) => tasks.saveUpload(seq, record),
    onPartDone: (seq, part) => void tasks.savePart(seq, part).catch(() => undefined),
    onUploadEnded: (seq) => void tasks.forgetUpload(seq).catch(() => undefined),
  }
}

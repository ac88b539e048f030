import type { Fault } from '../../../shared/model/fault.ts'
import type { Lease } from '../queue/port.ts'
import type { TaskEnd } from '../queue/task-ends.ts'
import type { SettledOutcome } from '../replicate/port.ts'
import type { ComposedParts } from './composed-parts.ts'
import type { EngineOptions } from './options.ts'
import { SiteReactions } from './site-reactions.ts'

export interface Reactions {
  /** Every transfer thread gets every site with its keys. */
  readonly openSitesInThreads: () => void
}

/** Who listens to what: the only place where a part that was made early is joined to those made after it. */
export function joinReactions({ longOutageMs }: EngineOptions, made: ComposedParts): Reactions {
  const { events, tasks, liveUpdates, dispatcher, pool, sseCKeys, feeds, links, changed } = made
  const sites = new SiteReactions(made, longOutageMs)
  const openSitesInThreads = (): void => made.sites.ids().forEach((siteId) => sites.openInThreads(siteId))

  events.on('changed', (topic) => liveUpdates.changed(topic))
  events.on('links-followed', (gone) => linksFollowed(gone, made))
  events.on('site-changed', (siteId, change) => sites.changed(siteId, change))
  events.on('site-turned', (siteId, state, fault) => sites.turned(siteId, state, fault))
  events.on('site-drifted', (siteId, drift) => sites.drifted(siteId, drift))
  events.on('site-gap', (siteId) => feeds.siteReturned(siteId, links.ofSite(siteId)))
  events.on('buckets-looked', (link, change) => sites.bucketsLooked(link, change))
  events.on('target-probed', () => feeds.targetsProbed())
  events.on('target-looked', (link, found) => sites.targetLooked(link, found))
  events.on('braked', (rule, paused) => sites.braked(rule, paused))
  events.on('workers-changed', (workers) => {
    dispatcher.setLimits(workers)
    openSitesInThreads()
    changed('settings')
  })
  events.on('sse-c-keys-changed', () => {
    pool.sseCKeys(sseCKeys.all())
    changed('settings')
  })

  tasks.on('outcomes', (outcomes) => dispatcher.onOutcomes(outcomes))
  tasks.on('moved', (linkId, read, written) => moved(linkId, read, written, made))
  // The journal does not know of leases; all else of the failure list is told by it, when it can be read.
  tasks.on('leased', ({ task }) => {
    if (task.fault !== null) changed('failures')
  })
  tasks.on('brought', (lease, outcome) => brought(lease, outcome, made))
  tasks.on('settled', (lease, outcome, isEnded) => {
    settled(lease, made)
    // Not before: the scan goes by what the journal has learned.
    if (outcome.leftBehind === true) feeds.scanAll([lease.task.linkId])
    if (isEnded) ended(lease, { kind: 'settled', did: outcome.did }, made)
  })
  tasks.on('faulted', (lease, fault) => faulted(lease, fault, made))
  tasks.on('parked', (lease, fault) => ended(lease, { kind: 'parked', fault }, made))
  return { openSitesInThreads }
}

/** Feeds and looks are brought in line with the links; what is kept of those that went is forgotten. */
function linksFollowed(gone: readonly string[], made: ComposedParts): void {
  const { links, feeds, guard, buckets, attributePasses, convergence, dispatcher, changed } = made
  feeds.sync()
  guard.sync()
  buckets.sync()
  attributePasses.sync()
  feeds.scanAll(convergence.sync(links.list()))
  for (const linkId of gone) forget(linkId, made)
  changed('rules')
  dispatcher.fill()
}

function forget(linkId: string, { dispatcher, rates, views, firstCopies, brakes, convergence }: ComposedParts): void {
  dispatcher.cancelLink(linkId)
  for (const kept of [rates, views, firstCopies, brakes, convergence]) kept.forget(linkId)
}

function moved(
  linkId: string,
  readBytes: number,
  writtenBytes: number,
  { links, rates, sites, now }: ComposedParts,
): void {
  const link = links.get(linkId)
  if (link === null) return
  rates.moved(linkId, writtenBytes, now())
  sites.monitor.moved(link.source.site, readBytes, 0)
  sites.monitor.moved(link.target.site, 0, writtenBytes)
}

/** A key is in doubt before its task is seen to end, scans are out of date, and a burst is on record with it. */
function brought(
  lease: Lease,
  outcome: SettledOutcome,
  { links, sites, convergence, brakes, feeds, log }: ComposedParts,
): void {
  if (outcome.leftBehind === true) feeds.outdated(lease.task.linkId)
  const link = links.get(lease.task.linkId)
  if (link === null) return
  if (writes.has(outcome.did)) convergence.wrote(link, lease.task.key)
  const skewMs = sites.health(link.source.site).clockSkewMs ?? 0
  brakes
    .ended(link.rule, lease, outcome, skewMs)
    .catch((error: unknown) => log.error({ err: error }, 'The pause of a brake could not be recorded.'))
}

function settled({ task }: Lease, { links, sites, rates, now }: ComposedParts): void {
  // One that lingered was counted when it was done.
  if (task.lingered !== true) rates.settled(task.linkId, now())
  const link = links.get(task.linkId)
  if (link === null) return
  sites.monitor.taskOk(link.source.site)
  sites.monitor.taskOk(link.target.site)
}

function faulted({ task }: Lease, fault: Fault, { rates, views, now }: ComposedParts): void {
  rates.failed(task.linkId, now())
  views.faultSeen(task.linkId, fault)
}

function ended({ task }: Lease, end: TaskEnd, { taskEnds, firstCopies, links, gateway }: ComposedParts): void {
  taskEnds.tell(task.seq, end)
  firstCopies.taskEnded(task.linkId, task.seq)
  const link = links.get(task.linkId)
  if (link !== null) gateway.taskEnded(link.ruleId)
}

const writes: ReadonlySet<SettledOutcome['did']> = new Set(['copied', 'marker', 'metadata', 'purged'])

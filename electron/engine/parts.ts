import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import type { LiveTopic } from '../../shared/api/engine-api.ts'
import { notificationsSchema, workersSchema, type Config } from '../../shared/model/config.ts'
import type { Fault } from '../../shared/model/fault.ts'
import type { Overview } from '../../shared/model/overview.ts'
import { teller, type Tell } from './api/activity.ts'
import { overviewOf } from './api/overview.ts'
import { systemClock, type Clock } from './feed/clock.ts'
import { DeleteBrakes } from './feed/delete-brakes.ts'
import { createIntake } from './feed/intake.ts'
import { createSchedule } from './feed/schedule.ts'
import { startWebhook, type Webhook } from './feed/webhook.ts'
import { Jobs } from './job/jobs.ts'
import type { Journal } from './journal/port.ts'
import { openJournal } from './journal/sqlite-journal.ts'
import { FeedConnections } from './link/feed-connections.ts'
import { IdentityProbes } from './link/identity.ts'
import { LinkFeeds } from './link/link-feeds.ts'
import { LinkViews } from './link/link-views.ts'
import { Links } from './link/links.ts'
import { RuleBook } from './link/rule-book.ts'
import { SiteEvents } from './link/site-events.ts'
import { TaskEvents } from './link/task-events.ts'
import { Announcer } from './live/announcer.ts'
import { createLogger, type Logger } from './log/logger.ts'
import { watchEventLoop, type EventLoopGauge } from './metrics/event-loop.ts'
import { RateBook } from './metrics/rates.ts'
import { createSeries, type LinkSample, type Series } from './metrics/series.ts'
import type { TaskQueue } from './queue/port.ts'
import { createQueue } from './queue/task-queue.ts'
import { systemNetwork, type Network } from './site/network.ts'
import { createSites, type Sites } from './site/registry.ts'
import type { EngineOptions } from './start.ts'
import { createStore } from './store/s3-store.ts'
import { Dispatcher } from './worker/dispatcher.ts'
import { TransferPool } from './worker/pool.ts'

/** Connections of the main thread to one site: probes, wizard, comparisons. Transfers have their own, per thread. */
const mainSockets = 32

/** Everything the engine is made of, joined and not yet started. */
export interface Parts {
  readonly journal: Journal
  readonly queue: TaskQueue
  readonly rules: RuleBook
  readonly sites: Sites
  readonly links: Links
  readonly feeds: LinkFeeds
  readonly views: LinkViews
  readonly brakes: DeleteBrakes
  readonly jobs: Jobs
  readonly pool: TransferPool
  readonly dispatcher: Dispatcher
  readonly identities: IdentityProbes
  readonly connections: FeedConnections
  readonly announcer: Announcer
  readonly series: Series
  readonly eventLoop: EventLoopGauge
  readonly webhook: Webhook | null
  readonly settings: EngineSettings
  readonly tell: Tell
  readonly log: Logger
  readonly network: Network
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  readonly now: () => number
  readonly overview: () => Overview
  /** The rule book changed: links, holds and feeds follow; links that went are forgotten. */
  readonly follow: () => Promise<void>
  /** Every transfer thread gets every site with its keys. */
  readonly openSitesInThreads: () => void
}

/** What the operator may change while the engine runs, kept in the journal. */
export interface EngineSettings {
  workers(): Config['workers']
  setWorkers(workers: Config['workers']): Promise<void>
  readonly notifications: Config['notifications']
}

/** Opens and joins the parts. What needs another part that is made later reaches it through `parts`, never at once. */
export async function openParts(options: EngineOptions): Promise<Parts> {
  const now = (): number => systemClock.now()
  const log = createLogger(options.log)
  const journal = openJournal({ dir: options.dataDir, now, log: options.log, limits: options.journalLimits ?? {} })
  try {
    return await join(options, journal, log, now)
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function join(options: EngineOptions, journal: Journal, log: Logger, now: () => number): Promise<Parts> {
  const clock = systemClock
  const random = Math.random
  const startedAt = now()
  const changed = (topic: LiveTopic): void => parts.announcer.changed(topic)
  const tell = teller(journal, log, now, () => changed('activity'))
  const rules = new RuleBook(journal, now)
  const queue = createQueue({ journal, now, random, retry: options.retry })
  const rates = new RateBook()
  const eventLoop = watchEventLoop(startedAt)
  const jobs = new Jobs(now, () => changed('jobs'))
  const siteEvents = new SiteEvents(() => parts, tell, changed)
  const sites = createSites({
    journal,
    credentials: options.credentials,
    environment: options.environment,
    openStore: (site, keys) => createStore({ site, keys, sockets: mainSockets, timeouts: options.timeouts }),
    network: systemNetwork,
    clock,
    random,
    usedBy: (siteId) =>
      rules
        .rules()
        .filter((rule) => [rule.source, ...rule.targets].some(({ site }) => site === siteId))
        .map(({ id }) => id),
    onChange: (siteId, change) => siteEvents.changed(siteId, change),
    onTransition: (siteId, state, fault) => siteEvents.turned(siteId, state, fault),
  })
  const settings = openSettings(journal, options.config, () => {
    parts.dispatcher.setLimits(settings.workers())
    parts.openSitesInThreads()
    changed('settings')
  })
  const taskEvents = new TaskEvents(() => parts, rates, now, changed)
  const threads = settings.workers().threads ?? Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)))
  const pool = new TransferPool(threadEntry(), threads, options.timeouts ?? {}, {
    onOutcomes: (outcomes) => parts.dispatcher.onOutcomes(outcomes),
    onMoved: (linkId, read, written) => taskEvents.moved(linkId, read, written),
    onUploadStarted: (seq, record) => journal.saveUpload(seq, record),
    onPartDone: (seq, part) => void journal.savePart(seq, part).catch(() => undefined),
    onUploadEnded: (seq) => void journal.forgetUpload(seq).catch(() => undefined),
    onThreadDied: (error) => log.error({ err: error }, 'A transfer thread died; another takes its place.'),
  })
  const identities = new IdentityProbes({
    probe: (target) => sites.probeTarget(target),
    clock,
    onChange: () => {
      parts.links.refresh()
      changed('rules')
    },
  })
  const links = new Links({ rules, queue, pool, identities, sites })
  const dispatcher = new Dispatcher(
    { queue, journal, pool, link: (linkId) => links.order(linkId), now },
    settings.workers(),
    taskEvents,
  )
  const brakes = new DeleteBrakes({ now, onTrip: (rule, trip) => siteEvents.brakeTripped(rule, trip) })
  const intake = createIntake({ rules: () => rules.rules(), queue, brakes })
  const webhook = await openWebhook(settings, journal, {
    intake,
    now,
    knowsSite: (siteId) => sites.has(siteId),
    onGap: (siteId) => parts.feeds.siteReturned(siteId, links.ofSite(siteId)),
  })
  const connections = new FeedConnections(sites, now)
  const schedule = createSchedule({ clock, onChange: () => changed('rules') })
  const feeds = new LinkFeeds({
    journal,
    queue,
    intake,
    brakes,
    schedule,
    webhook,
    connections,
    order: (linkId) => links.order(linkId),
    store: (siteId) => sites.store(siteId),
    list: (siteId, request, signal) => pool.list(siteId, request, signal),
    capabilities: (siteId) => sites.capabilities(siteId),
    health: (siteId) => sites.health(siteId),
    clock,
    random,
    onChange: () => changed('rules'),
  })
  let journalFault: Fault | null = null
  const views = new LinkViews({
    journal,
    rates,
    identities,
    sites,
    inFlight: (linkId) => dispatcher.inFlight(linkId),
    feeds: (link) => feeds.views(link),
    journalFault: () => journalFault,
    now,
  })
  journal.onUnwritable((fault) => {
    journalFault = fault
    dispatcher.stop()
    log.error({ code: fault.code }, fault.message)
    changed('rules')
  })
  const overview = (): Overview =>
    overviewOf({
      links: () => links.list().map((link) => views.view(link)),
      workers: () => dispatcher.busy(),
      eventLoopDelayP99Ms: () => eventLoop.p99Ms(now()),
      startedAt,
      now,
    })
  const announcer = new Announcer(() => ({ overview: overview(), transfers: dispatcher.transfers(200) }), now)
  const series = createSeries({
    journal,
    read: () =>
      links
        .list()
        .map((link) =>
          sampleOf(link.linkId, journal, rates, sites.health(link.target.site).rttMs?.current ?? null, now()),
        ),
    now,
    timers: clock,
  })
  const parts: Parts = {
    journal,
    queue,
    rules,
    sites,
    links,
    feeds,
    views,
    brakes,
    jobs,
    pool,
    dispatcher,
    identities,
    connections,
    announcer,
    series,
    eventLoop,
    webhook,
    settings,
    tell,
    log,
    network: systemNetwork,
    clock,
    random,
    now,
    overview,
    async follow() {
      const gone = links.sync()
      links.refresh()
      feeds.sync(links.list())
      for (const linkId of gone) {
        dispatcher.cancelLink(linkId)
        rates.forget(linkId)
        views.forget(linkId)
        await journal.forgetLink(linkId)
      }
      changed('rules')
      dispatcher.fill()
    },
    openSitesInThreads() {
      for (const siteId of sites.ids()) siteEvents.openInThreads(siteId)
    },
  }
  return parts
}

/** Beside this file when run from source, beside the bundle when packaged. */
function threadEntry(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./worker/thread.ts', import.meta.url)
    : new URL('./thread.js', import.meta.url)
}

const settingsName = 'settings'
const settingsSchema = z.object({
  workers: workersSchema.prefault({}),
  notifications: notificationsSchema.prefault({}),
})

/** What a configuration file declares goes before what was kept. */
function openSettings(journal: Journal, declared: Config | null, onWorkers: () => void): EngineSettings {
  let kept = settingsSchema.parse(declared ?? journal.read(settingsName) ?? {})
  return {
    workers: () => kept.workers,
    notifications: kept.notifications,
    async setWorkers(workers) {
      await journal.write(settingsName, { ...kept, workers })
      kept = { ...kept, workers }
      onWorkers()
    },
  }
}

const tokenName = 'webhook-token'

/** The token outlives restarts: the sites were told the URL once. */
async function openWebhook(
  { notifications }: EngineSettings,
  journal: Journal,
  more: Omit<Parameters<typeof startWebhook>[0], 'listen' | 'token' | 'publicUrl'>,
): Promise<Webhook | null> {
  if (notifications.listen === null) return null
  const token = z.string().nullable().parse(journal.read(tokenName)) ?? randomBytes(24).toString('base64url')
  await journal.write(tokenName, token)
  return startWebhook({ ...more, listen: notifications.listen, publicUrl: notifications.publicUrl, token })
}

function sampleOf(linkId: string, journal: Journal, rates: RateBook, rttMs: number | null, at: number): LinkSample {
  const { backlogCount, backlogBytes, oldestPendingAt } = journal.totals(linkId)
  const lagSeconds = oldestPendingAt === null ? 0 : Math.max(0, (at - oldestPendingAt) / 1000)
  return { linkId, backlogCount, backlogBytes, lagSeconds, ...rates.takeCounts(linkId), rttMs }
}

import type { BucketAt, EventsState, FeedView, Rule } from '../../../shared/model/rule.ts'
import type { Capabilities, SiteHealth } from '../../../shared/model/site.ts'
import type { Clock } from '../base/clock.ts'
import type { Brakes } from '../intake/brakes.ts'
import { startListen } from '../feed/listen.ts'
import type { Feed, Unavailable } from '../feed/port.ts'
import type { ScanResult, Scanner, ScanWatch } from '../scan/port.ts'
import { createScanner } from '../scan/scanner.ts'
import type { Looked, ResyncOptions, ScanSchedule } from '../scan/schedule.ts'
import type { Webhook } from '../feed/webhook.ts'
import type { NewTask, ReadsAtOnce } from '../journal/port/tasks.ts'
import type { ScanStore } from '../journal/port/scans.ts'
import type { VersionStore } from '../journal/port/versions.ts'
import type { Intake } from '../intake/port.ts'
import { mendsOrder } from '../replicate/in-order.ts'
import { bucketKey } from '../rule/link.ts'
import type { ListRequest, ObjectStore, VersionPage } from '../store/port.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { FeedConnections } from './feed-connections.ts'
import type { LinkBook } from './link-book.ts'
import { beginOf, type Link } from './links.ts'
import { replicaProof } from './replica-proof.ts'
import { scanRecord } from './scan-record.ts'
import { Topics } from './topics.ts'

export interface LinkFeedsParts {
  readonly links: () => readonly Link[]
  readonly atOnce: Pick<ReadsAtOnce, 'totals' | 'isParked'>
  readonly versions: VersionStore
  readonly scans: ScanStore
  readonly intake: Pick<Intake, 'offer'>
  readonly brakes: Pick<Brakes, 'scanned'>
  readonly schedule: ScanSchedule
  readonly webhook: Webhook | null
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly connections: FeedConnections
  readonly order: (linkId: string) => LinkOrder | null
  readonly isShared: LinkBook['isShared']
  /** With the keys of clients that the rule names. */
  readonly store: (siteId: string, rule: Rule) => ObjectStore
  readonly watch: (link: Link) => ScanWatch
  readonly capabilities: (siteId: string) => Capabilities | null
  readonly health: (siteId: string) => SiteHealth
  readonly clock: Clock
  readonly random: () => number
  readonly onChange: () => void
}

/** While events are unavailable scans come this close, and no closer than this share of the time lets them: ms, times. */
const closeScanMs = 30_000
const scanShare = 4

/** Every link's sources of changes: a scan each, and per source bucket an event stream where the site has one. */
export class LinkFeeds {
  readonly #parts: LinkFeedsParts
  readonly #scanned = new Map<string, Link>()
  readonly #streams = new Map<string, Feed>()
  readonly #topics: Topics | null
  /** Links whose scan came before it was known whose version ids the target keeps. */
  readonly #passedOver = new Set<string>()
  readonly #unchecked = new Map<string, readonly BucketAt[]>()

  constructor(parts: LinkFeedsParts) {
    this.#parts = parts
    const { webhook, connections, onChange } = parts
    this.#topics =
      webhook === null
        ? null
        : new Topics({
            send: (siteId) => connections.of(siteId).send,
            pushTo: (siteId) => webhook.urlFor(siteId),
            clock: parts.clock,
            onChange,
          })
  }

  /** Brings scans and streams in line with the links. Safe to call at any time. */
  sync(): void {
    const active = this.#parts.links().filter((link) => link.rule.enabled)
    for (const linkId of this.#scanned.keys())
      if (!active.some((link) => link.linkId === linkId)) this.#stopScan(linkId)
    for (const link of active) if (this.#scanned.get(link.linkId)?.rule !== link.rule) this.#scan(link)
    this.#syncStreams(active)
  }

  /** The webhook's URL has changed: the sites that Lockstep itself told of it are told anew. */
  webhookMoved(): void {
    this.#topics?.renew()
  }

  /** The site came back: whatever happened meanwhile must be found. */
  siteReturned(siteId: string, links: readonly Link[]): void {
    this.#topics?.again(siteId)
    for (const link of links) this.#parts.schedule.gap(link.linkId)
  }

  /**
   * What the link's feeds wait for between two tries is tried now. Resolves when a scan could read both sides; the scan goes on
   * to its end. Rejects with what it met, or with CANCELLED when the signal ends it before.
   */
  async lookAgain(link: Link, signal: AbortSignal): Promise<void> {
    this.#topics?.again(link.source.site)
    this.#streams.get(streamName(link))?.again()
    const waiting = new AbortController()
    const cancel = (): void => waiting.abort(signal.reason)
    signal.addEventListener('abort', cancel, { once: true })
    await new Promise<void>((resolve, reject) => {
      const onProgress = (): void => {
        signal.removeEventListener('abort', cancel)
        resolve()
      }
      const asked = { prefix: '', reason: 'gap', signal: waiting.signal, onProgress } as const
      this.#parts.schedule.resync(link.linkId, asked).then(onProgress, reject)
    })
  }

  /** Looks over all keys of the links, whatever their intervals say. */
  scanAll(linkIds: readonly string[]): void {
    for (const linkId of linkIds) this.#parts.schedule.gap(linkId)
  }

  /** More is known of targets: what scans passed over for want of it is looked at. */
  targetsProbed(): void {
    for (const linkId of this.#passedOver) {
      if ((this.#parts.order(linkId)?.identity ?? 'unknown') === 'unknown') continue
      this.#passedOver.delete(linkId)
      this.#parts.schedule.gap(linkId)
    }
  }

  /** What scans have concluded of this link is known to be out of date: it takes another one. */
  outdated(linkId: string): void {
    this.#parts.schedule.outdated(linkId)
  }

  resync(linkId: string, options: ResyncOptions): Promise<ScanResult> {
    return this.#parts.schedule.resync(linkId, options)
  }

  views(link: Link): readonly FeedView[] {
    const scan = this.#parts.schedule.view(link.linkId)
    const stream = this.#streams.get(streamName(link))?.view() ?? this.#pushed(link)
    return [stream, scan].filter((view) => view !== null)
  }

  /** Listings of several pages that no scan of the link could hold against ListObjectsV2: what they leave out is not noticed. */
  unchecked({ linkId }: Link): readonly BucketAt[] {
    return this.#unchecked.get(linkId) ?? []
  }

  looked({ linkId }: Link): Looked {
    return this.#parts.schedule.looked(linkId)
  }

  events(link: Link): EventsState {
    const kind = this.#parts.capabilities(link.source.site)?.changeStream ?? 'none'
    const unavailable = this.#unavailable(link)
    if (unavailable !== null) {
      const scanEverySeconds = Math.round(this.#intervalMs(link, 0) / 1000)
      return { kind: 'unavailable', ...unavailable, scanEverySeconds }
    }
    if (kind === 'none' || (kind === 'topic' && this.#pushed(link)?.lastEventAt == null)) return { kind: 'none' }
    const stream = kind === 'listen' ? this.#streams.get(streamName(link))?.view().state : 'live'
    return { kind: stream === 'live' ? 'told' : 'connecting' }
  }

  async stop(): Promise<void> {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    await Promise.all([this.#parts.schedule.stop(), ...streams.map((feed) => feed.stop())])
  }

  #scan(link: Link): void {
    this.#scanned.set(link.linkId, link)
    this.#parts.schedule.add({
      linkId: link.linkId,
      scanner: this.#scanner(link),
      intervalMs: (lastScanMs) => this.#intervalMs(link, lastScanMs),
      isBusy: () => this.#parts.atOnce.totals(link.linkId).backlogCount > 10_000,
    })
  }

  /** Events that do not come are made up for by scans, as far as these leave the sites room. */
  #intervalMs(link: Link, lastScanMs: number): number {
    const wantedMs = link.rule.scanIntervalSeconds * 1000
    return this.#unavailable(link) === null
      ? wantedMs
      : Math.min(wantedMs, Math.max(closeScanMs, scanShare * lastScanMs))
  }

  #unavailable(link: Link): Unavailable | null {
    const stream = this.#streams.get(streamName(link))
    return stream === undefined ? (this.#topics?.unavailable(streamName(link)) ?? null) : stream.unavailable()
  }

  #stopScan(linkId: string): void {
    this.#scanned.delete(linkId)
    this.#unchecked.delete(linkId)
    void this.#parts.schedule.remove(linkId)
  }

  #scanner(link: Link): Scanner {
    const { atOnce, versions, scans, list, clock, health, order, isShared, store, brakes } = this.#parts
    const record = scanRecord(scans, link.linkId)
    return createScanner({
      link: { ...link, ruleStartedAt: beginOf(link) },
      list,
      mendsOrder: () => {
        const known = order(link.linkId)
        return known !== null && mendsOrder(known)
      },
      coversBefore: () => {
        const known = order(link.linkId)
        return known?.identity === 'mints' ? (known.coversBefore ?? 0) : 0
      },
      // By the links themselves: a scan may begin before the target is probed, and would take the copy's tags for changed ones.
      twoWay: () => this.#parts.links().some((other) => leadsBack(other, link)),
      watch: this.#parts.watch(link),
      replicas: replicaProof({
        link,
        links: this.#parts.links,
        isShared: () => isShared(link.identity),
        order,
        store: (siteId) => store(siteId, link.rule),
        passedOver: () => {
          this.#passedOver.add(link.linkId)
          this.outdated(link.linkId)
        },
      }),
      pairsBetween: (from, to) => versions.pairsBetween(link.linkId, from, to),
      enqueue: (tasks, startedAt) => this.#offer(link, tasks, startedAt),
      backlogCount: () => atOnce.totals(link.linkId).backlogCount,
      isParked: (key, versionId, operation) => atOnce.isParked(link.linkId, key, versionId, operation),
      checkpoint: {
        read: () => scans.read(link.linkId, 'checkpoint'),
        write: (value) => scans.write(link.linkId, 'checkpoint', value),
      },
      tellsOfTags: () => tellsOfTags(this.#parts.capabilities(link.source.site)),
      doubt: {
        read: async () => (await scans.read(link.linkId, 'doubted')) === true,
        write: (isDoubted) => scans.write(link.linkId, 'doubted', isDoubted),
      },
      lastScan: {
        read: () => record.startedAt(),
        write: (startedAt) => record.start(startedAt),
      },
      onScanned: (held, startedAt) => {
        const { live, versions } = held
        brakes.scanned(link.rule, link.linkId, { live, versions }, startedAt)
        // A count for estimates: a journal that does not take it says so at the next task.
        record.hold(held, startedAt).catch(() => undefined)
      },
      onUnchecked: (unchecked) => this.#noteUnchecked(link.linkId, unchecked),
      clock,
      skewMs: () => Math.abs((health(link.source.site).clockSkewMs ?? 0) - (health(link.target.site).clockSkewMs ?? 0)),
    })
  }

  #noteUnchecked(linkId: string, unchecked: readonly BucketAt[]): void {
    const before = this.#unchecked.get(linkId) ?? []
    this.#unchecked.set(linkId, unchecked)
    if (String(before.map(bucketKey)) !== String(unchecked.map(bucketKey))) this.#parts.onChange()
  }

  async #offer(link: Link, tasks: readonly NewTask[], startedAt: number): Promise<void> {
    const found = tasks.map((task) => ({ link, task }))
    const placed = await this.#parts.intake.offer(found, { kind: 'scan', startedAt })
    this.#untold(
      link,
      placed.flatMap(({ change, isNew }) => (isNew ? [change.task] : [])),
    )
  }

  /** What a scan found and nothing had told shows whether the stream tells at all. */
  #untold(link: Link, found: readonly NewTask[]): void {
    const stream = this.#streams.get(streamName(link))
    const skewMs = this.#parts.health(link.source.site).clockSkewMs ?? 0
    const changes = found.filter(({ operation }) => operation === 'put' || operation === 'deleteMarker')
    if (changes.length > 0) stream?.untold(Math.max(...changes.map(({ changedAt }) => changedAt)) + skewMs)
  }

  #pushed(link: Link): FeedView | null {
    const { webhook, capabilities } = this.#parts
    if (webhook === null || capabilities(link.source.site)?.changeStream !== 'topic') return null
    const view = webhook.view(link.source.site, link.source.bucket)
    const fault = this.#topics?.unavailable(streamName(link))?.fault ?? null
    return fault === null ? view : { ...view, state: 'fault', fault }
  }

  #syncStreams(active: readonly Link[]): void {
    const wanted = new Map(this.#withStream(active, 'listen').map((link) => [streamName(link), link]))
    for (const [name, feed] of this.#streams) {
      if (wanted.has(name)) continue
      this.#streams.delete(name)
      void feed.stop()
    }
    for (const [name, link] of wanted) if (!this.#streams.has(name)) this.#listen(name, link)
    const topics = this.#withStream(active, 'topic')
    this.#topics?.sync(
      new Map(topics.map((link) => [streamName(link), { source: link.source, prefix: link.rule.filter.prefix }])),
    )
  }

  #withStream(links: readonly Link[], kind: Capabilities['changeStream']): readonly Link[] {
    return links.filter((link) => this.#parts.capabilities(link.source.site)?.changeStream === kind)
  }

  #listen(name: string, link: Link): void {
    const { connections, intake, clock, random, capabilities, schedule, onChange } = this.#parts
    const { site: siteId, bucket } = link.source
    const mine = (): readonly Link[] => [...this.#scanned.values()].filter((scanned) => streamName(scanned) === name)
    let wasAvailable = true
    const feed = startListen({
      // Asked for at every reconnect: an edited site has another connection.
      stream: (request, signal) => connections.of(siteId).stream(request, signal),
      siteId,
      bucket,
      prefix: link.rule.filter.prefix,
      encoding: capabilities(siteId)?.vendor === 'rustfs' ? 'form' : 'raw',
      intake,
      clock,
      random,
      onGap: () => {
        for (const { linkId } of mine()) schedule.gap(linkId)
      },
      onChange: () => {
        const isAvailable = this.#streams.get(name)?.unavailable() == null
        if (isAvailable !== wasAvailable) for (const { linkId } of mine()) schedule.retime(linkId)
        wasAvailable = isAvailable
        onChange()
      },
    })
    this.#streams.set(name, feed)
  }
}

/** MinIO and RustFS send an event when tags or locks change; Ceph sends none. */
export const tellsOfTags = (site: Capabilities | null): boolean => site?.changeStream === 'listen'

const streamName = (link: Link): string => `${link.source.site}/${link.source.bucket}/${link.rule.filter.prefix}`

const leadsBack = (other: Link, { source, target }: Link): boolean =>
  bucketKey(other.source) === bucketKey(target) && bucketKey(other.target) === bucketKey(source)

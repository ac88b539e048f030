import type { BucketAt, EventsState, FeedView } from '../../../../shared/model/rule.ts'
import type { Intake } from '../../intake/port.ts'
import type { NewTask } from '../../journal/port/tasks.ts'
import { bucketKey } from '../../rule/link.ts'
import type { ScanResult } from '../../scan/port.ts'
import type { Looked, ResyncOptions, ScanSchedule } from '../../scan/schedule.ts'
import { ChangeStreams, type ChangeStreamsParts } from './change-streams.ts'
import type { Link } from '../link.ts'
import { linkScanner, type LinkScannerParts } from './link-scanner.ts'

export interface LinkFeedsParts extends LinkScannerParts, Omit<ChangeStreamsParts, 'onGap' | 'onAvailability'> {
  readonly intake: Pick<Intake, 'offer'>
  readonly schedule: ScanSchedule
}

/** While events are unavailable scans come this close, and no closer than this share of the time lets them: ms, times. */
const closeScanMs = 30_000
const scanShare = 4

/** Every link's sources of changes: a scan each, and what its source tells by itself. */
export class LinkFeeds {
  readonly #parts: LinkFeedsParts
  readonly #scanned = new Map<string, Link>()
  readonly #streams: ChangeStreams
  /** Links whose scan came before it was known whose version ids the target keeps. */
  readonly #passedOver = new Set<string>()
  readonly #unchecked = new Map<string, readonly BucketAt[]>()

  constructor(parts: LinkFeedsParts) {
    this.#parts = parts
    const { schedule } = parts
    this.#streams = new ChangeStreams({
      ...parts,
      onGap: (linkId) => schedule.gap(linkId),
      onAvailability: (linkId) => schedule.retime(linkId),
    })
  }

  /** Brings scans and streams in line with the links. Safe to call at any time. */
  sync(): void {
    const active = this.#parts.links().filter((link) => link.rule.enabled)
    for (const linkId of this.#scanned.keys())
      if (!active.some((link) => link.linkId === linkId)) this.#stopScan(linkId)
    for (const link of active) if (this.#scanned.get(link.linkId)?.rule !== link.rule) this.#scan(link)
    this.#streams.sync(active)
  }

  /** The webhook's URL has changed: the sites that Lockstep itself told of it are told anew. */
  webhookMoved(): void {
    this.#streams.webhookMoved()
  }

  /** The site came back: whatever happened meanwhile must be found. */
  siteReturned(siteId: string, links: readonly Link[]): void {
    this.#streams.siteReturned(siteId)
    for (const link of links) this.#parts.schedule.gap(link.linkId)
  }

  /**
   * What the link's feeds wait for between two tries is tried now. Resolves when a scan could read both sides; the scan goes on
   * to its end. Rejects with what it met, or with CANCELLED when the signal ends it before.
   */
  async lookAgain(link: Link, signal: AbortSignal): Promise<void> {
    this.#streams.again(link)
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
    return [this.#streams.view(link), this.#parts.schedule.view(link.linkId)].filter((view) => view !== null)
  }

  /** Listings of several pages that no scan of the link could hold against ListObjectsV2: what they leave out is not noticed. */
  unchecked({ linkId }: Link): readonly BucketAt[] {
    return this.#unchecked.get(linkId) ?? []
  }

  looked({ linkId }: Link): Looked {
    return this.#parts.schedule.looked(linkId)
  }

  events(link: Link): EventsState {
    const unavailable = this.#streams.unavailable(link)
    if (unavailable === null) return this.#streams.state(link)
    const scanEverySeconds = Math.round(this.#intervalMs(link, 0) / 1000)
    return { kind: 'unavailable', ...unavailable, scanEverySeconds }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#parts.schedule.stop(), this.#streams.stop()])
  }

  #scan(link: Link): void {
    const { linkId } = link
    this.#scanned.set(linkId, link)
    const scanner = linkScanner(link, this.#parts, {
      offer: (tasks, startedAt) => this.#offer(link, tasks, startedAt),
      passedOver: () => {
        this.#passedOver.add(linkId)
        this.outdated(linkId)
      },
      onUnchecked: (unchecked) => this.#noteUnchecked(linkId, unchecked),
    })
    this.#parts.schedule.add({
      linkId,
      scanner,
      intervalMs: (lastScanMs) => this.#intervalMs(link, lastScanMs),
      isBusy: () => this.#parts.atOnce.totals(linkId).backlogCount > 10_000,
    })
  }

  /** Events that do not come are made up for by scans, as far as these leave the sites room. */
  #intervalMs(link: Link, lastScanMs: number): number {
    const wantedMs = link.rule.scanIntervalSeconds * 1000
    return this.#streams.unavailable(link) === null
      ? wantedMs
      : Math.min(wantedMs, Math.max(closeScanMs, scanShare * lastScanMs))
  }

  #stopScan(linkId: string): void {
    this.#scanned.delete(linkId)
    this.#unchecked.delete(linkId)
    void this.#parts.schedule.remove(linkId)
  }

  #noteUnchecked(linkId: string, unchecked: readonly BucketAt[]): void {
    const before = this.#unchecked.get(linkId) ?? []
    this.#unchecked.set(linkId, unchecked)
    if (String(before.map(bucketKey)) !== String(unchecked.map(bucketKey))) this.#parts.onChange()
  }

  async #offer(link: Link, tasks: readonly NewTask[], startedAt: number): Promise<void> {
    const found = tasks.map((task) => ({ link, task }))
    const placed = await this.#parts.intake.offer(found, { kind: 'scan', startedAt })
    this.#streams.untold(
      link,
      placed.flatMap(({ change, isNew }) => (isNew ? [change.task] : [])),
    )
  }
}

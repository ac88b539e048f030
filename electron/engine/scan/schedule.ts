import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { FeedView, ScanEnd } from '../../../shared/model/rule.ts'
import { faultFrom } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { ScanCounts, Scanner, ScanReason, ScanResult } from './port.ts'

export interface ScheduledLink {
  readonly linkId: string
  readonly scanner: Scanner
  /** Asked for after every scan, and again at {@link ScanSchedule.retime}. */
  readonly intervalMs: (lastScanMs: number) => number
  /** While true no scan of the interval starts: most of what it would find is queued already. Gaps and resyncs go ahead. */
  readonly isBusy?: () => boolean
}

export interface ResyncOptions {
  readonly prefix: string
  /** A `resync` takes up parked versions again; a `gap` leaves them to the operator. */
  readonly reason: 'resync' | 'gap'
  readonly signal: AbortSignal
  readonly onProgress?: (counts: ScanCounts) => void
}

export interface ScanSchedule {
  /** Starts the first scan as soon as there is room. A link that is there already is replaced: its scan is cut short. */
  add(link: ScheduledLink): void
  remove(linkId: string): Promise<void>
  /** Events may have been missed: scans now, or once more after the scan under way. */
  gap(linkId: string): void
  /** What was looked at does not hold any more: it takes a scan that begins from now on. Starts none. */
  outdated(linkId: string): void
  /** A full pass that somebody waits for; resolves when it has ended, rejects with CANCELLED when the signal ends it. */
  resync(linkId: string, options: ResyncOptions): Promise<ScanResult>
  /** The interval has changed: the next scan by the clock comes when the new one says. */
  retime(linkId: string): void
  looked(linkId: string): Looked
  /** null for an unknown link. */
  view(linkId: string): FeedView | null
  stop(): Promise<void>
}

export interface Looked {
  /** Epoch ms at which a scan last ended that looked at every key; null when none has. */
  readonly at: number | null
  /** No scan has failed since, and nothing has put it out of date. */
  readonly holds: boolean
}

export interface ScheduleOptions {
  readonly clock: Clock
  /** Scans at one time over all links. */
  readonly limit?: number
  readonly onChange?: (linkId: string) => void
  /** A scan has looked at every key, and what it found is queued. */
  readonly onLooked?: (linkId: string) => void
}

/** A failed scan is tried again sooner than its interval says, but no sooner than this. */
const retryMs = 30_000
const busyMs = 5000

interface Resync extends ResyncOptions {
  readonly resolve: (result: ScanResult) => void
  readonly reject: (error: unknown) => void
}

interface RunningTurn {
  readonly abort: AbortController
  readonly ended: Promise<void>
}

class LinkScans {
  readonly link: ScheduledLink
  /** The scan that is due, if any. A gap outweighs what is due by the clock. */
  due: Exclude<ScanReason, 'resync'> | null = 'start'
  readonly resyncs: Resync[] = []
  running: RunningTurn | null = null
  /** The scan of the link that this one replaces may not have ended yet. */
  blocked = true
  cancelTimer: () => void = () => {}
  state: FeedView['state'] = 'idle'
  fault: Fault | null = null
  /** Looked at by the scan under way. */
  keys = 0
  startedAt: number | null = null
  lastEndedAt: number | null = null
  last: ScanEnd | null = null
  lastScanMs = 0
  looked: Looked = { at: null, holds: false }
  /** How often what was looked at was put out of date; and how often before the scan under way began. */
  outdated = 0
  outdatedBefore = 0
  /** Set while a scan by the clock is planned, with what it is for. */
  planned: 'start' | 'interval' | null = null

  constructor(link: ScheduledLink) {
    this.link = link
  }

  get waits(): boolean {
    return this.running === null && !this.blocked && (this.due !== null || this.resyncs.length > 0)
  }
}

/** Decides when each link is scanned: never two scans of one link at once, few over all, first come first served. */
export function createSchedule(options: ScheduleOptions): ScanSchedule {
  return new Schedule(options)
}

class Schedule implements ScanSchedule {
  readonly #clock: Clock
  readonly #limit: number
  readonly #onChange: (linkId: string) => void
  readonly #onLooked: (linkId: string) => void
  /** In the order in which they asked; a link that was scanned goes to the end. */
  readonly #links = new Map<string, LinkScans>()
  #running = 0
  #stopped = false

  constructor({ clock, limit = 2, onChange = () => {}, onLooked = () => {} }: ScheduleOptions) {
    this.#clock = clock
    this.#limit = limit
    this.#onChange = onChange
    this.#onLooked = onLooked
  }

  add(link: ScheduledLink): void {
    const before = this.remove(link.linkId)
    const scans = new LinkScans(link)
    this.#links.set(link.linkId, scans)
    void this.#open(scans, before)
  }

  async remove(linkId: string): Promise<void> {
    const scans = this.#links.get(linkId)
    if (scans === undefined) return
    this.#links.delete(linkId)
    scans.cancelTimer()
    for (const resync of scans.resyncs.splice(0)) resync.reject(cancelled())
    scans.running?.abort.abort(cancelled())
    await scans.running?.ended
  }

  gap(linkId: string): void {
    const scans = this.#links.get(linkId)
    if (scans === undefined) return
    // A scan that was cut short goes on at its checkpoint; a full pass follows it anyway, and covers the gap.
    if (scans.due === null) scans.due = scans.state === 'fault' ? 'start' : 'gap'
    else if (scans.due === 'interval') scans.due = 'gap'
    this.#next()
  }

  outdated(linkId: string): void {
    const scans = this.#links.get(linkId)
    if (scans === undefined) return
    scans.outdated += 1
    scans.looked = { ...scans.looked, holds: false }
    this.#onChange(linkId)
  }

  resync(linkId: string, options: ResyncOptions): Promise<ScanResult> {
    const scans = this.#links.get(linkId)
    if (scans === undefined) return Promise.reject(new FaultError(fault('NOT_FOUND', `There is no link “${linkId}”.`)))
    return new Promise((resolve, reject) => {
      if (options.signal.aborted) {
        reject(cancelled())
        return
      }
      const resync: Resync = { ...options, resolve, reject }
      scans.resyncs.push(resync)
      options.signal.addEventListener('abort', () => withdraw(scans, resync), { once: true })
      this.#next()
    })
  }

  retime(linkId: string): void {
    const scans = this.#links.get(linkId)
    if (scans?.planned !== 'interval') return
    scans.cancelTimer()
    const sinceMs = this.#clock.now() - (scans.lastEndedAt ?? 0)
    this.#later(scans, Math.max(0, scans.link.intervalMs(scans.lastScanMs) - sinceMs))
  }

  looked(linkId: string): Looked {
    return this.#links.get(linkId)?.looked ?? { at: null, holds: false }
  }

  view(linkId: string): FeedView | null {
    const scans = this.#links.get(linkId)
    if (scans === undefined) return null
    return {
      kind: 'scan',
      state: scans.state,
      lastEventAt: null,
      fault: scans.fault,
      scan: scans.running === null ? null : { startedAt: scans.startedAt ?? 0, keys: scans.keys },
      lastScan: scans.last,
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#links.keys()].map((linkId) => this.remove(linkId)))
  }

  async #open(scans: LinkScans, before: Promise<void>): Promise<void> {
    // However the scans before it ended: a link must not stay unscanned for that.
    await before.catch(() => undefined)
    scans.blocked = false
    this.#next()
  }

  #next(): void {
    if (this.#stopped) return
    for (const scans of this.#links.values()) {
      if (this.#running >= this.#limit) return
      if (scans.waits) this.#start(scans)
    }
  }

  #start(scans: LinkScans): void {
    scans.cancelTimer()
    scans.planned = null
    this.#links.delete(scans.link.linkId)
    this.#links.set(scans.link.linkId, scans)
    const abort = new AbortController()
    const resync = scans.resyncs.shift() ?? null
    this.#running += 1
    scans.state = 'scanning'
    scans.startedAt = this.#clock.now()
    scans.keys = 0
    scans.outdatedBefore = scans.outdated
    const ended = (resync === null ? this.#scan(scans, abort) : this.#carryOut(resync, scans, abort)).finally(() => {
      this.#running -= 1
      scans.running = null
      this.#onChange(scans.link.linkId)
      this.#next()
    })
    scans.running = { abort, ended }
    this.#onChange(scans.link.linkId)
  }

  async #scan(scans: LinkScans, abort: AbortController): Promise<void> {
    const reason = scans.due ?? 'interval'
    scans.due = null
    try {
      const result = await scans.link.scanner.run({ reason, signal: abort.signal, onProgress: progressOf(scans) })
      this.#finished(scans, result)
      // What lies before the checkpoint was last looked at before the engine stopped.
      if (result.resumed) scans.due = 'gap'
      else this.#later(scans, scans.link.intervalMs(scans.lastScanMs))
    } catch (error) {
      if (abort.signal.aborted) return
      this.#failed(scans, error)
      this.#later(scans, Math.min(retryMs, scans.link.intervalMs(scans.lastScanMs)), 'start')
    }
  }

  async #carryOut(resync: Resync, scans: LinkScans, abort: AbortController): Promise<void> {
    const { prefix, reason, signal, onProgress } = resync
    const report = progressOf(scans)
    const progress = (counts: ScanCounts): void => {
      report(counts)
      onProgress?.(counts)
    }
    try {
      const both = AbortSignal.any([abort.signal, signal])
      const result = await scans.link.scanner.run({ reason, prefix, signal: both, onProgress: progress })
      // A pass over a part says nothing about when the whole was last looked at.
      if (prefix === '') this.#finished(scans, result)
      else scans.state = 'idle'
      if (result.doubt === undefined) resync.resolve(result)
      else resync.reject(new FaultError(result.doubt))
    } catch (error) {
      const ended = abort.signal.aborted || signal.aborted
      if (ended) scans.state = 'idle'
      else this.#failed(scans, error)
      resync.reject(ended ? cancelled() : error)
    }
    if (scans.due === null) this.#later(scans, scans.link.intervalMs(scans.lastScanMs))
  }

  /** A failed scan goes on at its checkpoint (`start`), unless a gap comes first: that needs a full pass. */
  #later(scans: LinkScans, delayMs: number, reason: 'start' | 'interval' = 'interval'): void {
    if (this.#stopped || this.#links.get(scans.link.linkId) !== scans) return
    scans.planned = reason
    scans.cancelTimer = this.#clock.after(delayMs, () => {
      scans.planned = null
      if (reason === 'interval' && scans.link.isBusy?.() === true) {
        this.#later(scans, busyMs)
        return
      }
      scans.due ??= reason
      this.#next()
    })
  }

  #finished(scans: LinkScans, result: ScanResult): void {
    scans.state = result.doubt === undefined ? 'idle' : 'fault'
    scans.fault = result.doubt ?? null
    scans.lastEndedAt = this.#clock.now()
    scans.lastScanMs = scans.lastEndedAt - (scans.startedAt ?? scans.lastEndedAt)
    // A resumed one has looked at a part: its counts say nothing of the whole.
    if (result.resumed) return
    const { lastEndedAt: endedAt, startedAt } = scans
    const { keys, differences, doubt } = result
    scans.last = { startedAt: startedAt ?? endedAt, endedAt, keys, differences }
    scans.looked = { at: endedAt, holds: doubt === undefined && scans.outdated === scans.outdatedBefore }
    if (doubt === undefined) this.#onLooked(scans.link.linkId)
  }

  #failed(scans: LinkScans, error: unknown): void {
    scans.state = 'fault'
    scans.fault = faultFrom(error, { operation: 'Scan' })
    scans.looked = { ...scans.looked, holds: false }
  }
}

/** Takes back a resync that still waits; one that runs ends by its own signal. */
function withdraw(scans: LinkScans, resync: Resync): void {
  const at = scans.resyncs.indexOf(resync)
  if (at < 0) return
  scans.resyncs.splice(at, 1)
  resync.reject(cancelled())
}

const progressOf =
  (scans: LinkScans) =>
  (counts: ScanCounts): void => {
    scans.keys = counts.keys
    // Both sides can be read again; what was missed meanwhile is known when the scan has ended.
    scans.fault = null
  }

const cancelled = (): FaultError => new FaultError(fault('CANCELLED', 'The scan was cancelled.'))

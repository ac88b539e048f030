import type { Fault } from '../../../shared/model/fault.ts'
import { faultKinds } from '../../../shared/model/fault.ts'
import type { SiteHealth } from '../../../shared/model/site.ts'
import { faultFrom } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import { WindowedSum } from '../base/windowed-sum.ts'
import type { ObjectStore } from '../store/port.ts'
import { isRefusal, step, unprobed, type Breaker, type BreakerEvent } from './breaker.ts'
import { addProbe, probeStats, skewOf, type Probe } from './probe-window.ts'
import { withTimeLimit } from './time-limit.ts'

export interface WatchOptions {
  readonly siteId: string
  /** Asked anew for each probe; throws when the site's keys cannot be read. */
  readonly store: () => ObjectStore
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  readonly onTransition: (state: 'online' | 'offline', fault: Fault | null) => void
  /** A probe ended. */
  readonly onChange: () => void
}

const onlineEveryMs = 5_000
const offlineStepMs = 1_000
const probeLimitMs = 5_000

/** Watches one site: probes it in a loop, hears of its tasks, and says when it goes and comes back. */
export class SiteWatch {
  readonly #options: WatchOptions
  #breaker: Breaker = unprobed
  #probes: readonly Probe[] = []
  #state: SiteHealth['state'] = 'unknown'
  #failed = 0
  #counted = { counted: 0, failed: 0 }
  #lastProbeAt: number | null = null
  #downSince: number | null = null
  #pastDownMs = 0
  #lastFault: Fault | null = null
  readonly #sinceAt: number
  readonly #read = new WindowedSum(10_000, 1000)
  readonly #written = new WindowedSum(10_000, 1000)
  readonly #stopped = new AbortController()
  #callOff: () => void = () => undefined
  #running: Promise<void> | null = null

  constructor(options: WatchOptions) {
    this.#options = options
    this.#sinceAt = options.clock.now()
  }

  /** Probes now, or joins the probe that is under way. */
  async probe(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#callOff()
    this.#running ??= this.#probe().finally(() => {
      this.#running = null
      this.#plan(this.#delayMs())
    })
    await this.#running
  }

  taskOk(): void {
    this.#hear({ kind: 'task-ok' })
  }

  taskFault(fault: Fault): void {
    const before = this.#breaker
    this.#hear({ kind: 'task-fault', fault, at: this.#options.clock.now() })
    // What the tasks met is looked into soon, not at the next regular probe.
    if (before !== this.#breaker && this.#breaker.kind === 'open') this.#plan(offlineStepMs)
  }

  moved(readBytes: number, writtenBytes: number): void {
    const at = this.#options.clock.now()
    this.#read.add(at, readBytes)
    this.#written.add(at, writtenBytes)
  }

  get isOffline(): boolean {
    return this.#state === 'offline'
  }

  health(): SiteHealth {
    const asOf = this.#options.clock.now()
    return {
      state: this.#state,
      asOf,
      ...probeStats(this.#probes),
      probes: {
        recent: this.#probes.length,
        ...this.#counted,
        sinceAt: this.#sinceAt,
        lastAt: this.#lastProbeAt,
      },
      downSince: this.#downSince,
      totalDownMs: this.#pastDownMs + (this.#downSince === null ? 0 : asOf - this.#downSince),
      readBytesPerSecond: this.#read.perSecond(asOf),
      writeBytesPerSecond: this.#written.perSecond(asOf),
      lastFault: this.#lastFault,
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#callOff()
    await this.#running
  }

  async #probe(): Promise<void> {
    this.#breaker = step(this.#breaker, { kind: 'probe-started' })
    const found = await this.#ask()
    if (this.#stopped.signal.aborted) return
    this.#probes = addProbe(this.#probes, found.probe)
    this.#failed = found.fault === null ? 0 : this.#failed + 1
    const at = this.#options.clock.now()
    this.#count(found.probe, at)
    this.#hear(found.fault === null ? { kind: 'probe-ok', at } : { kind: 'probe-fault', fault: found.fault, at })
    this.#options.onChange()
  }

  async #ask(): Promise<{ readonly probe: Probe; readonly fault: Fault | null }> {
    const { clock, store, siteId } = this.#options
    let probe: Probe = { rttMs: null, skewMs: null }
    try {
      const asked = store()
      const ping = async (): Promise<Probe> => {
        const { rttMs, siteTime } = await this.#limited((signal) => asked.ping({ signal }))
        return { rttMs, skewMs: skewOf(clock.now() - rttMs / 2, siteTime) }
      }
      probe = await ping()
      if (this.#state === 'online') return { probe, fault: null }
      // A ping takes any answer as good; whether the keys are good is asked only when that is in doubt.
      await this.#limited((signal) => asked.listBuckets({ signal }))
      // The first round trip held the making of the connection.
      return { probe: await ping(), fault: null }
    } catch (error) {
      const fault = faultFrom(error, { operation: 'Probe', siteId })
      const reachable = probe.rttMs !== null && !isRefusal(fault) && !faultKinds[fault.code].ofSite
      return { probe, fault: reachable ? null : fault }
    }
  }

  /** Before the breaker hears of it: the probes that open it were still of a site that counted as online. */
  #count({ rttMs }: Probe, at: number): void {
    this.#lastProbeAt = at
    if (this.#state !== 'online') return
    const { counted, failed } = this.#counted
    this.#counted = { counted: counted + 1, failed: failed + (rttMs === null ? 1 : 0) }
  }

  #limited<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withTimeLimit(this.#options.clock, probeLimitMs, this.#stopped.signal, ask)
  }

  #hear(event: BreakerEvent): void {
    const before = this.#breaker
    this.#breaker = step(before, event)
    if (event.kind === 'probe-ok' || before !== this.#breaker) this.#settle()
  }

  /** Brings the state that everybody sees in line with the breaker. A suspicion (closed, first failed probe) shows nothing yet. */
  #settle(): void {
    const breaker = this.#breaker
    if (breaker.kind === 'closed') {
      if (breaker.failedProbes === 0 && this.#probes.length > 0) this.#turn('online', null)
      return
    }
    this.#lastFault = breaker.fault
    this.#turn('offline', breaker.fault)
  }

  #turn(state: 'online' | 'offline', fault: Fault | null): void {
    if (this.#state === state) return
    const at = this.#options.clock.now()
    if (this.#downSince !== null) this.#pastDownMs += at - this.#downSince
    this.#downSince = state === 'offline' ? at : null
    this.#state = state
    this.#options.onTransition(state, fault)
  }

  #plan(delayMs: number): void {
    this.#callOff()
    if (this.#stopped.signal.aborted) return
    this.#callOff = this.#options.clock.after(delayMs, () => void this.probe())
  }

  /** Spread by a tenth, so that probes of many sites do not march in step. */
  #delayMs(): number {
    const doubtful = this.#failed > 0 || this.#breaker.kind !== 'closed'
    const delayMs = doubtful ? Math.min(onlineEveryMs, offlineStepMs * Math.max(1, this.#failed)) : onlineEveryMs
    return delayMs * (0.9 + this.#options.random() * 0.2)
  }
}

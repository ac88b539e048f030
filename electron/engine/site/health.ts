import type { Fault } from '../../../shared/model/fault.ts'
import type { SiteHealth } from '../../../shared/model/site.ts'
import { SiteWatch, type WatchOptions } from './site-watch.ts'

export interface SitesHealthOptions extends Pick<WatchOptions, 'clock' | 'random'> {
  readonly store: (siteId: string) => ReturnType<WatchOptions['store']>
  readonly onTransition: (siteId: string, state: 'online' | 'offline', fault: Fault | null) => void
  readonly onChange: (siteId: string) => void
}

const unknown: Omit<SiteHealth, 'asOf' | 'probes'> = {
  state: 'unknown',
  rttMs: null,
  jitterMs: null,
  probeLoss: null,
  clockSkewMs: null,
  downSince: null,
  totalDownMs: 0,
  readBytesPerSecond: 0,
  writeBytesPerSecond: 0,
  lastFault: null,
}

/** The health of all sites. Sites that are not watched are `unknown`, and what is told of them is dropped. */
export class SitesHealth {
  readonly #options: SitesHealthOptions
  readonly #watches = new Map<string, SiteWatch>()

  constructor(options: SitesHealthOptions) {
    this.#options = options
  }

  /** Begins to probe the site, now. A site that is watched already starts anew: its endpoint or keys changed. */
  async watch(siteId: string): Promise<void> {
    await this.forget(siteId)
    const { store, onTransition, onChange, clock, random } = this.#options
    const watch = new SiteWatch({
      clock,
      random,
      siteId,
      store: () => store(siteId),
      onTransition: (state, fault) => onTransition(siteId, state, fault),
      onChange: () => onChange(siteId),
    })
    this.#watches.set(siteId, watch)
    void watch.probe()
  }

  async forget(siteId: string): Promise<void> {
    const watch = this.#watches.get(siteId)
    this.#watches.delete(siteId)
    await watch?.stop()
  }

  /** What {@link health} says too, without its numbers: asked for with every request of the gateway. */
  isOffline(siteId: string): boolean {
    return this.#watches.get(siteId)?.isOffline ?? false
  }

  health(siteId: string): SiteHealth {
    const asOf = this.#options.clock.now()
    const probes = { recent: 0, counted: 0, failed: 0, sinceAt: asOf, lastAt: null }
    return this.#watches.get(siteId)?.health() ?? { ...unknown, asOf, probes }
  }

  /** Probes now; resolves with what was found. */
  async probe(siteId: string): Promise<SiteHealth> {
    await this.#watches.get(siteId)?.probe()
    return this.health(siteId)
  }

  /** A task got what it asked of this site. */
  taskOk(siteId: string): void {
    this.#watches.get(siteId)?.taskOk()
  }

  /** A task met a fault at this site; faults of single objects are told too, and change nothing. */
  taskFault(siteId: string, fault: Fault): void {
    this.#watches.get(siteId)?.taskFault(fault)
  }

  /** Bytes that transfers read from and wrote to the site since they last told. */
  moved(siteId: string, readBytes: number, writtenBytes: number): void {
    this.#watches.get(siteId)?.moved(readBytes, writtenBytes)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watches.keys()].map((siteId) => this.forget(siteId)))
  }
}

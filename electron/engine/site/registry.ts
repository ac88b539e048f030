/*
 * Site registry: the one owner of which sites there are, their keys, health and capabilities. Every store is opened here; the
 * rest of the engine names a site by its id.
 */

import { fault, FaultError, faultKinds, type Fault } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { capabilitiesOf } from '../../../shared/model/site-capabilities.ts'
import { driftOf, type FactDrift, type SiteProfile } from '../../../shared/model/site-profile.ts'
import type {
  BucketView,
  Capabilities,
  Site,
  SiteHealth,
  SiteView,
  SiteWithCredentials,
} from '../../../shared/model/site.ts'
import { siteSchema } from '../../../shared/model/site.ts'
import type { Clock } from '../base/clock.ts'
import type { RecordStore } from '../journal/port/records.ts'
import type { ObjectStore } from '../store/port.ts'
import type { TargetIdentity } from './capabilities.ts'
import type { CredentialStore } from './credentials.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { SitesHealth } from './health.ts'
import { KeyRing } from './key-ring.ts'
import type { Network } from './network.ts'
import { newerFacts, withFacts } from './profile/merge.ts'
import { SiteProbes } from './profile/site-probes.ts'
import { SiteStores, type OpenStore } from './site-stores.ts'
import { hintOf, printOf, recordName, recordPrefix, siteRecordSchema, type SiteRecord } from './site-record.ts'

export type SiteChange = 'created' | 'updated' | 'removed' | 'paused' | 'resumed' | 'health' | 'capabilities' | 'region'

export interface SitesOptions {
  readonly records: Pick<RecordStore, 'all' | 'write' | 'erase'>
  readonly credentials: CredentialStore
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly openStore: OpenStore
  readonly network: Network
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  /** Ids of the rules that read from or write to the site. */
  readonly usedBy: (siteId: string) => readonly string[]
  /** After `updated`, threads and feeds need the site anew. `health` comes after every probe. */
  readonly onChange: (siteId: string, change: SiteChange) => void
  readonly onTransition: (siteId: string, state: 'online' | 'offline', fault: Fault | null) => void
  /** A probe found the site other than the one before did: said once, as what it found is what is known from then on. */
  readonly onDrift: (siteId: string, drift: readonly FactDrift[]) => void
}

/** What comes with an update: without credentials the known ones stay. */
export type SiteUpdate = Site & { readonly credentials?: SiteWithCredentials['credentials'] | undefined }

/** The sites: kept in the journal without their secrets, watched, and opened once each. */
export interface Sites {
  /** Hears of tasks and transfers; see {@link SitesHealth}. */
  readonly monitor: Pick<SitesHealth, 'taskOk' | 'taskFault' | 'moved'>
  /** Reads the sites and their keys, and begins to watch them. */
  start(): Promise<void>
  stop(): Promise<void>

  has(siteId: string): boolean
  ids(): readonly string[]
  /** Throws NOT_FOUND. */
  get(siteId: string): Site
  name(siteId: string): string
  list(): readonly SiteView[]
  view(siteId: string): SiteView
  health(siteId: string): SiteHealth
  isOffline(siteId: string): boolean
  isPaused(siteId: string): boolean
  /** Nothing is read or written there: unknown, paused or offline. */
  isAway(siteId: string): boolean
  capabilities(siteId: string): Capabilities | null

  /** Throws CONFIG_INVALID when the credentials could not be used; changes nothing. */
  checkKeys(siteId: string, credentials: SiteWithCredentials['credentials']): void
  create(site: SiteWithCredentials): Promise<SiteView>
  update(site: SiteUpdate): Promise<SiteView>
  /** Creates or updates: for sites declared in a file. */
  declare(site: SiteWithCredentials): Promise<SiteView>
  /** CONFLICT while a rule uses it. */
  remove(siteId: string): Promise<void>
  pause(siteId: string): SiteView
  resume(siteId: string): SiteView

  keys(siteId: string): KeyPair
  /** For transfer threads: the only place where a site travels with its secret. */
  withKeys(siteId: string): SiteWithCredentials
  /** The site’s store, shared by all who ask; another one once the site was updated. */
  store(siteId: string): ObjectStore

  /** Reachability and vendor, now. */
  probe(siteId: string): Promise<SiteView>
  /** What the bucket does with chosen version ids, tried with a canary; kept in the site’s profile. */
  probeTarget(target: BucketAt, signal?: AbortSignal): Promise<TargetIdentity>
  /** All that can be found out of a site in one bucket, with canaries; kept as its profile. Asked twice at one time it runs once. */
  probeProfile(target: BucketAt): Promise<SiteView>
  /** A bucket was asked how it stands: what the profile has of it is as of now. What is another than before is for who asked to tell. */
  noteBucket(at: BucketAt, view: BucketView): Promise<void>
}

export function createSites(options: SitesOptions): Sites {
  return new SiteRegistry(options)
}

class SiteRegistry implements Sites {
  readonly monitor: SitesHealth
  readonly #options: SitesOptions
  readonly #ring: KeyRing
  readonly #records = new Map<string, SiteRecord>()
  readonly #stores: SiteStores
  readonly #probes: SiteProbes

  constructor(options: SitesOptions) {
    const { records, credentials, environment, network, clock, random, openStore, onChange, onTransition } = options
    this.#options = options
    this.#ring = new KeyRing(credentials, environment)
    this.monitor = new SitesHealth({
      clock,
      random,
      onTransition,
      store: (siteId) => this.store(siteId),
      onChange: (siteId) => onChange(siteId, 'health'),
    })
    this.#stores = new SiteStores({
      openStore,
      site: (siteId) => this.#records.get(siteId)?.site,
      access: (siteId) => [this.get(siteId), this.keys(siteId)],
      onRegion: (siteId) => onChange(siteId, 'region'),
    })
    this.#probes = new SiteProbes({
      records,
      network,
      clock,
      random,
      site: (siteId) => this.get(siteId),
      isPaused: (siteId) => this.isPaused(siteId),
      store: (siteId) => this.store(siteId),
      openStore: (siteId, onRequest) => this.#stores.openAnother(siteId, onRequest),
      keep: (siteId, change) => this.#keepProfile(siteId, change),
    })
  }

  async start(): Promise<void> {
    for (const value of (await this.#options.records.all(recordPrefix)).values()) {
      const record = siteRecordSchema.parse(value)
      this.#records.set(record.site.id, record)
      await this.#ring.load(record.site.id, record.env)
      await this.monitor.watch(record.site.id)
    }
  }

  async stop(): Promise<void> {
    this.#probes.stop()
    await this.monitor.stop()
    this.#stores.closeAll()
  }

  has(siteId: string): boolean {
    return this.#records.has(siteId)
  }

  ids(): readonly string[] {
    return [...this.#records.keys()]
  }

  get(siteId: string): Site {
    return this.#record(siteId).site
  }

  name(siteId: string): string {
    return this.#records.get(siteId)?.site.name ?? siteId
  }

  list(): readonly SiteView[] {
    return this.ids()
      .map((siteId) => this.view(siteId))
      .toSorted((a, b) => a.name.localeCompare(b.name))
  }

  view(siteId: string): SiteView {
    const record = this.#record(siteId)
    return {
      ...record.site,
      paused: record.paused,
      credentialsFrom: this.#ring.origin(record),
      accessKeyHint: record.accessKeyHint,
      health: this.health(siteId),
      capabilities: this.capabilities(siteId),
      profile: record.profile,
      signsFor: this.#stores.signsFor(siteId),
      usedByRules: this.#options.usedBy(siteId),
    }
  }

  health(siteId: string): SiteHealth {
    return this.monitor.health(siteId)
  }

  isOffline(siteId: string): boolean {
    return this.monitor.isOffline(siteId)
  }

  isPaused(siteId: string): boolean {
    return this.#records.get(siteId)?.paused ?? false
  }

  isAway(siteId: string): boolean {
    return !this.has(siteId) || this.isPaused(siteId) || this.isOffline(siteId)
  }

  capabilities(siteId: string): Capabilities | null {
    const profile = this.#records.get(siteId)?.profile ?? null
    return profile === null ? null : capabilitiesOf(profile)
  }

  checkKeys(siteId: string, credentials: SiteWithCredentials['credentials']): void {
    this.#ring.check(siteId, credentials)
  }

  async create(site: SiteWithCredentials): Promise<SiteView> {
    if (this.has(site.id)) throw new FaultError(fault('CONFLICT', `There is a site ${site.id} already.`))
    return this.#put(site, 'created')
  }

  async update(site: SiteUpdate): Promise<SiteView> {
    this.#record(site.id)
    return this.#put(site, 'updated')
  }

  async declare(site: SiteWithCredentials): Promise<SiteView> {
    return this.has(site.id) ? this.update(site) : this.create(site)
  }

  async remove(siteId: string): Promise<void> {
    this.#record(siteId)
    const users = this.#options.usedBy(siteId)
    if (users.length > 0) {
      const message = `The site ${siteId} is used by ${users.join(', ')}.`
      throw new FaultError(fault('CONFLICT', message, { remedy: 'Remove these rules first.' }))
    }
    // The secret goes first: a site without keys can be removed again, a secret without a site is never found.
    await this.#ring.remove(siteId)
    this.#records.delete(siteId)
    await this.#options.records.erase(recordName(siteId))
    await this.monitor.forget(siteId)
    this.#stores.close(siteId)
    this.#options.onChange(siteId, 'removed')
  }

  pause(siteId: string): SiteView {
    return this.#setPaused(siteId, true)
  }

  resume(siteId: string): SiteView {
    return this.#setPaused(siteId, false)
  }

  keys(siteId: string): KeyPair {
    return this.#ring.get(siteId, this.#record(siteId).env)
  }

  withKeys(siteId: string): SiteWithCredentials {
    return { ...this.get(siteId), credentials: this.keys(siteId) }
  }

  store(siteId: string): ObjectStore {
    return this.#stores.get(siteId)
  }

  async probe(siteId: string): Promise<SiteView> {
    this.#record(siteId)
    await this.monitor.probe(siteId)
    try {
      if (this.health(siteId).state === 'online') await this.#probes.server(siteId)
    } catch (error) {
      // Gone between two probes: that is what was asked for, and no refusal. Its health says so from the next probe on.
      if (!(error instanceof FaultError) || !faultKinds[error.fault.code].ofSite) throw error
    }
    return this.view(siteId)
  }

  probeTarget(target: BucketAt, signal?: AbortSignal): Promise<TargetIdentity> {
    return this.#probes.identity(target, signal)
  }

  async probeProfile(target: BucketAt): Promise<SiteView> {
    await this.#probes.profile(target)
    return this.view(target.site)
  }

  async noteBucket({ site }: BucketAt, view: BucketView): Promise<void> {
    const profile = this.#records.get(site)?.profile ?? null
    const facts = profile === null ? {} : await newerFacts(profile, view, this.#options.clock.now())
    if (Object.keys(facts).length === 0 || !this.has(site)) return
    await this.#keepProfile(
      site,
      (latest) => withFacts(latest ?? profile!, facts),
      () => undefined,
    )
  }

  /** What is another than before is told. */
  async #keepProfile(
    siteId: string,
    change: (profile: SiteProfile | null) => SiteProfile,
    onDrift = this.#options.onDrift,
  ): Promise<void> {
    const { onChange } = this.#options
    const record = this.#record(siteId)
    const profile = change(record.profile)
    await this.#keep({ ...record, profile })
    onChange(siteId, 'capabilities')
    const drift = record.profile === null ? [] : driftOf(record.profile.facts, profile.facts)
    if (drift.length > 0) onDrift(siteId, drift)
  }

  async #put(given: SiteUpdate, change: 'created' | 'updated'): Promise<SiteView> {
    const { credentials, ...rest } = given
    const site = siteSchema.parse(rest)
    const keys = credentials === undefined ? null : await this.#ring.put(site.id, credentials)
    const before = this.#records.get(site.id)
    const env = credentials === undefined ? (before?.env ?? null) : 'env' in credentials ? credentials.env : null
    const accessKeyHint = keys === null ? (before?.accessKeyHint ?? '') : hintOf(keys.accessKeyId)
    // At another endpoint, or for another user there, everything may be otherwise.
    const keyPrint = keys === null ? (before?.keyPrint ?? null) : printOf(keys.accessKeyId)
    const same = before?.site.endpoint === site.endpoint && (keys === null || keyPrint === before.keyPrint)
    const profile = same ? before.profile : null
    await this.#keep({ site, env, accessKeyHint, keyPrint, paused: before?.paused ?? false, profile })
    if (before?.site.endpoint === site.endpoint) this.#stores.retire(site.id)
    else this.#stores.close(site.id)
    await this.monitor.watch(site.id)
    this.#options.onChange(site.id, change)
    return this.view(site.id)
  }

  #setPaused(siteId: string, paused: boolean): SiteView {
    const { onChange } = this.#options
    this.#keep({ ...this.#record(siteId), paused }).catch(() => onChange(siteId, paused ? 'resumed' : 'paused'))
    onChange(siteId, paused ? 'paused' : 'resumed')
    return this.view(siteId)
  }

  /**
   * Takes effect at once, so that changes made at the same time build on each other and reach the journal in that order.
   * What the journal cannot keep is taken back: what is shown is what a restart would show.
   */
  async #keep(record: SiteRecord): Promise<void> {
    const { id } = record.site
    const before = this.#records.get(id)
    this.#records.set(id, record)
    try {
      await this.#options.records.write(recordName(id), record)
    } catch (error) {
      if (before === undefined) this.#records.delete(id)
      else this.#records.set(id, before)
      throw error
    }
  }

  #record(siteId: string): SiteRecord {
    const record = this.#records.get(siteId)
    if (record === undefined) throw new FaultError(fault('NOT_FOUND', `There is no site ${siteId}.`))
    return record
  }
}

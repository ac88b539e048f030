import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { BucketAt } from '../../../../shared/model/rule.ts'
import type { SiteProfile } from '../../../../shared/model/site-profile.ts'
import type { Site } from '../../../../shared/model/site.ts'
import type { Clock } from '../../base/clock.ts'
import { faultErrorFrom } from '../../base/errors.ts'
import type { RecordStore } from '../../journal/port/records.ts'
import type { ObjectStore } from '../../store/port.ts'
import type { CanaryNotes, CanaryPorts } from '../canary.ts'
import { probeTarget, type TargetIdentity } from '../capabilities.ts'
import type { Network } from '../network.ts'
import { withTimeLimit } from '../time-limit.ts'
import { identityFacts, withFacts, withServerAnswer } from './merge.ts'
import { probeProfile } from './probe-profile.ts'

export interface SiteProbesOptions {
  readonly records: Pick<RecordStore, 'all' | 'write' | 'erase'>
  readonly network: Network
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  /** Throws NOT_FOUND. */
  readonly site: (siteId: string) => Site
  readonly isPaused: (siteId: string) => boolean
  readonly store: (siteId: string) => ObjectStore
  /** Another store of the same site, for its caller to close. `onRequest`: a request goes out. */
  readonly openStore: (siteId: string, onRequest: () => void) => ObjectStore
  /** Keeps what `change` makes of the site's profile; resolves when that is on record. Throws NOT_FOUND. */
  readonly keep: (siteId: string, change: (profile: SiteProfile | null) => SiteProfile) => Promise<void>
}

const unsignedLimitMs = 5_000
const identityLimitMs = 60_000
/** Some seventy requests, one after the other. */
const profileLimitMs = 180_000

/** Probes of sites: asks what each is and tries what it does, and keeps what was found in its profile. */
export class SiteProbes {
  readonly #options: SiteProbesOptions
  readonly #stopped = new AbortController()
  /** Keys of canaries that this engine wrote; others in the journal were left behind by one that was killed. */
  readonly #canaries = new Set<string>()
  /** Whole probes under way, by site and bucket. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(options: SiteProbesOptions) {
    this.#options = options
  }

  /** Probes under way end with CANCELLED, and remove their canaries. */
  stop(): void {
    this.#stopped.abort(new FaultError(fault('CANCELLED', 'Lockstep stops.')))
  }

  /** What the site says of itself. */
  async server(siteId: string): Promise<void> {
    await this.#learn(siteId, (profile) => profile)
  }

  /** What the bucket does with chosen version ids. */
  async identity({ site, bucket }: BucketAt, signal?: AbortSignal): Promise<TargetIdentity> {
    const either = signal === undefined ? this.#stopped.signal : AbortSignal.any([signal, this.#stopped.signal])
    const { clock, store } = this.#options
    const found = await withTimeLimit(clock, identityLimitMs, either, (limited) =>
      probeTarget(store(site), bucket, this.#canaryPorts(site, bucket), limited),
    )
    await this.#learn(site, (profile, now) => withFacts(profile, identityFacts(found, bucket, now)))
    return found
  }

  /** All that can be found out in one bucket. Asked twice at one time it runs once. */
  profile({ site, bucket }: BucketAt): Promise<void> {
    const name = `${site}/${bucket}`
    const underWay = this.#underWay.get(name)
    if (underWay !== undefined) return underWay
    const probing = this.#profile(site, bucket).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, probing)
    return probing
  }

  /** On connections of its own, so that what it asks is counted, and its view of a listing starts afresh. */
  async #profile(siteId: string, bucket: string): Promise<void> {
    const { clock, openStore, isPaused } = this.#options
    if (isPaused(siteId))
      throw new FaultError(fault('CONFLICT', `The site ${siteId} is paused: nothing is written to it.`))
    let requests = 0
    const startedAt = clock.now()
    const store = openStore(siteId, () => (requests += 1))
    try {
      const { facts, left } = await withTimeLimit(clock, profileLimitMs, this.#stopped.signal, (limited) =>
        probeProfile(store, bucket, this.#canaryPorts(siteId, bucket), limited),
      )
      await this.#learn(siteId, (profile, at) => {
        const probe = { bucket, at, requests, elapsedMs: at - startedAt, left: left?.message ?? null }
        return { ...withFacts(profile, facts), probe }
      })
    } finally {
      store.close()
    }
  }

  /** Asks the site who it is, and keeps that with what was found. */
  async #learn(siteId: string, add: (profile: SiteProfile, now: number) => SiteProfile): Promise<void> {
    const { network, clock, site, keep } = this.#options
    const answer = await withTimeLimit(clock, unsignedLimitMs, this.#stopped.signal, (signal) =>
      network.askUnsigned(site(siteId), signal),
    ).catch((error: unknown) => {
      throw faultErrorFrom(error, { operation: 'GET /', siteId })
    })
    const now = clock.now()
    await keep(siteId, (profile) => add(withServerAnswer(profile, answer, now), now))
  }

  #canaryPorts(site: string, bucket: string): CanaryPorts {
    const { clock, random } = this.#options
    return { clock, random, notes: this.#canaryNotes(site, bucket) }
  }

  #canaryNotes(site: string, bucket: string): CanaryNotes {
    const { records } = this.#options
    const prefix = `canary/${site}/${bucket}/`
    return {
      // Another probe of the same bucket may be at work with a canary of its own.
      keys: async () =>
        [...(await records.all(prefix)).keys()]
          .map((name) => name.slice(prefix.length))
          .filter((key) => !this.#canaries.has(key)),
      planned: async (key) => {
        this.#canaries.add(key)
        await records.write(`${prefix}${key}`, true)
      },
      gone: async (key) => {
        this.#canaries.delete(key)
        await records.erase(`${prefix}${key}`)
      },
    }
  }
}

import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { faultFrom } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { TargetIdentity } from '../site/capabilities.ts'

export type IdentityState = TargetIdentity | { readonly probing: Fault | 'under-way' }

/** Probes of one site at one time: as many as its connections carry, so that none runs out of time while it waits for one. */
const probesAtOnce = 4

/** A target that cannot be probed (bucket missing, right missing) is asked again this often. */
const againMs = 10_000

export interface IdentityProbesOptions {
  readonly probe: (target: BucketAt) => Promise<TargetIdentity>
  readonly clock: Clock
  readonly onChange: (target: BucketAt) => void
}

/** Finds out per target bucket whether it adopts version ids: never assumed, asked at every start and after every change. */
export class IdentityProbes {
  readonly #options: IdentityProbesOptions
  readonly #states = new Map<string, IdentityState>()
  readonly #timers = new Map<string, () => void>()
  /** The question that counts: an older one may be answered later, with keys or a bucket that are gone. */
  readonly #asks = new Map<string, symbol>()
  /** By site: probes under way, and those that wait for their turn. */
  readonly #turns = new Map<string, { underWay: number; readonly waiting: (() => void)[] }>()
  #stopped = false

  constructor(options: IdentityProbesOptions) {
    this.#options = options
  }

  state(target: BucketAt): IdentityState {
    return this.#states.get(nameOf(target)) ?? { probing: 'under-way' }
  }

  /** Asks, unless it is known or being asked. */
  want(target: BucketAt): void {
    const name = nameOf(target)
    if (this.#stopped || this.#states.has(name)) return
    this.#states.set(name, { probing: 'under-way' })
    void this.#ask(target)
  }

  /** The site came back or was edited: what was known may hold no longer. What was wrong is shown until it is answered. */
  askAgain(target: BucketAt): void {
    const name = nameOf(target)
    if (this.#stopped) return
    this.#timers.get(name)?.()
    const before = this.#states.get(name)
    this.#states.set(name, before !== undefined && 'probing' in before ? before : { probing: 'under-way' })
    void this.#ask(target)
  }

  /** What could not be found out is asked now; resolves when that is answered. What is known stays. */
  async look(target: BucketAt): Promise<void> {
    const name = nameOf(target)
    if (this.#stopped || !('probing' in this.state(target))) return
    this.#timers.get(name)?.()
    await this.#ask(target)
  }

  /** A task found the bucket other than it was probed. Tasks under way will find the same: they ask once. */
  doubt(target: BucketAt): void {
    if (!('probing' in this.state(target))) this.askAgain(target)
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#timers.values()) cancel()
  }

  async #ask(target: BucketAt): Promise<void> {
    const name = nameOf(target)
    const ask = Symbol(name)
    this.#asks.set(name, ask)
    await this.#turn(target.site)
    const state = await (this.#asks.get(name) === ask ? this.#probe(target) : null)
    this.#done(target.site)
    if (state === null) return
    if (this.#stopped || this.#asks.get(name) !== ask) return
    this.#states.set(name, state)
    if ('probing' in state)
      this.#timers.set(
        name,
        this.#options.clock.after(againMs, () => this.askAgain(target)),
      )
    this.#options.onChange(target)
  }

  async #turn(siteId: string): Promise<void> {
    const turns = this.#turns.get(siteId) ?? { underWay: 0, waiting: [] }
    this.#turns.set(siteId, turns)
    if (turns.underWay >= probesAtOnce) await new Promise<void>((begin) => turns.waiting.push(begin))
    else turns.underWay += 1
  }

  /** Hands the turn on to who waits longest. */
  #done(siteId: string): void {
    const turns = this.#turns.get(siteId)
    if (turns === undefined) return
    const next = turns.waiting.shift()
    if (next === undefined) turns.underWay -= 1
    else next()
  }

  async #probe(target: BucketAt): Promise<IdentityState> {
    try {
      const found = await this.#options.probe(target)
      if (found.identity === 'unknown')
        throw new FaultError(fault('REQUEST_REFUSED', 'The canary could not be read back.', { site: target.site }))
      return found
    } catch (error) {
      const why = faultFrom(error, { operation: 'probe', bucket: target.bucket, siteId: target.site })
      return { probing: { site: target.site, ...why } }
    }
  }
}

const nameOf = (target: BucketAt): string => `${target.site}/${target.bucket}`

import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { faultFrom } from '../errors.ts'
import type { Clock } from '../feed/clock.ts'
import type { TargetIdentity } from '../site/capabilities.ts'

export type IdentityState = TargetIdentity | { readonly probing: Fault | 'under-way' }

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

  /** The site came back or was edited: what was known may hold no longer. */
  askAgain(target: BucketAt): void {
    this.#timers.get(nameOf(target))?.()
    this.#states.delete(nameOf(target))
    this.want(target)
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#timers.values()) cancel()
  }

  async #ask(target: BucketAt): Promise<void> {
    const name = nameOf(target)
    try {
      const found = await this.#options.probe(target)
      if (found.identity === 'unknown')
        throw new FaultError(fault('REQUEST_REFUSED', 'The canary could not be read back.', { site: target.site }))
      this.#states.set(name, found)
    } catch (error) {
      this.#states.set(name, {
        probing: faultFrom(error, { operation: 'probe', bucket: target.bucket, siteId: target.site }),
      })
      if (!this.#stopped)
        this.#timers.set(
          name,
          this.#options.clock.after(againMs, () => this.askAgain(target)),
        )
    }
    if (!this.#stopped) this.#options.onChange(target)
  }
}

const nameOf = (target: BucketAt): string => `${target.site}/${target.bucket}`

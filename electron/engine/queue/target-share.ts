import type { LinkSpec } from './port.ts'

interface Taker {
  readonly spec: Pick<LinkSpec, 'targetSite'>
  readonly leased: number
}

/**
 * Bounds how many tasks one target site holds at one time while others have links too: one that takes requests and never
 * answers would otherwise hold every worker until its timeouts.
 */
export class TargetShare {
  readonly #most: number
  readonly #taken = new Map<string, number>()

  constructor(takers: readonly Taker[], most: number) {
    for (const { spec, leased } of takers) this.#add(spec.targetSite, leased)
    this.#most = this.#taken.size > 1 ? most : Infinity
  }

  hasRoom({ spec }: Taker): boolean {
    return (this.#taken.get(spec.targetSite) ?? 0) < this.#most
  }

  take({ spec }: Taker): void {
    this.#add(spec.targetSite, 1)
  }

  #add(siteId: string, count: number): void {
    this.#taken.set(siteId, (this.#taken.get(siteId) ?? 0) + count)
  }
}

import type { LinkSpec } from './port.ts'

export interface Contender {
  readonly linkId: string
  /** From 0; a link gets `priority + 1` turns where one of priority 0 gets one. */
  readonly priority: number
}

/**
 * Stride scheduling: every link has a place on a line of virtual time, the one furthest back goes next and moves on by the
 * inverse of its weight. A link that was away joins where the line is, so that it cannot save up turns.
 */
export class FairShare {
  readonly #place = new Map<string, number>()
  #line = 0

  /** Which goes next, and counts its turn; null when there is none. */
  next<C extends Contender>(contenders: Iterable<C>): C | null {
    let chosen: C | null = null
    let lowest = Infinity
    for (const contender of contenders) {
      const place = this.#placeOf(contender.linkId)
      if (place < lowest) [chosen, lowest] = [contender, place]
    }
    if (chosen === null) return null
    this.#line = lowest
    this.#place.set(chosen.linkId, lowest + 1 / (chosen.priority + 1))
    return chosen
  }

  forget(linkId: string): void {
    this.#place.delete(linkId)
  }

  #placeOf(linkId: string): number {
    return Math.max(this.#place.get(linkId) ?? 0, this.#line)
  }
}

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

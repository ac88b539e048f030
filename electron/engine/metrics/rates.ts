import { WindowedSum } from '../base/windowed-sum.ts'

export interface LinkRates {
  readonly objectsPerSecond: number
  readonly bytesPerSecond: number
  readonly failuresLastHour: number
}

/** What a link did since somebody last asked, for samples. */
export interface LinkCounts {
  readonly objects: number
  readonly bytes: number
  readonly failures: number
}

const none: LinkRates = { objectsPerSecond: 0, bytesPerSecond: 0, failuresLastHour: 0 }

/** Counts what each link settles and fails. Rates are over the last 10 s, failures over the last hour. */
export class RateBook {
  readonly #links = new Map<string, LinkMeter>()

  /** One object is in step at the target; its bytes were told as they {@link moved}. */
  settled(linkId: string, at: number): void {
    this.#meter(linkId).settled(at)
  }

  /** Bytes on the move, told while an object is under way: a large one would read as 0 bytes per second for minutes. */
  moved(linkId: string, bytes: number, at: number): void {
    this.#meter(linkId).moved(bytes, at)
  }

  failed(linkId: string, at: number): void {
    this.#meter(linkId).failed(at)
  }

  rates(linkId: string, at: number): LinkRates {
    return this.#links.get(linkId)?.rates(at) ?? none
  }

  /** Takes the counts since the last call for this link, and starts again at 0. */
  takeCounts(linkId: string): LinkCounts {
    return this.#links.get(linkId)?.takeCounts() ?? { objects: 0, bytes: 0, failures: 0 }
  }

  forget(linkId: string): void {
    this.#links.delete(linkId)
  }

  #meter(linkId: string): LinkMeter {
    let meter = this.#links.get(linkId)
    if (meter === undefined) this.#links.set(linkId, (meter = new LinkMeter()))
    return meter
  }
}

class LinkMeter {
  readonly #objects = new WindowedSum(10_000, 1000)
  readonly #bytes = new WindowedSum(10_000, 1000)
  readonly #failures = new WindowedSum(3_600_000, 60_000)
  #counts = { objects: 0, bytes: 0, failures: 0 }

  settled(at: number): void {
    this.#objects.add(at, 1)
    this.#counts.objects++
  }

  moved(bytes: number, at: number): void {
    this.#bytes.add(at, bytes)
    this.#counts.bytes += bytes
  }

  failed(at: number): void {
    this.#failures.add(at, 1)
    this.#counts.failures++
  }

  rates(at: number): LinkRates {
    return {
      objectsPerSecond: this.#objects.perSecond(at),
      bytesPerSecond: this.#bytes.perSecond(at),
      failuresLastHour: this.#failures.total(at),
    }
  }

  takeCounts(): LinkCounts {
    const counts = this.#counts
    this.#counts = { objects: 0, bytes: 0, failures: 0 }
    return counts
  }
}

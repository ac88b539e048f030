import type { Held } from '../rule/brake-window.ts'
import type { VersionEntry } from '../store/port.ts'

/** Counts what the source holds while a scan goes over it. */
export class HeldCount {
  #live = 0
  #versions = 0

  /** One key, versions newest first. */
  add(versions: readonly VersionEntry[]): void {
    if (versions[0]?.deleteMarker === false) this.#live++
    this.#versions += versions.length
  }

  get total(): Held {
    return { live: this.#live, versions: this.#versions }
  }
}

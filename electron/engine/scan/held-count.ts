import type { VersionEntry } from '../store/port.ts'

/** What a bucket holds: keys with a current version, and versions. */
export interface Held {
  readonly live: number
  readonly versions: number
}

/** What a whole scan found at the source, under the rule. */
export interface SourceCount extends Held {
  readonly keys: number
  /** Of all versions. */
  readonly sizeBytes: number
}

/** Counts what the source holds while a scan goes over it. */
export class HeldCount {
  #live = 0
  #keys = 0
  #versions = 0
  #sizeBytes = 0

  /** One key, versions newest first. */
  add(versions: readonly VersionEntry[]): void {
    if (versions[0]?.deleteMarker === false) this.#live++
    if (versions.length > 0) this.#keys++
    this.#versions += versions.length
    for (const { sizeBytes } of versions) this.#sizeBytes += sizeBytes
  }

  get total(): SourceCount {
    return { live: this.#live, keys: this.#keys, versions: this.#versions, sizeBytes: this.#sizeBytes }
  }
}

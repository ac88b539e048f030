import type { S3Operation } from '../s3/route.ts'

/** One request as the site saw it. */
export interface RequestEntry {
  readonly operation: S3Operation
  readonly method: string
  readonly bucket: string
  readonly key: string
  readonly versionId: string | null
  /** The site's time when it came, epoch ms. */
  readonly at: number
  /** null while it is under way, and for ever when the connection was lost before the answer. */
  readonly status: number | null
}

export type RequestMatch = Partial<Pick<RequestEntry, 'operation' | 'method' | 'bucket' | 'key' | 'status'>>

type OpenEntry = { -readonly [K in keyof RequestEntry]: RequestEntry[K] }

const keptEntries = 10_000

/** What a site was asked, the newest 10 000 requests; tests read from it what a client did and did not do. */
export class RequestLog {
  #entries: OpenEntry[] = []
  #active = 0
  #peakActive = 0

  list(match: RequestMatch = {}): readonly RequestEntry[] {
    const wanted = Object.entries(match)
    return this.#entries.filter((entry) => wanted.every(([name, value]) => Reflect.get(entry, name) === value))
  }

  count(match: RequestMatch = {}): number {
    return this.list(match).length
  }

  /** Requests under way. */
  get active(): number {
    return this.#active
  }

  /** The most requests that were under way at one time since the last `clear`. */
  get peakActive(): number {
    return this.#peakActive
  }

  clear(): void {
    this.#entries = []
    this.#peakActive = this.#active
  }

  /** Enters a request; the returned function notes its end. For the server. */
  begin(entry: Omit<RequestEntry, 'status'>): (status: number | null) => void {
    const open: OpenEntry = { ...entry, status: null }
    this.#entries.push(open)
    if (this.#entries.length > 2 * keptEntries) this.#entries = this.#entries.slice(-keptEntries)
    this.#active += 1
    this.#peakActive = Math.max(this.#peakActive, this.#active)
    return (status) => {
      open.status = status
      this.#active -= 1
    }
  }
}

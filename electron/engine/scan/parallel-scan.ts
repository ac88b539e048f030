import { MergeScan, type MergeScanOptions } from './merge-scan.ts'
import type { ScanCheckpoint, Span } from './checkpoint.ts'
import type { ScanCounts } from './port.ts'
import { splitKey } from './split-key.ts'

export interface ParallelScanOptions extends Omit<MergeScanOptions, 'span' | 'onPage' | 'save'> {
  readonly begin: ScanCheckpoint | null
  readonly onProgress: ((counts: ScanCounts) => void) | undefined
  readonly save: (checkpoint: ScanCheckpoint) => Promise<void>
}

/** Merge scans of one link at a time. Each has up to two listings under way. */
const mostScans = 4
/** A listing that ends before so many pages is not worth the question where to cut it. */
const pagesBeforeSplit = 8

/** A merge scan under way. */
interface RunningScan {
  pages: number
  /** Asked again at so many pages: twice as late each time that there was nothing to cut. */
  splitAt: number
}

/**
 * Looks at a whole prefix with several merge scans side by side. It begins as one; a scan that turns out long leaves
 * the folders ahead of it to another, as long as there is room. So small buckets cost no request more, and no part
 * must be guessed beforehand.
 */
export class ParallelScan {
  readonly #options: ParallelScanOptions
  /** What ended scans have counted, also those before a restart. */
  #ended: ScanCounts
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #scans = new Map<MergeScan, RunningScan>()
  readonly #running = new Set<Promise<void>>()
  #waiting: readonly Span[]
  #isSplitting = false
  #failure: { readonly error: unknown } | null = null

  constructor(options: ParallelScanOptions) {
    this.#options = options
    const { begin, signal } = options
    this.#signal = AbortSignal.any([signal, this.#abort.signal])
    this.#waiting = begin?.spans ?? [{ after: null, until: null }]
    this.#ended = sum(begin === null ? [] : [begin])
  }

  /** Ends when all that it started has ended, also after a fault or an abort: nothing is journaled after it. */
  async run(): Promise<ScanCounts> {
    this.#startWaiting()
    while (this.#running.size > 0) await Promise.all(this.#running)
    if (this.#failure !== null) throw this.#failure.error
    return this.#report()
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0 && this.#scans.size < mostScans) {
      const [next, ...others] = this.#waiting
      this.#waiting = others
      this.#start(next!)
    }
  }

  #start(span: Span): void {
    const scan = new MergeScan({
      ...this.#options,
      span,
      signal: this.#signal,
      onPage: (at) => this.#onPage(at),
      save: () => this.#save(),
    })
    this.#scans.set(scan, { pages: 0, splitAt: pagesBeforeSplit })
    this.#follow(this.#carryOut(scan))
  }

  async #carryOut(scan: MergeScan): Promise<void> {
    await scan.run()
    this.#scans.delete(scan)
    this.#ended = sum([this.#ended, scan.counts])
    this.#startWaiting()
  }

  /** The first fault ends them all. */
  #follow(work: Promise<void>): void {
    const followed = work
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#abort.abort(error)
      })
      .finally(() => this.#running.delete(followed))
    this.#running.add(followed)
  }

  #onPage(scan: MergeScan): void {
    this.#report()
    const running = this.#scans.get(scan)
    if (running === undefined) return
    running.pages += 1
    if (running.pages < running.splitAt || this.#scans.size >= mostScans || this.#isSplitting) return
    this.#follow(this.#split(scan, running))
  }

  async #split(scan: MergeScan, running: RunningScan): Promise<void> {
    const { list, link, prefix } = this.#options
    const { site, bucket } = link.source
    const { after, until } = scan.ahead
    if (after === null) return
    const question = { bucket, from: { keyMarker: after }, delimiter: '/' } as const
    this.#isSplitting = true
    try {
      const at = await splitKey({ after, until }, prefix, (level) =>
        list(site, { ...question, prefix: level }, this.#signal),
      )
      this.#signal.throwIfAborted()
      if (at !== null && scan.end(at)) this.#start({ after: at, until })
      else running.splitAt = running.pages * 2
    } catch {
      // Not worth a fault: the scan goes on alone, and meets whatever is wrong with the site by itself.
      running.splitAt = running.pages * 2
    } finally {
      this.#isSplitting = false
    }
  }

  #save(): Promise<void> {
    // What is held back is not durable: an engine that starts again begins before it.
    if (this.#options.recognition.holds) return Promise.resolve()
    const settled = [...this.#scans.keys()].map((scan) => scan.settled)
    const counts = sum([this.#ended, ...settled.map((one) => one.counts)])
    const spans = [...settled.map(({ rest }) => rest), ...this.#waiting]
    return this.#options.save({ prefix: this.#options.prefix, spans, ...counts })
  }

  #report(): ScanCounts {
    const counts = sum([this.#ended, ...[...this.#scans.keys()].map((scan) => scan.counts)])
    this.#options.onProgress?.(counts)
    return counts
  }
}

const none: ScanCounts = { keys: 0, versions: 0, differences: 0 }

const sum = (all: readonly ScanCounts[]): ScanCounts =>
  all.reduce(
    (a, b) => ({
      keys: a.keys + b.keys,
      versions: a.versions + b.versions,
      differences: a.differences + b.differences,
    }),
    none,
  )

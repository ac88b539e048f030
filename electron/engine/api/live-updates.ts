import type { LiveBatch, LiveTopic } from '../../../shared/api/engine-api.ts'

/** At most this often: four batches a second are smooth to the eye and cost little. */
const batchMs = 250

/**
 * Tells consoles what changed. Announcements carry topics and small values, never steer: a console that misses one sees a
 * gap in `seq` and reads everything again. Nothing is computed while nobody watches.
 */
export class LiveUpdates {
  readonly #read: () => Pick<LiveBatch, 'overview' | 'transfers'>
  readonly #now: () => number
  readonly #watchers = new Set<Watcher>()
  #ticking: NodeJS.Timeout | null = null
  #stopped = false

  constructor(read: () => Pick<LiveBatch, 'overview' | 'transfers'>, now: () => number) {
    this.#read = read
    this.#now = now
  }

  changed(topic: LiveTopic): void {
    for (const watcher of this.#watchers) watcher.topics.add(topic)
  }

  async *watch(signal: AbortSignal): AsyncIterable<LiveBatch> {
    const watcher: Watcher = { topics: new Set(), wake: null }
    this.#watchers.add(watcher)
    this.#ticking ??= setInterval(() => this.#tick(), batchMs)
    const onAbort = (): void => watcher.wake?.()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for (let seq = 1; !signal.aborted && !this.#stopped; seq++) {
        const topics = [...watcher.topics]
        watcher.topics.clear()
        yield { seq, at: this.#now(), topics, ...this.#read() }
        await new Promise<void>((wake) => (watcher.wake = wake))
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#forget(watcher)
    }
  }

  stop(): void {
    this.#stopped = true
    for (const watcher of this.#watchers) watcher.wake?.()
    if (this.#ticking !== null) clearInterval(this.#ticking)
  }

  #tick(): void {
    for (const watcher of this.#watchers) watcher.wake?.()
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0 || this.#ticking === null) return
    clearInterval(this.#ticking)
    this.#ticking = null
  }
}

interface Watcher {
  readonly topics: Set<LiveTopic>
  wake: (() => void) | null
}

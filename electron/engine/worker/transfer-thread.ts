import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { fault } from '../../../shared/model/fault.ts'
import { BodyBeginning } from '../content/body-beginning.ts'
import { faultFrom } from '../base/errors.ts'
import { replicate } from '../replicate/attempt/replicate.ts'
import type { MarkerNotes, UploadNotes, ReplicationContext } from '../replicate/context.ts'
import type { ObjectStore } from '../store/port.ts'
import { openPacer, pacerOf, type PacerMemory } from './pacer.ts'
import type { LinkOrder, Outcome, TaskOrder } from '../replicate/port.ts'
import type { FromThread, Progress, ToThread } from './port.ts'
import { KeyedStores, ThreadStores } from './thread-stores.ts'

/** Progress goes to the main thread this often: often enough for a screen, rare enough to cost nothing. */
const reportMs = 250

interface RunningTransfer {
  readonly order: TaskOrder
  readonly abort: AbortController
  progress: Progress | null
  uploadSaved: (() => void) | null
  markerNoted: (() => void) | null
}

/** One transfer thread's state: its stores, its links, and the tasks under way. */
export class TransferThread {
  readonly #post: (message: FromThread) => void
  readonly #onStopped: () => void
  readonly #stores = new ThreadStores()
  readonly #links = new Map<string, { readonly link: LinkOrder; readonly pacer: PacerMemory }>()
  #keyed = new KeyedStores([])
  readonly #running = new Map<number, RunningTransfer>()
  readonly #moved = new Map<string, { read: number; written: number }>()
  readonly #outcomes: (readonly [number, Outcome])[] = []
  readonly #reporting: NodeJS.Timeout

  constructor(post: (message: FromThread) => void, onStopped: () => void) {
    this.#post = post
    this.#onStopped = onStopped
    this.#reporting = setInterval(() => this.#report(), reportMs)
  }

  receive(message: ToThread): void {
    switch (message.type) {
      case 'site':
        return this.#stores.open(message)
      case 'forget-site':
        return this.#stores.forget(message.siteId)
      case 'link':
        this.#links.set(message.link.linkId, { link: message.link, pacer: openPacer(message.pacer) })
        return
      case 'sse-c-keys':
        this.#keyed = new KeyedStores(message.keys)
        return
      case 'forget-link':
        this.#links.delete(message.linkId)
        this.#moved.delete(message.linkId)
        return
      case 'tasks':
        for (const order of message.tasks) void this.#run(order)
        return
      case 'cancel':
        for (const seq of message.seqs) this.#running.get(seq)?.abort.abort(cancelled())
        return
      case 'list':
        void this.#list(message)
        return
      case 'upload-saved':
        this.#running.get(message.seq)?.uploadSaved?.()
        return
      case 'marker-noted':
        this.#running.get(message.seq)?.markerNoted?.()
        return
      case 'stop':
        return this.#stop()
    }
  }

  async #run(order: TaskOrder): Promise<void> {
    const abort = new AbortController()
    const running: RunningTransfer = { order, abort, progress: null, uploadSaved: null, markerNoted: null }
    this.#running.set(order.seq, running)
    const outcome = await this.#replicate(running)
    this.#running.delete(order.seq)
    // Everything that ends within one turn goes over in one message.
    if (this.#outcomes.push([order.seq, outcome]) === 1) setImmediate(() => this.#flush())
  }

  async #replicate(running: RunningTransfer): Promise<Outcome> {
    const known = this.#links.get(running.order.linkId)
    const plain = known && this.#stores.of(known.link.source.site)?.plain
    const versioned = known && this.#stores.of(known.link.target.site)?.versioned
    const source = plain && this.#keyed.of(plain, known.link.rule)
    const target = versioned && this.#keyed.of(versioned, known.link.rule)
    if (known === undefined || source === undefined || target === undefined) {
      return { kind: 'fault', fault: fault('CANCELLED', 'The rule or its site was removed.') }
    }
    try {
      return await replicate(this.#context(running, known.link, known.pacer, source, target))
    } catch (error) {
      if (running.abort.signal.aborted)
        return { kind: 'fault', fault: fault('CANCELLED', 'The transfer was cancelled.') }
      return { kind: 'fault', fault: faultFrom(error, { operation: 'replicate', key: running.order.key }) }
    }
  }

  #context(
    running: RunningTransfer,
    link: LinkOrder,
    pacer: PacerMemory,
    source: ObjectStore,
    target: ObjectStore,
  ): ReplicationContext {
    const { order, abort } = running
    const counter = this.#counter(link.linkId)
    return {
      order,
      link,
      source,
      target,
      pacer: pacerOf(pacer),
      uploads: this.#notes(running),
      markers: this.#markerNotes(running),
      sample: order.judge === undefined ? undefined : new BodyBeginning(),
      signal: abort.signal,
      now: Date.now,
      onProgress: (doneBytes, sizeBytes, parts) => {
        running.progress = { seq: order.seq, doneBytes, sizeBytes, parts }
      },
      onRead: (bytes) => {
        counter.read += bytes
      },
      onWritten: (bytes) => {
        counter.written += bytes
      },
    }
  }

  #notes(running: RunningTransfer): UploadNotes {
    const { seq } = running.order
    return {
      started: (record) => {
        const saved = unlessAborted(running, (resolve) => (running.uploadSaved = resolve))
        this.#post({ type: 'upload-started', seq, record })
        return saved
      },
      partDone: (part) => this.#post({ type: 'part-done', seq, part }),
      ended: () => this.#post({ type: 'upload-ended', seq }),
    }
  }

  #markerNotes(running: RunningTransfer): MarkerNotes {
    const { seq, linkId, key } = running.order
    const what = { operation: 'deleteMarker', sizeBytes: null, absentSeenAt: 0 } as const
    return {
      sent: ({ versionId, modifiedAt }) => {
        const noted = unlessAborted(running, (resolve) => (running.markerNoted = resolve))
        const task = { linkId, key, versionId, ...what, changedAt: modifiedAt }
        this.#post({ type: 'marker', seq, task, note: Date.now() })
        return noted
      },
      ended: (versionId, note) => this.#post({ type: 'marker-ended', of: { linkId, key, versionId }, note }),
    }
  }

  #counter(linkId: string): { read: number; written: number } {
    let counter = this.#moved.get(linkId)
    if (counter === undefined) this.#moved.set(linkId, (counter = { read: 0, written: 0 }))
    return counter
  }

  #flush(): void {
    this.#post({ type: 'outcomes', outcomes: this.#outcomes.splice(0) })
  }

  #report(): void {
    const progress = [...this.#running.values()].flatMap((running) => running.progress ?? [])
    const moved = [...this.#moved].map(([linkId, { read, written }]) => [linkId, read, written] as const)
    for (const counter of this.#moved.values()) counter.read = counter.written = 0
    if (progress.length > 0 || moved.some(([, read, written]) => read + written > 0)) {
      this.#post({ type: 'progress', progress, moved })
    }
  }

  async #list({ call, siteId, request }: Extract<ToThread, { type: 'list' }>): Promise<void> {
    const store = this.#stores.of(siteId)?.plain
    try {
      if (store === undefined) throw new Error('The site was removed.')
      this.#post({ type: 'listed', call, page: await store.listVersions(request), fault: null })
    } catch (error) {
      this.#post({
        type: 'listed',
        call,
        page: null,
        fault: faultFrom(error, { operation: 'ListObjectVersions', siteId, bucket: request.bucket }),
      })
    }
  }

  #stop(): void {
    clearInterval(this.#reporting)
    for (const { abort } of this.#running.values()) abort.abort(cancelled())
    void this.#drained()
  }

  async #drained(): Promise<void> {
    for (let waited = 0; this.#running.size > 0 && waited < 2000; waited += 10) await wait(10)
    this.#stores.close()
    this.#flush()
    // Sockets that were destroyed close at the end of this turn: the thread is not torn down around them.
    await nextTurn()
    this.#onStopped()
  }
}

/** Resolves when the main thread has answered, rejects when the transfer is cancelled before. */
const unlessAborted = ({ abort }: RunningTransfer, onAnswer: (resolve: () => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    onAnswer(resolve)
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error), { once: true })
  })

const cancelled = (): Error => new Error('The transfer was cancelled.')

import { Worker } from 'node:worker_threads'
import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { SiteWithCredentials } from '../../../shared/model/site.ts'
import { threadEnded } from '../base/end-thread.ts'
import type { LinkOrder, Outcome, TaskOrder } from '../replicate/port.ts'
import type { ListRequest, SseCKey, UploadedPart, VersionPage } from '../store/port.ts'
import type { Timeouts } from '../store/wire/request.ts'
import type { MarkerNote, NewTask, UploadRecord } from '../journal/port/tasks.ts'
import { refillMs } from './pacer.ts'
import type { FromThread, MarkerTask, Progress, ToThread } from './port.ts'
import { ThreadSnapshot } from './thread-snapshot.ts'

/** A thread gives its transfers two seconds to end, and then ends itself. */
const threadGraceMs = 5000

/** What the pool tells its owner. */
export interface PoolEvents {
  onOutcomes(outcomes: readonly (readonly [seq: number, outcome: Outcome])[]): void
  onMoved(linkId: string, readBytes: number, writtenBytes: number): void
  /** Resolves when the upload is on record. */
  onUploadStarted(seq: number, record: Omit<UploadRecord, 'parts'>): Promise<void>
  onPartDone(seq: number, part: UploadedPart): void
  onUploadEnded(seq: number): void
  /** A worker is about to write this marker. Resolves when the note is on record. */
  onMarker(task: NewTask, note: MarkerNote): Promise<void>
  /** What is known of it by now; null: nothing of it came to the target. */
  onMarkerEnded(of: MarkerTask, note: MarkerNote | null): void
  /** A thread died: its tasks end with a fault, and another thread takes its place. */
  onThreadDied(error: unknown): void
}

interface Thread {
  readonly worker: Worker
  /** The tasks that it has, by seq, and how far each is; null until it tells. */
  readonly running: Map<number, Progress | null>
  readonly calls: Map<number, (page: VersionPage | null, fault: Fault | null) => void>
}

/** The transfer threads. Tasks go to the least busy one; every thread knows every site and link. */
export class TransferPool {
  readonly #entry: URL
  readonly #timeouts: Partial<Timeouts>
  readonly #events: PoolEvents
  readonly #threads: Thread[] = []
  readonly #told = new ThreadSnapshot()
  readonly #refilling: NodeJS.Timeout
  #calls = 0
  #stopping = false

  constructor(entry: URL, threads: number, timeouts: Partial<Timeouts>, events: PoolEvents) {
    this.#entry = entry
    this.#timeouts = timeouts
    this.#events = events
    for (let index = 0; index < threads; index++) this.#threads.push(this.#spawn())
    this.#refilling = setInterval(() => this.#told.refill(refillMs), refillMs)
  }

  site(site: SiteWithCredentials, sockets: number): void {
    const share = Math.ceil(sockets / this.#threads.length)
    this.#tellAll(this.#told.site({ type: 'site', site, sockets: share, timeouts: this.#timeouts }))
  }

  forgetSite(siteId: string): void {
    this.#tellAll(this.#told.forgetSite(siteId))
  }

  /** All keys of clients that rules may name, in the place of those before. */
  sseCKeys(keys: readonly SseCKey[]): void {
    this.#tellAll(this.#told.sseCKeys(keys))
  }

  /** Adds a link, or changes it; its pace takes effect at once, also for transfers under way. */
  link(link: LinkOrder, bytesPerSecond: number | null): void {
    this.#tellAll(this.#told.link(link, bytesPerSecond))
  }

  forgetLink(linkId: string): void {
    this.#tellAll(this.#told.forgetLink(linkId))
  }

  run(orders: readonly TaskOrder[]): void {
    const batches = new Map<Thread, TaskOrder[]>()
    for (const order of orders) {
      const thread = this.#leastBusy()
      thread.running.set(order.seq, null)
      const batch = batches.get(thread)
      if (batch === undefined) batches.set(thread, [order])
      else batch.push(order)
    }
    for (const [thread, tasks] of batches) post(thread, { type: 'tasks', tasks })
  }

  cancel(seqs: readonly number[]): void {
    this.#tellAll({ type: 'cancel', seqs })
  }

  progress(seq: number): Progress | null {
    for (const { running } of this.#threads) {
      const progress = running.get(seq)
      if (progress !== undefined) return progress
    }
    return null
  }

  /** A page of versions, fetched and parsed in a thread. */
  list(siteId: string, request: ListRequest, signal?: AbortSignal): Promise<VersionPage> {
    signal?.throwIfAborted()
    const thread = this.#leastBusy()
    const call = ++this.#calls
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        thread.calls.delete(call)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      thread.calls.set(call, (page, failed) => {
        signal?.removeEventListener('abort', onAbort)
        if (page !== null) resolve(page)
        else reject(new FaultError(failed ?? fault('INTERNAL', 'A listing ended without an answer.')))
      })
      post(thread, { type: 'list', call, siteId, request })
    })
  }

  /** Ends every transfer under way; their outcomes still come (as CANCELLED) before it resolves. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#refilling)
    await Promise.all(this.#threads.map((thread) => this.#stopThread(thread)))
  }

  #spawn(): Thread {
    const thread: Thread = { worker: new Worker(this.#entry), running: new Map(), calls: new Map() }
    thread.worker.on('message', (message: FromThread) => this.#receive(thread, message))
    thread.worker.on('error', (error) => this.#replace(thread, error))
    for (const message of this.#told.messages()) post(thread, message)
    return thread
  }

  #stopThread(thread: Thread): Promise<void> {
    const ended = threadEnded(thread.worker, threadGraceMs)
    post(thread, { type: 'stop' })
    return ended
  }

  #replace(thread: Thread, error: unknown): void {
    this.#events.onThreadDied(error)
    const lost = fault('INTERNAL', 'A transfer thread ended unexpectedly.')
    for (const answer of thread.calls.values()) answer(null, lost)
    const seqs = [...thread.running.keys()]
    if (!this.#stopping) this.#threads[this.#threads.indexOf(thread)] = this.#spawn()
    this.#ended(
      thread,
      seqs.map((seq) => [seq, { kind: 'fault', fault: lost }] as const),
    )
  }

  #receive(thread: Thread, message: FromThread): void {
    switch (message.type) {
      case 'outcomes':
        return this.#ended(thread, message.outcomes)
      case 'progress':
        for (const progress of message.progress)
          if (thread.running.has(progress.seq)) thread.running.set(progress.seq, progress)
        for (const [linkId, read, written] of message.moved) this.#events.onMoved(linkId, read, written)
        return
      case 'upload-started':
        // Written or not, the thread hears of it only when the record is durable; a journal that cannot be written stops the engine.
        this.#events.onUploadStarted(message.seq, message.record).then(
          () => post(thread, { type: 'upload-saved', seq: message.seq }),
          () => post(thread, { type: 'cancel', seqs: [message.seq] }),
        )
        return
      case 'marker':
        this.#events.onMarker(message.task, message.note).then(
          () => post(thread, { type: 'marker-noted', seq: message.seq }),
          () => post(thread, { type: 'cancel', seqs: [message.seq] }),
        )
        return
      case 'marker-ended':
        return this.#events.onMarkerEnded(message.of, message.note)
      case 'part-done':
        return this.#events.onPartDone(message.seq, message.part)
      case 'upload-ended':
        return this.#events.onUploadEnded(message.seq)
      case 'listed':
        thread.calls.get(message.call)?.(message.page, message.fault)
        thread.calls.delete(message.call)
        return
    }
  }

  #ended(thread: Thread, outcomes: readonly (readonly [number, Outcome])[]): void {
    for (const [seq] of outcomes) thread.running.delete(seq)
    if (outcomes.length > 0) this.#events.onOutcomes(outcomes)
  }

  #leastBusy(): Thread {
    return this.#threads.reduce((best, thread) => (load(thread) < load(best) ? thread : best))
  }

  #tellAll(message: ToThread): void {
    for (const thread of this.#threads) post(thread, message)
  }
}

/** A page of a listing takes a thread about as long as a small object. */
const load = ({ running, calls }: Thread): number => running.size + calls.size

function post(thread: Thread, message: ToThread): void {
  thread.worker.postMessage(message)
}

/** The transfer thread’s program: beside this file when run from source, beside the bundle when packaged. */
export function threadEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)
}

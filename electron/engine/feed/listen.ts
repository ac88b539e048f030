import { fault, FaultError, type Fault, type FaultCode } from '../../../shared/model/fault.ts'
import type { FeedView } from '../../../shared/model/rule.ts'
import { faultFrom } from '../base/errors.ts'
import { pause, type Clock } from '../base/clock.ts'
import { Gatherer } from './gatherer.ts'
import { LineSplitter } from './lines.ts'
import { parseEvents, type KeyEncoding } from './parse-event.ts'
import type { Change, Feed, ChangeSink, SignedStream, Unavailable } from './port.ts'

export interface ListenOptions {
  readonly stream: SignedStream
  readonly siteId: string
  readonly bucket: string
  readonly prefix: string
  /** `raw` for MinIO, `form` for RustFS. */
  readonly encoding: KeyEncoding
  readonly intake: ChangeSink
  readonly clock: Clock
  /** 0–1, for the spread of reconnects. */
  readonly random: () => number
  /** Events may have been missed: after every connect, and when one could not be read. A scan must follow. */
  readonly onGap: () => void
  readonly onChange?: () => void
}

const pingSeconds = 10
/** Three pings missed: the stream is dead, though the socket may not know it. */
const silenceMs = 30_000
/** What minio-go allows a line. */
const lineLimitBytes = 4 * 1024 * 1024
const firstBackoffMs = 1000
const longestBackoffMs = 60_000
/** So long an event may be under way before its absence says something: listings and events are not of one moment. */
const onItsWayMs = 10_000
/** Two clocks are known to agree to a second only, and listings may be as coarse. */
const clockSlackMs = 2_000
/** An event that comes later than this was held back somewhere: it does not show that the stream works. */
const timelyMs = 30_000
/** A site that gives no head, or nothing after it: another head alone does not show that events will come. */
const silences: ReadonlySet<FaultCode> = new Set(['RESPONSE_TIMEOUT', 'BODY_STALLED', 'EVENTS_SILENT'])

const wantedEvents = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] as const

/** Follows the event stream of a MinIO or RustFS bucket for as long as it lives, and reconnects by itself. */
export function startListen(options: ListenOptions): Feed {
  return new ListenFeed(options)
}

class ListenFeed implements Feed {
  readonly #options: ListenOptions
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  #state: FeedView['state'] = 'connecting'
  #fault: Fault | null = null
  #lastEventAt: number | null = null
  #attempts = 0
  #unavailable: Unavailable | null = null
  #connectedAt: number | null = null
  #endPause: () => void = () => undefined

  constructor(options: ListenOptions) {
    this.#options = options
    this.#ended = this.#run()
  }

  view(): FeedView {
    return {
      kind: 'listen',
      state: this.#state,
      lastEventAt: this.#lastEventAt,
      fault: this.#fault,
      scan: null,
      lastScan: null,
    }
  }

  unavailable(): Unavailable | null {
    return this.#unavailable
  }

  untold(changedAt: number): void {
    const { clock, siteId } = this.#options
    const from = this.#connectedAt
    if (from === null || changedAt < from + onItsWayMs || changedAt > clock.now() - onItsWayMs) return
    if (this.#lastEventAt !== null && this.#lastEventAt >= changedAt - clockSlackMs) return
    const message = 'ListenNotification: the stream is open, and a scan found a change that it did not tell'
    this.#turn('fault', fault('EVENTS_SILENT', message, { site: siteId }))
  }

  again(): void {
    this.#endPause()
  }

  async stop(): Promise<void> {
    this.#stop.abort(new FaultError(fault('CANCELLED', 'The feed was stopped.')))
    await this.#ended
  }

  async #run(): Promise<void> {
    const { siteId, bucket, clock, random } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const error = await this.#follow().then(
        () =>
          new FaultError(fault('CONNECTION_LOST', 'ListenNotification: the site ended the stream', { site: siteId })),
        (thrown: unknown) => thrown,
      )
      this.#connectedAt = null
      if (signal.aborted) return
      this.#turn('fault', faultFrom(error, { operation: 'ListenNotification', siteId, bucket }))
      const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** this.#attempts++) * (0.5 + random() / 2)
      const pauseEnd = new AbortController()
      this.#endPause = () => pauseEnd.abort(new FaultError(fault('CANCELLED', 'Asked for now.')))
      await pause(clock, backoffMs, AbortSignal.any([signal, pauseEnd.signal])).catch(() => undefined)
    }
  }

  /** One connection, until it ends. */
  async #follow(): Promise<void> {
    const connection = new AbortController()
    const end = (): void => connection.abort(this.#stop.signal.reason)
    this.#stop.signal.addEventListener('abort', end, { once: true })
    const watchdog = this.#watch(connection)
    const gatherer = new Gatherer(this.#options.intake, (error) => connection.abort(error))
    try {
      await this.#read(connection.signal, gatherer, watchdog.fed)
    } finally {
      watchdog.end()
      this.#stop.signal.removeEventListener('abort', end)
      connection.abort()
      await gatherer.settled()
    }
  }

  async #read(signal: AbortSignal, gatherer: Gatherer, fed: () => void): Promise<void> {
    const { stream, bucket, prefix, onGap } = this.#options
    const events = wantedEvents.map((name) => ['events', name] as const)
    const query = [...events, ['prefix', prefix], ['ping', String(pingSeconds)]] as const
    const body = await stream({ bucket, query }, signal)
    const broken = (): void => void body.destroy(signal.reason instanceof Error ? signal.reason : undefined)
    signal.addEventListener('abort', broken, { once: true })
    if (signal.aborted) broken()
    this.#connectedAt = this.#options.clock.now()
    const met = this.#unavailable?.fault ?? null
    if (met === null || !silences.has(met.code)) this.#turn('live', null)
    onGap()
    const splitter = new LineSplitter(lineLimitBytes)
    for await (const chunk of body as AsyncIterable<Buffer>) {
      fed()
      this.#heard()
      const full = this.#take(splitter.push(chunk), gatherer)
      if (full === null) continue
      await full
      onGap()
    }
    signal.throwIfAborted()
  }

  #take(lines: readonly string[], gatherer: Gatherer): Promise<void> | null {
    if (lines.length === 0) return null
    this.#attempts = 0
    const { siteId, encoding, clock, onGap, onChange } = this.#options
    const receivedAt = clock.now()
    const parsed = lines.map((line) => parseEvents(jsonOf(line), { siteId, encoding, receivedAt }))
    if (parsed.some(({ unreadable }) => unreadable > 0)) onGap()
    const changes = parsed.flatMap((each) => each.changes)
    if (changes.length === 0) return null
    this.#lastEventAt = receivedAt
    this.#told(changes, receivedAt)
    onChange?.()
    return gatherer.add(changes)
  }

  /** Something came, if only a ping: the connection carries what the site writes. */
  #heard(): void {
    if (this.#unavailable !== null && this.#unavailable.fault.code !== 'EVENTS_SILENT') this.#turn('live', null)
  }

  #told(changes: readonly Change[], receivedAt: number): void {
    if (this.#unavailable === null || !changes.some(({ changedAt }) => receivedAt - changedAt < timelyMs)) return
    this.#turn('live', null)
  }

  #watch(connection: AbortController): { readonly fed: () => void; readonly end: () => void } {
    const { clock, siteId } = this.#options
    const bark = (): void =>
      connection.abort(new FaultError(fault('BODY_STALLED', 'ListenNotification: no ping for 30 s', { site: siteId })))
    let cancel = clock.after(silenceMs, bark)
    return {
      fed: () => {
        cancel()
        cancel = clock.after(silenceMs, bark)
      },
      end: () => cancel(),
    }
  }

  #turn(state: FeedView['state'], why: Fault | null): void {
    this.#state = state
    this.#fault = why
    const since = this.#unavailable?.since ?? this.#options.clock.now()
    this.#unavailable = why === null ? null : { since, fault: why }
    this.#options.onChange?.()
  }
}

/** Not JSON: undefined, which {@link parseEvents} counts as unreadable. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

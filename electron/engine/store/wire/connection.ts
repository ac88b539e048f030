import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { FaultError, type FaultCode } from '../../../../shared/model/fault.ts'
import { faultAt, faultErrorFrom } from '../../base/errors.ts'
import type { Host } from '../../s3/address.ts'
import { AnswerReader, type AnswerEvents } from './answer-reader.ts'
import { ReceivedBody } from './received-body.ts'
import type { Timeouts, WireAnswer, WireRequest } from './request.ts'
import { MalformedResponse, type ResponseHead } from './response-head.ts'
import { BodyLengthError } from '../../s3/pumped.ts'
import { sendBody, type Outlet } from './send-body.ts'

export interface ConnectionOptions {
  readonly secureContext: SecureContext | undefined
  readonly insecureSkipVerify: boolean
  readonly timeouts: Timeouts
  /** Milliseconds of a clock that never jumps. */
  readonly ticks: () => number
  /** Ready for another request. */
  readonly onFree: (connection: Connection) => void
  readonly onGone: (connection: Connection) => void
}

/** The kept-alive connection was closed by the site before our request reached it: a new one is worth a try. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection'
}

/** Collected answers are XML; the longest is a listing of 1000 keys of 1024 bytes, each byte escaped. */
const longestCollectedBytes = 8 * 1024 * 1024
/** Up to this size head and body leave in one write. */
const oneWriteBytes = 64 * 1024
/** How long to wait for `100 Continue` from a site that does not know it (RFC 9110 §10.1.1). */
const continueMs = 1_000

interface Turn {
  readonly request: WireRequest
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (reason: unknown) => void
  readonly reader: AnswerReader
  readonly onAbort: () => void
  head: ResponseHead | null
  stream: ReceivedBody | null
  readonly pieces: Buffer[]
  collectedBytes: number
  bodyStarted: boolean
  bodySent: boolean
  sentAt: number
  rttMs: number
}

/** One socket, one request at a time. Knows nothing of S3. */
export class Connection implements AnswerEvents {
  readonly host: Host
  /** When it became free, and for how long the site will keep it, as far as it says so. */
  freeAt = 0
  keepAliveMs: number | null = null
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  #ready = false
  #gone = false
  #turn: Turn | null = null
  #served = 0
  #deadlineAt = Number.POSITIVE_INFINITY
  #deadlineCode: FaultCode = 'CONNECT_TIMEOUT'
  #onDrain: (() => void) | null = null

  constructor(host: Host, options: ConnectionOptions) {
    this.host = host
    this.#options = options
    this.#socket = dial(host, options, (bytes) => this.#received(bytes))
    this.#socket.on(host.tls ? 'secureConnect' : 'connect', () => this.#connected())
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('error', (error) => this.#broken(error))
    this.#socket.on('close', () => this.#closed())
  }

  get usable(): boolean {
    return !this.#gone && this.#turn === null && !this.#socket.destroyed
  }

  run(request: WireRequest): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      if (!this.usable) return reject(new StaleConnection('closed'))
      const onAbort = (): void => this.#fail(request.signal?.reason)
      const reader = new AnswerReader(request.method, this)
      const counters = { collectedBytes: 0, bodyStarted: false, bodySent: false, sentAt: 0, rttMs: 0 }
      this.#turn = { request, resolve, reject, reader, onAbort, head: null, stream: null, pieces: [], ...counters }
      request.signal?.addEventListener('abort', onAbort, { once: true })
      if (this.#ready) {
        this.#socket.ref()
        this.#start(this.#turn)
      } else this.#await('CONNECT_TIMEOUT', this.#options.timeouts.connectMs)
    })
  }

  /** Ends the request under way when its deadline has passed. */
  check(tick: number): void {
    if (tick < this.#deadlineAt) return
    const turn = this.#turn
    if (turn === null) return
    if (turn.request.expectContinue && !turn.bodyStarted && this.#deadlineCode === 'BODY_STALLED') return this.proceed()
    this.#fail(faultAt(this.#deadlineCode, deadlineText[this.#deadlineCode] ?? 'took too long', turn.request.context))
  }

  destroy(reason: Error): void {
    if (this.#turn !== null) this.#fail(reason)
    this.#socket.destroy()
  }

  // Sending

  #connected(): void {
    this.#ready = true
    if (this.#turn !== null) this.#start(this.#turn)
  }

  #start(turn: Turn): void {
    const { head, body, sizeBytes, expectContinue, onBytes, onSent } = turn.request
    turn.sentAt = this.#options.ticks()
    onSent?.()
    if (body instanceof Uint8Array && body.length <= oneWriteBytes && !expectContinue) {
      const whole = Buffer.allocUnsafe(head.length + body.length)
      whole.write(head, 0, 'latin1')
      whole.set(body, head.length)
      turn.bodyStarted = true
      this.#socket.write(whole)
      onBytes?.(body.length)
      return this.#sent(turn)
    }
    this.#socket.write(head, 'latin1')
    if (body === null || (sizeBytes === 0 && body instanceof Uint8Array)) return this.#sent(turn)
    if (expectContinue) return this.#await('BODY_STALLED', Math.min(continueMs, this.#options.timeouts.stallMs))
    return this.proceed()
  }

  #sent(turn: Turn): void {
    turn.bodySent = true
    if (turn.head === null) this.#await('RESPONSE_TIMEOUT', turn.request.responseMs)
  }

  /** Starts the body. */
  proceed(): void {
    const turn = this.#turn
    if (turn === null || turn.bodyStarted || turn.request.body === null) return
    turn.bodyStarted = true
    this.#rest()
    const outlet: Outlet = {
      write: (bytes) => this.#write(bytes),
      closed: () => this.#turn !== turn || turn.head !== null,
    }
    void this.#sendBody(turn, outlet)
  }

  async #sendBody(turn: Turn, outlet: Outlet): Promise<void> {
    const { body, sizeBytes, onBytes } = turn.request
    try {
      await sendBody(body!, sizeBytes, outlet, onBytes)
      if (outlet.closed()) return
      turn.sentAt = this.#options.ticks()
      this.#sent(turn)
    } catch (error) {
      if (!outlet.closed()) this.#fail(bodyFault(error, turn.request))
    }
  }

  /** The bytes may lie in memory that is used again once they are taken: full or not, the socket must be done with them. */
  #write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#gone) return undefined
    this.#socket.write(bytes, this.#onWritten)
    if (this.#socket.writableLength === 0) return undefined
    this.#await('BODY_STALLED', this.#options.timeouts.stallMs)
    return new Promise((resolve) => (this.#onDrain = resolve))
  }

  readonly #onWritten = (): void => {
    if (this.#socket.writableLength === 0) this.#drained()
  }

  #drained(): void {
    const resume = this.#onDrain
    if (resume === null) return
    this.#onDrain = null
    // While the body's own source is awaited, it is not this site that stalls.
    this.#rest()
    resume()
  }

  // Receiving

  /** False: read no more for now. */
  #received(chunk: Buffer): boolean {
    const turn = this.#turn
    if (turn === null) {
      this.#socket.destroy()
      return false
    }
    try {
      turn.reader.push(chunk)
      if (this.#turn === turn && turn.head !== null && !this.#socket.isPaused()) this.#awaitBytes(turn)
    } catch (error) {
      if (!(error instanceof MalformedResponse)) throw error
      if (this.#turn === turn) this.#fail(faultAt('RESPONSE_UNREADABLE', error.message, turn.request.context))
      else this.#socket.destroy()
    }
    return !this.#socket.isPaused()
  }

  head(head: ResponseHead): void {
    const turn = this.#turn!
    turn.head = head
    turn.rttMs = this.#options.ticks() - turn.sentAt
    this.#drained()
    if (!turn.request.stream || head.status >= 300 || isSmall(head, turn.request)) return
    turn.stream = new ReceivedBody({
      resume: () => this.#resume(turn),
      abandon: () => {
        if (this.#turn === turn) this.#fail(null)
      },
    })
    turn.resolve({ status: head.status, headers: head.headers, bytes: noBytes, stream: turn.stream, rttMs: turn.rttMs })
  }

  piece(bytes: Buffer): void {
    const turn = this.#turn!
    if (turn.stream !== null) {
      if (!turn.stream.accept(bytes)) this.#pause()
      return
    }
    turn.collectedBytes += bytes.length
    if (turn.collectedBytes > longestCollectedBytes) throw new MalformedResponse('the answer is too long')
    turn.pieces.push(Buffer.from(bytes))
  }

  end(): void {
    const turn = this.#turn!
    const { head, pieces } = turn
    this.#finishTurn(turn)
    const reusable = head!.keepAlive && (turn.bodySent || turn.request.body === null)
    if (!reusable) this.#retire()
    const release = (): void => {
      if (reusable && !this.#gone) this.#rewind(head!)
    }
    if (turn.stream !== null) turn.stream.complete(release)
    else {
      const bytes = pieces.length === 1 ? pieces[0]! : pieces.length === 0 ? noBytes : Buffer.concat(pieces)
      turn.resolve({ status: head!.status, headers: head!.headers, bytes, stream: null, rttMs: turn.rttMs })
      release()
    }
  }

  #rewind(head: ResponseHead): void {
    this.#served += 1
    this.freeAt = this.#options.ticks()
    const hint = head.headers['keep-alive']
    this.keepAliveMs = hint === undefined ? null : Number(/timeout=(\d+)/.exec(hint)?.[1] ?? Number.NaN) * 1000 || null
    if (this.#socket.isPaused()) this.#socket.resume()
    // An idle connection must not keep the program alive.
    this.#socket.unref()
    this.#options.onFree(this)
  }

  #pause(): void {
    // A reader that takes its time is not a site that stalls.
    this.#rest()
    this.#socket.pause()
  }

  #resume(turn: Turn): void {
    if (this.#turn !== turn || !this.#socket.isPaused()) return
    this.#awaitBytes(turn)
    this.#socket.resume()
  }

  /** A site that is given long to answer (joining parts) may also be silent for long within its answer. */
  #awaitBytes(turn: Turn): void {
    const { responseMs, stallMs } = this.#options.timeouts
    this.#await('BODY_STALLED', turn.request.responseMs > responseMs ? turn.request.responseMs : stallMs)
  }

  // Ends

  #ended(): void {
    const turn = this.#turn
    if (turn !== null && turn.reader.close()) return
    this.#lost('the site closed the connection')
  }

  #broken(error: Error): void {
    const turn = this.#turn
    if (turn === null) return this.#retire()
    if (this.#ready) return this.#lost(error.message)
    this.#fail(faultErrorFrom(error, turn.request.context))
  }

  #closed(): void {
    this.#retire()
    this.#lost('the connection was closed')
  }

  #lost(words: string): void {
    const turn = this.#turn
    if (turn === null) return this.#retire()
    const { request } = turn
    const repeatable = request.method === 'GET' || request.method === 'HEAD' || (!turn.bodySent && !turn.bodyStarted)
    if (this.#served > 0 && turn.reader.silent && repeatable) return this.#fail(new StaleConnection(words))
    this.#fail(faultAt(turn.head === null ? 'CONNECTION_LOST' : 'BODY_CUT', words, request.context))
  }

  #fail(reason: unknown): void {
    const turn = this.#turn
    if (turn === null) return
    this.#finishTurn(turn)
    this.#retire()
    if (turn.stream === null) turn.reject(reason)
    else turn.stream.destroy(reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
  }

  #finishTurn(turn: Turn): void {
    this.#turn = null
    this.#rest()
    turn.request.signal?.removeEventListener('abort', turn.onAbort)
    const { body } = turn.request
    if (!turn.bodySent && turn.bodyStarted && body !== null && 'pump' in body) body.destroy()
    this.#onDrain?.()
    this.#onDrain = null
  }

  #retire(): void {
    this.#socket.destroy()
    if (this.#gone) return
    this.#gone = true
    this.#options.onGone(this)
  }

  #await(code: FaultCode, ms: number): void {
    this.#deadlineCode = code
    this.#deadlineAt = this.#options.ticks() + ms
  }

  #rest(): void {
    this.#deadlineAt = Number.POSITIVE_INFINITY
  }
}

const noBytes = Buffer.alloc(0)

const isSmall = ({ headers }: ResponseHead, { smallBytes = -1 }: WireRequest): boolean =>
  Number(headers['content-length']) <= smallBytes

const deadlineText: Partial<Record<FaultCode, string>> = {
  CONNECT_TIMEOUT: 'no connection in time',
  RESPONSE_TIMEOUT: 'no answer in time',
  BODY_STALLED: 'not a byte moved in time',
}

/**
 * Every read of a connection goes into this one piece of memory: none is allocated, none is collected. Measured on copies of
 * 64 MiB on loopback: CPU falls to less than half of Node's 64 KiB a read, and little more beyond this size.
 */
const readBytes = 256 * 1024

function dial(host: Host, options: ConnectionOptions, received: (bytes: Buffer) => boolean): Socket {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  const where = {
    host: host.name,
    port: host.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    onread: { buffer, callback: (bytes: number) => received(buffer.subarray(0, bytes)) },
  }
  if (!host.tls) return connectTcp(where)
  return connectTls({
    ...where,
    // A server name must be a name (RFC 6066 §3).
    servername: isIP(host.name) === 0 ? host.name : '',
    rejectUnauthorized: !options.insecureSkipVerify,
    ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
    ALPNProtocols: ['http/1.1'],
  })
}

function bodyFault(error: unknown, request: WireRequest): Error {
  if (error instanceof FaultError) return error
  if (error instanceof BodyLengthError) return faultAt('BODY_CUT', error.message, request.context)
  const words = error instanceof Error ? error.message : 'failed'
  return faultAt('SOURCE_UNREADABLE', `reading the body to send: ${words}`, request.context)
}

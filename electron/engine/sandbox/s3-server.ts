import { once, setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { openPayload, type Payload } from '../s3/payload.ts'
import { route, type Routed } from '../s3/route.ts'
import { errorXml, S3Error } from '../s3/s3-error.ts'
import type { SignatureVerifier } from '../s3/signature-verifier.ts'
import type { SiteState } from './exchange.ts'
import type { FaultAction, FaultSwitch, NetworkPlug } from './fault-switch.ts'
import { operations } from './operations/operations.ts'
import type { RequestLog } from './request-log.ts'
import { hungUp, respond } from './respond.ts'

export interface S3ServerOptions {
  readonly state: SiteState
  readonly verifier: SignatureVerifier
  /** The site's time with its skew, epoch ms. */
  readonly now: () => number
  readonly requests: RequestLog
  readonly changeStream: 'listen' | 'none'
}

/** Takes requests from the network, passes them through faults and the signature check, and answers. */
export class S3Server implements NetworkPlug {
  readonly #options: S3ServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #faults: FaultSwitch | null = null
  #port = 0
  #lastRequest = 0

  constructor(options: S3ServerOptions) {
    this.#options = options
    // Any number of delayed answers may wait for it.
    setMaxListeners(0, this.#closing.signal)
    // An upload may take as long as it moves; connections stay open between the bursts of a client's work.
    this.#server = createServer({
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 32 * 1024,
      noDelay: true,
    })
    this.#server.on('request', (request, response) => this.#accept(request, response, false))
    this.#server.on('checkContinue', (request, response) => this.#accept(request, response, true))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  useFaults(faults: FaultSwitch): void {
    this.#faults = faults
  }

  /** Returns the port, which stays the same over `pull` and `insert`. */
  async open(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
    return this.#port
  }

  async pull(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) {
      socket.resetAndDestroy()
      // A reset waits until what was written has left, which a client that does not read keeps from happening.
      socket.destroy()
    }
    await closed
  }

  async insert(): Promise<void> {
    if (!this.#server.listening) await this.open(this.#port)
  }

  /** Resolves when no request is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.pull()
    await Promise.all(this.#underWay)
  }

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const served = this.#serve(request, response, expectsContinue).finally(() => this.#underWay.delete(served))
    this.#underWay.add(served)
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const now = this.#options.now()
    const requestId = (++this.#lastRequest).toString(16).toUpperCase().padStart(16, '0')
    response.sendDate = false
    response.setHeader('date', new Date(now).toUTCString())
    response.setHeader('server', 'Lockstep-Sandbox')
    response.setHeader('x-amz-request-id', requestId)
    let finish: ((status: number | null) => void) | null = null
    try {
      const call = route(request.method ?? '', request.url ?? '', request.headers, { baseHosts: ['localhost'] })
      const versionId = call.query.get('versionId') ?? null
      finish = this.#options.requests.begin({ ...named(call), versionId, at: now })
      await this.#answer(call, { request, response, expectsContinue, now })
    } catch (error) {
      respondError(error, request, response, requestId)
    }
    finish?.(response.headersSent ? response.statusCode : null)
  }

  async #answer(call: Routed, incoming: Incoming): Promise<void> {
    const { request, response, now } = incoming
    const { delayMs, action } = this.#faults?.meet(call) ?? { delayMs: 0, action: null }
    if (delayMs > 0) await pause(delayMs, this.#closing.signal)
    if (action !== null && (await refuse(action, response, this.#closing.signal))) return
    const { headers } = request
    const verified = this.#options.verifier.verify({ ...call, headers }, now)
    const operation = operations[call.operation]
    const listens = operation === operations.ListenNotification
    if (operation === undefined || (listens && this.#options.changeStream === 'none'))
      throw new S3Error('NotImplemented')
    const late = action?.kind === 'late-write' ? [await buffer(request)] : null
    const payload = (): Payload => {
      if (incoming.expectsContinue) response.writeContinue()
      // Without `destroyOnReturn: false` a refused body would take the connection with it, and the refusal too.
      const body = late === null ? request.iterator({ destroyOnReturn: false }) : Readable.from(late)
      return openPayload(body, headers, verified.payload, call.operation)
    }
    if (action?.kind === 'late-write') {
      response.socket?.resetAndDestroy()
      await ('when' in action ? action.when : pause(action.delayMs, this.#closing.signal))
    }
    const answer = await operation(this.#options.state, { call, headers, now, payload })
    if (action?.kind === 'late-answer') await pause(action.delayMs, this.#closing.signal)
    if (action?.kind === 'lose-answer' || action?.kind === 'late-write') response.socket?.resetAndDestroy()
    else await respond(response, answer, action, this.#closing.signal)
  }
}

interface Incoming {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly expectsContinue: boolean
  readonly now: number
}

const named = ({
  operation,
  method,
  bucket,
  key,
}: Routed): Pick<Routed, 'operation' | 'method' | 'bucket' | 'key'> => ({
  operation,
  method,
  bucket,
  key,
})

/** Meets the faults that keep an operation from being carried out; true when nothing is left to answer. */
async function refuse(action: FaultAction, response: ServerResponse, closing: AbortSignal): Promise<boolean> {
  switch (action.kind) {
    case 'hang':
      await hungUp(response, closing)
      return true
    case 'reset':
      response.socket?.resetAndDestroy()
      return true
    case 'slow-down': {
      const seconds = action.retryAfterSeconds
      throw new S3Error('SlowDown', seconds === undefined ? {} : { headers: { 'retry-after': String(seconds) } })
    }
    case 'server-error':
      throw new S3Error('InternalError', { status: action.status ?? 500 })
    case 'deny':
      throw new S3Error('AccessDenied')
    case 'refuse':
      throw new S3Error(action.code, action.message === undefined ? {} : { message: action.message })
    case 'full':
      throw new S3Error('XMinioStorageFull')
    case 'latency':
    case 'lose-answer':
    case 'late-answer':
    case 'late-write':
    case 'cut-body':
    case 'stall-body':
    case 'flip-byte':
      break
  }
  return false
}

/** A latency ends early when the site is closed. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
}

function respondError(error: unknown, request: IncomingMessage, response: ServerResponse, requestId: string): void {
  // Too late for a refusal: a cut body is the only way left to tell that something went wrong.
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const refusal = error instanceof S3Error ? error : new S3Error('InternalError', { cause: error })
  const body = Buffer.from(errorXml(refusal, request.url ?? '', requestId))
  response.writeHead(refusal.status, {
    'content-type': 'application/xml',
    'content-length': body.length,
    ...refusal.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

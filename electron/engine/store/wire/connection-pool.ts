import type { SecureContext } from 'node:tls'
import type { Host } from '../../s3/address.ts'
import { Connection, StaleConnection, type ConnectionOptions } from './connection.ts'
import type { Timeouts, WireAnswer, WireRequest } from './request.ts'

export interface PoolOptions {
  /** Most connections at one time; requests beyond it wait for a free one. */
  readonly sockets: number
  readonly timeouts: Timeouts
  readonly insecureSkipVerify: boolean
  /** Built at the first TLS connection. */
  readonly secureContext: () => SecureContext | undefined
  readonly ticks: () => number
}

interface Waiter {
  readonly host: Host
  readonly take: (connection: Connection) => void
  readonly refuse: (reason: unknown) => void
}

/**
 * A site may close an idle connection at any moment, and a PUT that meets that moment cannot be sent again safely.
 * Most servers keep them for 5 s or more; one that says how long is believed, less a second.
 */
const idleMs = 4_000

/** The kept-alive connections of one site. */
export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #open = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting = new Set<Waiter>()
  readonly #connectionOptions: ConnectionOptions
  #sweep: NodeJS.Timeout | null = null
  #closedBy: Error | null = null
  #sockets: number
  #isRetired = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#sockets = options.sockets
    this.#connectionOptions = {
      timeouts: options.timeouts,
      insecureSkipVerify: options.insecureSkipVerify,
      secureContext: undefined,
      ticks: options.ticks,
      onFree: (connection) => this.#freed(connection),
      onGone: (connection) => this.#gone(connection),
    }
  }

  /**
   * Sends one request. A kept-alive connection that turns out closed before it took the request is replaced once by a
   * new one: that is the transport's own matter, and no retry.
   */
  async send(request: WireRequest): Promise<WireAnswer> {
    const connection = this.#closedBy === null ? (this.#takeIdle(request.host) ?? (await this.#wait(request))) : null
    if (connection === null) throw this.#closedBy!
    try {
      return await connection.run(request)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      return this.#dial(request.host).run(request)
    }
  }

  /** Takes effect at once for what waits; connections beyond a smaller number close when their requests have ended. */
  resize(sockets: number): void {
    this.#sockets = sockets
    for (const waiter of this.#waiting) {
      if (this.#open.size >= sockets) return
      waiter.take(this.#dial(waiter.host))
    }
  }

  /** Another pool takes its place: what is under way here goes on to its end, and no connection is kept for later. */
  retire(): void {
    this.#isRetired = true
    for (const connection of this.#idle) connection.destroy(expired)
  }

  /** Ends everything under way with `reason`. */
  close(reason: Error): void {
    this.#closedBy = reason
    for (const waiter of this.#waiting) waiter.refuse(reason)
    for (const connection of this.#open) connection.destroy(reason)
  }

  #takeIdle(host: Host): Connection | null {
    for (let at = this.#idle.length - 1; at >= 0; at--) {
      const connection = this.#idle[at]!
      if (connection.host !== host) continue
      this.#idle.splice(at, 1)
      if (connection.usable && this.#fresh(connection)) return connection
      connection.destroy(expired)
    }
    return null
  }

  #fresh(connection: Connection): boolean {
    const keptMs = connection.keepAliveMs === null ? idleMs : Math.min(idleMs, connection.keepAliveMs - 1_000)
    return this.#options.ticks() - connection.freeAt < Math.max(keptMs, 0)
  }

  #wait({ host, signal }: WireRequest): Promise<Connection> {
    // The last idle one belongs to another host of the same site (virtual-host style): it makes room.
    if (this.#open.size >= this.#sockets) this.#idle.shift()?.destroy(expired)
    if (this.#open.size < this.#sockets) return Promise.resolve(this.#dial(host))
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(signal?.reason)
      const leave = (): void => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        host,
        take: (connection) => (leave(), resolve(connection)),
        refuse: (reason) => (leave(), reject(reason)),
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #dial(host: Host): Connection {
    const secureContext = host.tls ? this.#options.secureContext() : undefined
    const connection = new Connection(host, { ...this.#connectionOptions, secureContext })
    this.#open.add(connection)
    const { connectMs, responseMs, stallMs } = this.#options.timeouts
    const everyMs = Math.max(5, Math.min(250, connectMs / 8, responseMs / 8, stallMs / 8))
    this.#sweep ??= setInterval(() => this.#check(), everyMs).unref()
    return connection
  }

  #freed(connection: Connection): void {
    const next = firstOf(this.#waiting)
    if (this.#open.size > this.#sockets) connection.destroy(expired)
    else if (next?.host === connection.host) next.take(connection)
    else if (next === undefined && !this.#isRetired) this.#idle.push(connection)
    else connection.destroy(expired)
  }

  #gone(connection: Connection): void {
    this.#open.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    const hasRoom = this.#closedBy === null && this.#open.size < this.#sockets
    const next = hasRoom ? firstOf(this.#waiting) : undefined
    if (next !== undefined) next.take(this.#dial(next.host))
    if (this.#open.size > 0 || this.#sweep === null) return
    clearInterval(this.#sweep)
    this.#sweep = null
  }

  #check(): void {
    const tick = this.#options.ticks()
    for (const connection of this.#open) connection.check(tick)
    for (const connection of this.#idle.filter((idle) => !this.#fresh(idle))) connection.destroy(expired)
  }
}

const expired = new Error('idle for too long')

function firstOf<T>(values: ReadonlySet<T>): T | undefined {
  for (const value of values) return value
  return undefined
}

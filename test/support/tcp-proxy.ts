import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** What lies between the client and the server. Everything takes effect at once, on open connections too. */
export interface Weather {
  /** Added in each direction, ms. */
  readonly delayMs: number
  /** Each direction of each connection; Infinity for no limit. */
  readonly bytesPerSecond: number
  /** Takes bytes and passes none on, in both directions; connections stay open. */
  readonly blackhole: boolean
  /** Resets every connection in the middle of a request: half of its body has passed, or half of its head. */
  readonly cutRequests: boolean
  /** Passes requests whole and resets the connection when the answer begins: what was asked for has been done. */
  readonly loseAnswers: boolean
  /** Answers each request with `503 SlowDown` itself, as a site does that has too much to do; nothing reaches the server. */
  readonly busy: boolean
}

const fair: Weather = {
  delayMs: 0,
  bytesPerSecond: Infinity,
  blackhole: false,
  cutRequests: false,
  loseAnswers: false,
  busy: false,
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  /** Bytes of the request under way that still pass; null when nothing cuts it. */
  left: number | null
}

interface Cut {
  readonly direction: Direction
  left: number
}

type Direction = 'up' | 'down'

/** A bad network in front of a real server: a loopback port whose connections can be slowed, cut, swallowed and refused. */
export class TcpProxy {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<Pair>()
  #server: Server | null = null
  #port = 0
  #weather: Weather = fair
  #cut: Cut | null = null
  #connections = 0
  readonly #passed: Record<Direction, number> = { up: 0, down: 0 }

  private constructor(target: URL) {
    this.#target = { host: target.hostname, port: Number(target.port || 80) }
  }

  /** In front of an `http://host:port`. */
  static async open(endpoint: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(endpoint))
    await proxy.turnOn()
    return proxy
  }

  /** What clients use instead of the server's own; the same over `turnOff` and `turnOn`. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Connections that were accepted so far. */
  get connections(): number {
    return this.#connections
  }

  /** Bytes that were passed on so far, of all connections. */
  get passedBytes(): Readonly<Record<Direction, number>> {
    return { ...this.#passed }
  }

  /** Changes what is named and leaves the rest as it is. */
  setWeather(weather: Partial<Weather>): void {
    this.#weather = { ...this.#weather, ...weather }
  }

  /**
   * Once: counts the bytes of all connections in that direction from now on, and resets the connection that carries the
   * last of `afterBytes`.
   */
  cutAfter(direction: Direction, afterBytes: number): void {
    this.#cut = { direction, left: afterBytes }
  }

  /** Fair weather again. What the storm swallowed never comes, so that all connections are reset. */
  async clearUp(): Promise<void> {
    this.#weather = fair
    this.#cut = null
    this.reset()
    await this.turnOn()
  }

  /** Ends all open connections with RST. */
  reset(): void {
    for (const pair of this.#pairs) resetBoth(pair)
  }

  /** Refuses connections and resets those that are open. */
  async turnOff(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = once(server, 'close')
    server.close()
    this.reset()
    await closed
  }

  async turnOn(): Promise<void> {
    if (this.#server !== null) return
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  close(): Promise<void> {
    return this.turnOff()
  }

  #accept(client: Socket): void {
    this.#connections += 1
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true })
    const pair: Pair = { client, server, left: null }
    this.#pairs.add(pair)
    this.#carry(pair, 'up')
    this.#carry(pair, 'down')
    client.on('close', () => this.#pairs.delete(pair))
  }

  #carry(pair: Pair, direction: Direction): void {
    const [from, to] = direction === 'up' ? [pair.client, pair.server] : [pair.server, pair.client]
    // An error of one side is an RST: the other side must see one too, not a polite end.
    from.on('error', () => to.resetAndDestroy())
    from.on('close', () => to.destroySoon())
    from.pipe(this.#weatherStream(pair, to, direction)).pipe(to)
  }

  /**
   * The rate holds the sender back, and so does a receiver that does not read. The delay does not: as on a long line, many
   * bytes are under way at one time.
   */
  #weatherStream(pair: Pair, to: Socket, direction: Direction): Transform {
    let line = Promise.resolve()
    const stream = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (direction === 'up' && this.#weather.busy && isHead(chunk)) {
          turnAway(pair)
          done()
          return
        }
        const { passed, isCut } = this.#cutShort(pair, chunk, direction)
        const dueAt = performance.now() + this.#weather.delayMs
        const deliver = async (previous: Promise<void>): Promise<void> => {
          await previous
          await waitUntil(dueAt)
          if (!this.#weather.blackhole) {
            this.#passed[direction] += passed.length
            stream.push(passed)
          }
          if (isCut) to.write('', () => resetBoth(pair))
        }
        line = deliver(line)
        const busyMs = (1000 * passed.length) / this.#weather.bytesPerSecond
        const go = (): void => void (busyMs >= 1 ? setTimeout(done, busyMs) : done())
        if (this.#weather.delayMs > 0) go()
        else void line.then(go)
      },
      flush: (done) => {
        const end = async (): Promise<void> => {
          await line
          done()
        }
        void end()
      },
    })
    return stream
  }

  #cutShort(pair: Pair, chunk: Buffer, direction: Direction): Passage {
    const { cutRequests, loseAnswers } = this.#weather
    if (direction === 'down' && loseAnswers && !isInterim(chunk)) return { passed: chunk.subarray(0, 0), isCut: true }
    if (direction === 'up' && cutRequests) return cutRequest(pair, chunk)
    const cut = this.#cut
    if (cut === null || cut.direction !== direction) return { passed: chunk, isCut: false }
    const passed = chunk.subarray(0, cut.left)
    cut.left -= passed.length
    if (cut.left > 0) return { passed, isCut: false }
    this.#cut = null
    return { passed, isCut: true }
  }
}

interface Passage {
  readonly passed: Buffer
  readonly isCut: boolean
}

/** `100 Continue` is no answer yet: behind it comes the body. */
const isInterim = (chunk: Buffer): boolean => chunk.toString('latin1', 0, 10) === 'HTTP/1.1 1'

/** A head comes in one piece: its sender writes it in one piece, and loopback does not part it. */
const isHead = (chunk: Buffer): boolean => /^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(chunk.toString('latin1', 0, 4096))

const slowDown = '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'

/** What of the body is still on its way is taken and thrown away, so that no reset takes the answer with it. */
function turnAway({ client }: Pair): void {
  const head = `HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: ${slowDown.length}`
  client.unpipe()
  client.resume()
  client.end(`${head}\r\nConnection: close\r\n\r\n${slowDown}`)
}

function cutRequest(pair: Pair, chunk: Buffer): Passage {
  if (isHead(chunk)) pair.left = halfOf(chunk)
  if (pair.left === null || chunk.length < pair.left) {
    if (pair.left !== null) pair.left -= chunk.length
    return { passed: chunk, isCut: false }
  }
  const passed = chunk.subarray(0, pair.left)
  pair.left = 0
  return { passed, isCut: true }
}

function halfOf(start: Buffer): number {
  const end = start.indexOf('\r\n\r\n')
  const headBytes = end < 0 ? start.length : end + 4
  const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(start.toString('latin1', 0, headBytes))?.[1] ?? 0)
  return bodyBytes > 1 ? headBytes + Math.floor(bodyBytes / 2) : Math.floor(headBytes / 2)
}

function resetBoth({ client, server }: Pair): void {
  client.resetAndDestroy()
  server.resetAndDestroy()
}

async function waitUntil(dueAt: number): Promise<void> {
  const waitMs = dueAt - performance.now()
  if (waitMs >= 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
}

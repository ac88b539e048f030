import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { GatewaySettings } from '../../../shared/model/gateway.ts'
import { readListenAddress } from '../../../shared/model/listen-address.ts'
import { listenFault } from '../base/listen-fault.ts'

/** Takes one request; resolves when it has been answered, or its client is gone. */
export type Serve = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => Promise<void>

export interface GatewayServer {
  readonly url: string
  readonly openConnections: () => number
  /** No new requests; those under way have a moment to end. */
  close(): Promise<void>
}

/**
 * An upload may take as long as its bytes move (the body has a watchdog of its own), so there is no limit to a whole
 * request. Heads must come promptly, and connections that do nothing are closed: thousands of them cost a socket each.
 */
const limits: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 10_000,
  // S3 allows 2 KiB of metadata and 8 KiB of other headers; tags and signatures come on top.
  maxHeaderSize: 32 * 1024,
  noDelay: true,
  // Both lengths in one request is how requests are smuggled: the strict parser refuses it with 400.
  insecureHTTPParser: false,
}
const graceMs = 2_000

/**
 * An idle connection costs 14 KiB (measured with 10,000) and a file descriptor, of which the sites and the journal want some
 * too. One more than these is closed at once.
 */
const mostConnections = 16_000

/**
 * Requests of one connection that wait for their answers. Clients of S3 send the next one when they have the answer; node
 * begins with all that it has read, so that one who sends on and on without reading would fill the memory.
 */
const mostUnanswered = 16

/** Opens the listener, `bounds` over the usual ones. Throws a fault when the address is taken, or a certificate cannot be read. */
export async function openServer(
  settings: GatewaySettings & { readonly listen: string },
  serve: Serve,
  bounds: ServerOptions & { readonly mostConnections?: number } = {},
): Promise<GatewayServer> {
  const { host, port } = readListenAddress(settings.listen)
  try {
    const server = await createFor(settings, { ...limits, ...bounds })
    server.maxConnections = bounds.mostConnections ?? mostConnections
    const underWay = new Set<Promise<void>>()
    const sockets = watchSockets(server)
    const admits = limitUnanswered()
    const accept = (request: IncomingMessage, response: ServerResponse, expects: boolean): void => {
      if (!admits(request, response)) return
      const served = serve(request, response, expects).finally(() => underWay.delete(served))
      underWay.add(served)
    }
    server.on('request', (request, response) => accept(request, response, false))
    server.on('checkContinue', (request, response) => accept(request, response, true))
    server.listen(port, host)
    await once(server, 'listening')
    return {
      url: urlOf(server, host, settings.tls !== null),
      openConnections: () => sockets.size,
      close: () => close(server, sockets, underWay),
    }
  } catch (error) {
    throw listenFault(error, settings)
  }
}

async function createFor({ tls }: GatewaySettings, options: ServerOptions): Promise<Server> {
  if (tls === null) return createServer(options)
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)])
  return createTlsServer({ ...options, cert, key, minVersion: 'TLSv1.2' })
}

/** False for a request on a connection that is closed because it has too many under way. */
function limitUnanswered(): (request: IncomingMessage, response: ServerResponse) => boolean {
  const unanswered = new WeakMap<Socket, number>()
  return ({ socket }, response) => {
    const count = (unanswered.get(socket) ?? 0) + 1
    if (count > mostUnanswered) socket.destroy()
    // What node had read before the end still comes.
    if (socket.destroyed) return false
    unanswered.set(socket, count)
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    return true
  }
}

function watchSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return sockets
}

function urlOf(server: Server, host: string, tls: boolean): string {
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function close(
  server: Server,
  sockets: ReadonlySet<Socket>,
  underWay: ReadonlySet<Promise<void>>,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, graceMs)
  await Promise.all(underWay)
  for (const socket of sockets) socket.destroy()
  await closed
  clearTimeout(timer)
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { router } from '../../shared/api/router.ts'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import type { ConsoleSessions } from './console-sessions.ts'
import { decideAccess, type Access, type AccessRequest } from './http-access.ts'
import { securityHeaders } from './content-security.ts'
import { staticFiles } from './static-files.ts'

export interface HttpHostOptions {
  readonly api: EngineApi
  /** The built console. */
  readonly rendererDir: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Scripts show this one as a bearer token; see control-file.ts. */
  readonly controlToken: string
  /** Who opened a link before. */
  readonly sessions: ConsoleSessions
  /** Makes a fresh unguessable token. */
  readonly newToken: () => string
}

export interface HttpHost {
  readonly url: string
  /** Opens the console, once. */
  readonly consoleUrl: string
  /** Another link of that kind. */
  newConsoleUrl(): string
  /** Ends open subscriptions too. */
  close(): Promise<void>
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1'])
const maxBodyBytes = 8 * 1024 * 1024
const notBuilt = 'The console is not built: run `npm run build`, then start again.'

/** Serves the console and the API router over loopback HTTP. Anything but loopback is refused: tunnel it through SSH instead. */
export async function startHttpHost(options: HttpHostOptions): Promise<HttpHost> {
  if (!loopbackHosts.has(options.host)) {
    throw new FaultError(
      fault(
        'CONFIG_INVALID',
        `--listen: "${options.host}" is not a loopback address; use 127.0.0.1 and an SSH tunnel.`,
      ),
    )
  }
  const server = createServer()
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
  const doors = new Doors(options, url)
  const answer = answerer(options, doors)
  server.on('request', (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  return {
    url,
    consoleUrl: doors.newLink(),
    newConsoleUrl: () => doors.newLink(),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, { host, port }: HttpHostOptions): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new FaultError(
      fault('CONFLICT', `${host}:${port} cannot be listened on. Choose another port with --listen.`),
      {
        cause: error,
      },
    )
  }
}

/** Who may come in: links not opened yet, which are forgotten when the host closes, and browsers that opened one. */
class Doors {
  readonly #options: HttpHostOptions
  readonly #url: string
  readonly #links = new Set<string>()
  // Browsers keep cookies per host name and not per port, so the port is part of the name.
  readonly #cookieName: string

  constructor(options: HttpHostOptions, url: string) {
    this.#options = options
    this.#url = url
    this.#cookieName = `lockstep-${new URL(url).port}`
  }

  newLink(): string {
    const token = this.#options.newToken()
    this.#links.add(token)
    return `${this.#url}/?token=${token}`
  }

  decide(request: AccessRequest): Access {
    const { controlToken } = this.#options
    return decideAccess(request, {
      cookieName: this.#cookieName,
      links: this.#links,
      isSession: (token) => this.#options.sessions.has(token),
      controlToken,
    })
  }

  /** Exchanges a link for a session and returns its cookie. */
  async redeem(link: string): Promise<string> {
    this.#links.delete(link)
    const session = this.#options.newToken()
    // A disk that takes no writes ends nothing here: the session lasts as long as this process.
    await this.#options.sessions.add(session).catch(() => undefined)
    return `${this.#cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`
  }
}

function answerer(options: HttpHostOptions, doors: Doors) {
  const files = staticFiles(options.rendererDir)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Put together rather than resolved: a target such as `//host` must not be read as a host.
    const url = new URL(`http://lockstep${request.url?.startsWith('/') === true ? request.url : '/?'}`)
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    response.setHeader('cache-control', 'no-store')
    const access = doors.decide(accessRequest(request, url))
    if (access.kind === 'refuse') {
      if (access.status === 401 && url.pathname.startsWith('/api/')) return endUnknown(response)
      return end(response, access.status, access.text)
    }
    if (access.kind === 'redeem') {
      response.setHeader('set-cookie', await doors.redeem(access.token))
      response.setHeader('location', '/')
      return end(response, 303, 'Welcome to Lockstep.')
    }
    if (url.pathname.startsWith('/api/')) return callProcedure(options.api, request, response, url)
    if (url.pathname === '/metrics') return end(response, 200, await options.api.metrics.text())
    if (url.pathname === '/console-link' && request.method === 'POST' && access.as === 'control') {
      return end(response, 200, doors.newLink())
    }
    return answerFile(request, response, await files(url.pathname), url)
  }
}

function accessRequest(request: IncomingMessage, url: URL): AccessRequest {
  const { headers, method = 'GET' } = request
  const fetchSite = headers['sec-fetch-site']
  return {
    method,
    path: url.pathname,
    linkToken: method === 'GET' && url.pathname === '/' ? url.searchParams.get('token') : null,
    host: headers.host,
    origin: headers.origin,
    fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
    authorization: headers.authorization,
    cookies: headers.cookie,
  }
}

async function callProcedure(api: EngineApi, req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  await nodeHTTPRequestHandler({
    router,
    req,
    res,
    path: url.pathname.slice('/api/'.length),
    createContext: () => Promise.resolve({ api }),
    maxBodySize: maxBodyBytes,
  })
}

function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: Awaited<ReturnType<ReturnType<typeof staticFiles>>>,
  url: URL,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'Not allowed.')
  if (file === null) return url.pathname === '/' ? end(response, 503, notBuilt) : end(response, 404, 'Not found.')
  response.setHeader('content-type', file.type)
  response.setHeader('content-length', file.body.length)
  if (file.immutable) response.setHeader('cache-control', 'private, max-age=31536000, immutable')
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

/** In the shape of the router's refusals, so that an open page and a script read the fault whole. */
function endUnknown(response: ServerResponse): void {
  const unknown = fault('SESSION_UNKNOWN', 'This session is not known to the engine that answers here.')
  const data = { code: 'UNAUTHORIZED', httpStatus: 401, fault: unknown }
  response.statusCode = 401
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ error: { message: unknown.message, code: -32001, data } }))
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(text)
}

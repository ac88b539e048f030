import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Config } from '../../../shared/model/config.ts'
import { readListenAddress } from '../../../shared/model/listen-address.ts'
import type { FeedView } from '../../../shared/model/rule.ts'
import { listenFault } from '../base/listen-fault.ts'
import { parseEvents } from './parse-event.ts'
import type { ChangeSink } from './port.ts'
import { hideToken, openWebhookToken, type TokenPlaces, type WebhookToken } from './webhook-token.ts'

export interface WebhookOptions {
  /** `HOST:PORT`; port 0 takes any free port. */
  readonly listen: string
  /** Secret part of the path: whoever knows it may announce changes, and nothing else. */
  readonly token: WebhookToken
  /** How the sites reach the receiver, when not by its own address; without the secret path. */
  readonly publicUrl: string | null
  readonly knowsSite: (siteId: string) => boolean
  readonly intake: ChangeSink
  readonly now: () => number
  /** A notification of this site could not be read: a scan must find what it told. */
  readonly onGap: (siteId: string) => void
  readonly onChange?: () => void
}

export interface Webhook {
  /** Where it is reached, without the secret path. */
  readonly address: string
  /** With the secret path; sites append their id: `<url>/<site id>`. */
  url(): string
  urlFor(siteId: string): string
  /** Another secret path: the ones before are refused from now on. */
  renewUrl(): Promise<string>
  view(siteId: string, bucket: string): FeedView
  stop(): Promise<void>
}

const bodyLimitBytes = 4 * 1024 * 1024
const requestTimeoutMs = 30_000

/** Receives bucket notifications. Answers 200 only after every change of the notification is in the journal. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { host, port } = readListenAddress(options.listen)
  const lastEventAt = new Map<string, number>()
  const server = createServer((request, response) => void answer(request, response, options, lastEventAt))
  server.requestTimeout = requestTimeoutMs
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    throw listenFault(error, {
      listen: options.listen,
      tls: null,
      what: 'The receiver of notifications cannot start: ',
    })
  }
  const address = (options.publicUrl ?? addressOf(server)).replace(/\/+$/, '')
  const url = (): string => `${address}/events/${options.token.text()}`
  return {
    address,
    url,
    urlFor: (siteId) => `${url()}/${siteId}`,
    async renewUrl() {
      await options.token.renew()
      return url()
    },
    view: (siteId, bucket) => viewOf(lastEventAt.get(`${siteId}/${bucket}`) ?? null),
    stop: () => close(server),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: WebhookOptions,
  lastEventAt: Map<string, number>,
): Promise<void> {
  try {
    response.statusCode = await receive(request, options, lastEventAt)
  } catch {
    // Not durable: the site must send it again. Why is the journal's to report, and nobody's business out there.
    response.statusCode = 503
  }
  // An unread body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close')
  response.end()
}

async function receive(
  request: IncomingMessage,
  options: WebhookOptions,
  lastEventAt: Map<string, number>,
): Promise<number> {
  const [events, token, siteId, ...rest] = (request.url ?? '').split('?', 1)[0]!.split('/').slice(1)
  if (events !== 'events' || token === undefined || siteId === undefined || rest.length > 0) return 404
  if (!options.token.admits(token) || !options.knowsSite(siteId)) return 404
  // Sites look with GET or HEAD whether somebody is there.
  if (request.method === 'GET' || request.method === 'HEAD') return 200
  if (request.method !== 'POST' && request.method !== 'PUT') return 405
  const body = await bodyOf(request)
  if (body === null) return 413
  if (body === '') return 200
  const document = parseJson(body)
  if (document === undefined) return 400
  const receivedAt = options.now()
  const { changes, unreadable } = parseEvents(document, { siteId, encoding: null, receivedAt })
  // Answering 400 would make the site send the same again for ever; the scan finds what could not be read.
  if (unreadable > 0) options.onGap(siteId)
  await options.intake.offer(changes, { kind: 'event' })
  for (const { bucket } of changes) lastEventAt.set(`${siteId}/${bucket}`, receivedAt)
  if (changes.length > 0) options.onChange?.()
  return 200
}

/** null when it is longer than the limit. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let sizeBytes = 0
  if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) return null
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (sizeBytes > bodyLimitBytes) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8').trim()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function addressOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') return ''
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

const viewOf = (lastEventAt: number | null): FeedView => ({
  kind: 'webhook',
  state: 'live',
  lastEventAt,
  fault: null,
  scan: null,
  lastScan: null,
})

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    // A sender that is cut off sends again; the engine must not wait for it.
    server.closeAllConnections()
  })
}

/** The receiver as the settings want it, or null. Its token outlives restarts: the sites were told the URL once. */
export async function openWebhook(
  { listen, publicUrl }: Config['notifications'],
  places: TokenPlaces,
  more: Omit<WebhookOptions, 'listen' | 'token' | 'publicUrl'>,
): Promise<Webhook | null> {
  if (listen !== null) return startWebhook({ ...more, listen, publicUrl, token: await openWebhookToken(places) })
  await hideToken(places)
  return null
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayRequest } from '../../../shared/model/gateway.ts'
import { clientReply, type AskedOperation } from './answers/client-reply.ts'
import { ClientBody, ClientGone } from './client-body.ts'
import { corsOfRefusal, preflight } from './cors.ts'
import type { GatewayContext } from './context.ts'
import type { Exchange, Reply } from './exchange.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { operations } from './operations/operations.ts'
import { readCall } from './protocol/read-call.ts'
import { route, type Routed } from '../s3/route.ts'
import type { S3Error } from '../s3/s3-error.ts'
import type { SignatureVerifier } from '../s3/signature-verifier.ts'
import type { RequestLog } from './request-log.ts'
import { respond, respondError } from './respond.ts'

export interface ServeParts {
  readonly context: GatewayContext
  readonly gatekeeper: Gatekeeper
  /** AskedOperation for every request: it changes when a key's secret does. */
  readonly verifier: () => SignatureVerifier
  readonly baseHosts: readonly string[]
  readonly requests: RequestLog
  /** A fault of the gateway itself, for the log. */
  readonly onError: (error: unknown) => void
  readonly requestId: () => string
}

/** A client that sends no byte of its body for this long is given up. */
const stallMs = 60_000

interface ServedRequest {
  routed: Routed | null
  accessKeyId: string | null
  reply: Reply | null
  refusal: S3Error | null
  body: ClientBody | null
}

/** From the head of a request to the last byte of its answer: route, verify, admit, act, respond. */
export async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
  parts: ServeParts,
): Promise<void> {
  const { context, requests, onError, requestId, baseHosts } = parts
  const at = context.now()
  const gone = new AbortController()
  const told: ServedRequest = { routed: null, accessKeyId: null, reply: null, refusal: null, body: null }
  response.on('close', () => {
    // An answer that was given whole ends in the same way; an error for each of them would cost a tenth of the time.
    if (!response.writableFinished) gone.abort(new ClientGone('the client went away'))
  })
  const before = request.socket.bytesWritten
  try {
    const routed = (told.routed = route(request.method ?? '', request.url ?? '', request.headers, { baseHosts }))
    const reply =
      request.method === 'OPTIONS'
        ? await preflight(context, routed, request.headers, gone.signal)
        : await acted(admitted(request, routed, expectsContinue ? response : null, gone.signal, told, parts), context)
    told.reply = clientReply(reply, asked(request, routed, requestId()))
    await respond(request, response, told.reply)
  } catch (error) {
    if (isGone(error, request, response)) response.destroy()
    else {
      const cors = await corsOf(request, response, told, gone.signal, context)
      told.refusal = respondError(error, request, response, requestId(), cors)
    }
    if (told.refusal?.code === 'InternalError') onError(error)
  }
  requests.add(requestOf(told, at, context.now(), response), {
    // As clients see it: what they were sent, and what they sent.
    read: Math.max(0, request.socket.bytesWritten - before),
    written: told.body?.readBytes ?? 0,
  })
}

/** Whatever broke, it broke because the client left: there is nobody to answer, and nothing to mend. */
const isGone = (error: unknown, request: IncomingMessage, response: ServerResponse): boolean =>
  error instanceof ClientGone || response.destroyed || request.socket.destroyed

/** A refusal of a site's own says for itself which origins may read it. */
async function corsOf(
  { headers, method = '' }: IncomingMessage,
  { headersSent }: ServerResponse,
  { routed }: ServedRequest,
  signal: AbortSignal,
  context: GatewayContext,
): Promise<Readonly<Record<string, string>>> {
  if (headers.origin === undefined || method === 'OPTIONS' || routed === null || headersSent) return {}
  return corsOfRefusal(context, routed, method, headers.origin, signal)
}

function admitted(
  request: IncomingMessage,
  routed: Routed,
  expecting: ServerResponse | null,
  signal: AbortSignal,
  told: ServedRequest,
  { context, gatekeeper, verifier }: ServeParts,
): Exchange {
  const { headers } = request
  const { accessKeyId, payload } = verifier().verify({ ...routed, headers }, context.now())
  told.accessKeyId = accessKeyId
  const call = readCall(routed, request)
  const grant = gatekeeper.admit(accessKeyId, call, context.now())
  grant.lastUsedAt = context.now()
  const proceed = expecting === null ? null : () => expecting.writeContinue()
  const body = (told.body = new ClientBody({
    request,
    promise: payload,
    operation: call.operation,
    proceed,
    stallMs,
    mostBytes: call.mostBodyBytes,
  }))
  return { call, body, grant, signal, stillAdmitted: () => gatekeeper.stillAdmits(grant, context.now()) }
}

function asked(
  request: IncomingMessage,
  { operation, method, bucket, key }: Routed,
  requestId: string,
): AskedOperation {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http'
  const origin = `${scheme}://${request.headers.host ?? ''}`
  return { operation, method, bucket, key, origin, requestId, resource: (request.url ?? '').split('?', 1)[0]! }
}

/** What the client got wrong about its body is why the site broke off, and what it is told. */
async function acted(exchange: Exchange, context: GatewayContext): Promise<Reply> {
  try {
    return await operations[exchange.call.operation](context, exchange)
  } catch (error) {
    throw exchange.body.fault ?? error
  }
}

function requestOf(
  { routed, accessKeyId, reply, refusal }: ServedRequest,
  at: number,
  endedAt: number,
  response: ServerResponse,
): Omit<GatewayRequest, 'id'> {
  const acks = reply?.acks ?? refusal?.headers['x-lockstep-acks'] ?? null
  return {
    at,
    operation: routed?.method === 'OPTIONS' ? 'Preflight' : (routed?.operation ?? 'Unknown'),
    bucket: routed?.bucket ?? '',
    key: routed?.key ?? '',
    status: response.headersSent ? response.statusCode : 0,
    code: refusal?.code ?? codeOf(reply),
    acks,
    servedBy: reply?.servedBy ?? null,
    durationMs: endedAt - at,
    accessKeyId,
  }
}

/** The site's own refusal. */
function codeOf(reply: Reply | null): string | null {
  if (reply === null || reply.answer.status < 400) return null
  return /<Code>([A-Za-z0-9.]{1,80})<\/Code>/.exec(reply.answer.bytes.toString('latin1', 0, 4096))?.[1] ?? null
}

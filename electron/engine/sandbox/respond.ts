import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { isErrno } from '../base/errno.ts'
import type { Answer, ListeningBody, StreamedBody } from './exchange.ts'
import type { FaultAction } from './fault-switch.ts'

/** A listener that reads slower than this much is behind loses events, as on MinIO. */
const listenerBacklogBytes = 4 * 1024 * 1024

/** Writes an answer. Resolves when the last byte was handed to the socket, or when the client has gone. */
export async function respond(
  response: ServerResponse,
  answer: Answer,
  action: FaultAction | null,
  closing: AbortSignal,
): Promise<void> {
  const { body } = answer
  if (body === undefined) {
    response.writeHead(answer.status, answer.headers).end()
  } else if (typeof body === 'string') {
    respondBytes(response, answer, Buffer.from(body), 'application/xml')
  } else if (Buffer.isBuffer(body)) {
    if (action === null) respondBytes(response, answer, body)
    else await respondStream(response, answer, whole(body), { action, closing })
  } else if ('attach' in body) {
    await listen(response, answer, body, closing)
  } else {
    await respondStream(response, answer, body.chunks, { action, closing })
  }
}

function respondBytes(response: ServerResponse, answer: Answer, bytes: Buffer, type?: string): void {
  const contentType = type === undefined ? {} : { 'content-type': type }
  response.writeHead(answer.status, { ...contentType, ...answer.headers, 'content-length': bytes.length }).end(bytes)
}

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function respondStream(
  response: ServerResponse,
  answer: Answer,
  chunks: StreamedBody['chunks'],
  { action, closing }: { readonly action: FaultAction | null; readonly closing: AbortSignal },
): Promise<void> {
  response.writeHead(answer.status, answer.headers)
  try {
    await pipeline(action === null ? chunks : damaged(chunks, action, response, closing), response)
  } catch (error) {
    // The client hung up, or a fault cut the body: there is nobody left to tell.
    if (!isPrematureClose(error)) throw error
  }
}

const isPrematureClose = (error: unknown): boolean => isErrno(error, 'ERR_STREAM_PREMATURE_CLOSE')

/** Hands the bytes on as far as the fault lets them, and then does what the fault says. */
async function* damaged(
  chunks: AsyncGenerator<Buffer>,
  action: FaultAction,
  response: ServerResponse,
  closing: AbortSignal,
): AsyncGenerator<Buffer> {
  const limit = action.kind === 'cut-body' || action.kind === 'stall-body' ? action.afterBytes : Infinity
  let sent = 0
  for await (const chunk of chunks) {
    const allowed = chunk.subarray(0, Math.max(0, limit - sent))
    if (allowed.length > 0) yield action.kind === 'flip-byte' ? flipped(allowed, action.at - sent) : allowed
    sent += chunk.length
    if (sent > limit) {
      if (action.kind === 'cut-body') await cut(response)
      else await hungUp(response, closing)
      return
    }
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  if (at < 0 || at >= bytes.length) return bytes
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1
  return copy
}

/** Ends the connection once what was written has left, so that the client sees exactly the bytes before the cut. */
async function cut(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => response.write('', () => resolve()))
  response.destroy()
}

/**
 * Resolves when the client has hung up, or the site is closed: an answer that waits behind another one on a connection that breaks
 * is never told.
 */
export async function hungUp(response: ServerResponse, closing: AbortSignal): Promise<void> {
  if (response.destroyed || closing.aborted) return
  await once(response, 'close', { signal: closing }).catch(() => undefined)
}

async function listen(
  response: ServerResponse,
  answer: Answer,
  body: ListeningBody,
  closing: AbortSignal,
): Promise<void> {
  response.writeHead(answer.status, answer.headers)
  response.flushHeaders()
  const detach = body.attach((text) => response.writableLength <= listenerBacklogBytes && response.write(text))
  await hungUp(response, closing)
  detach()
}

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { FaultError } from '../../../shared/model/fault.ts'
import type { Pumped } from '../s3/pumped.ts'
import { answerHeaders } from './answers/answer-headers.ts'
import type { Reply } from './exchange.ts'
import { endAnswer } from './linger.ts'
import { errorXml, S3Error } from '../s3/s3-error.ts'

/** A client that takes no byte for this long is given up. */
const stalledMs = 120_000

/** Writes the site's answer to the client. Resolves when its last byte was handed over; rejects when client or site broke off. */
export async function respond(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const { status, bytes, stream } = reply.answer
  closeUnlessRead(request, response)
  const headers = outgoing(reply)
  if (request.method !== 'HEAD' && stream === null && headers['content-length'] === undefined && status !== 204)
    headers['content-length'] = String(bytes.length)
  response.writeHead(status, headers)
  if (stream === null) return endAnswer(request, response, bytes)
  response.setTimeout(stalledMs, () => response.destroy())
  if (request.method === 'HEAD') {
    stream.destroy()
    return endAnswer(request, response)
  }
  // A stream of events may be silent for long: its head goes at once. Otherwise head and first piece leave together.
  if (headers['content-length'] === undefined) response.flushHeaders()
  await passOn(stream, response, reply.stillAdmitted)
  endAnswer(request, response)
}

/** Pieces go to the client where they lie; the next is read when the client's socket has taken the one before. */
async function passOn(body: Pumped, response: ServerResponse, stillAdmitted: Reply['stillAdmitted']): Promise<void> {
  const onClose = (): void => body.destroy()
  response.once('close', onClose)
  if (response.destroyed) onClose()
  await body.pump(
    (piece) =>
      new Promise((resolve, reject) => {
        if (stillAdmitted?.() === false) throw new S3Error('AccessDenied', { message: 'This access key has ended.' })
        response.write(piece, (error) => (error == null ? resolve() : reject(error)))
      }),
  )
  response.removeListener('close', onClose)
}

function outgoing({ answer, headers: changes, acks, servedBy }: Reply): Record<string, string> {
  const headers = answerHeaders(answer.headers, changes)
  if (acks !== undefined) headers['x-lockstep-acks'] = acks
  if (servedBy !== undefined) headers['x-lockstep-served-by'] = servedBy
  return headers
}

/** Writes a refusal as S3 does; the one place where faults become S3 errors. Returns it, for the list of requests. */
export function respondError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): S3Error {
  const refusal = refusalOf(error)
  if (response.headersSent || response.destroyed) {
    // Too late for a refusal: a cut body is the only way left to tell.
    response.destroy()
    return refusal
  }
  closeUnlessRead(request, response)
  // An answer that could not be written may have left its own.
  response.statusMessage = STATUS_CODES[refusal.status] ?? ''
  const body = Buffer.from(errorXml(refusal, (request.url ?? '').split('?', 1)[0]!, requestId))
  response.writeHead(refusal.status, {
    'content-type': 'application/xml',
    'content-length': body.length,
    'x-amz-request-id': requestId,
    ...refusal.headers,
    ...more,
  })
  endAnswer(request, response, request.method === 'HEAD' ? undefined : body)
  return refusal
}

/** A body that nobody reads would be taken for the next request. */
function closeUnlessRead(request: IncomingMessage, response: ServerResponse): void {
  if (!request.complete) response.setHeader('connection', 'close')
}

function refusalOf(error: unknown): S3Error {
  if (error instanceof S3Error) return error
  if (!(error instanceof FaultError)) return new S3Error('InternalError', { cause: error })
  const { code } = error.fault
  const message =
    code === 'CONNECT_REFUSED' || code === 'CONNECT_TIMEOUT' || code === 'DNS_FAILED' || code === 'TLS_FAILED'
      ? 'The site behind the gateway cannot be reached and has not taken the write. What another site took of it is removed again.'
      : 'The site behind the gateway broke off. A write may have been stored or not; do not assume either way.'
  return new S3Error('ServiceUnavailable', { cause: error, message })
}

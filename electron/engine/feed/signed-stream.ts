import type { SignedCalls } from '../store/signed-calls.ts'
import type { SendSigned, SignedStream } from './port.ts'

/** MinIO may send the head of its answer with the first ping only, ten seconds later. */
const firstByteMs = 40_000

/** The event stream of one site over the store's own signed calls. Give it calls with connections of their own: it keeps one. */
export function signedStream(calls: Pick<SignedCalls, 'send'>): SignedStream {
  return async ({ bucket, query }, signal) => {
    const operation = 'ListenNotification'
    const answer = await calls.send({
      operation,
      method: 'GET',
      bucket,
      query,
      stream: true,
      responseMs: firstByteMs,
      signal,
    })
    // A 2xx answer that was asked for as a stream always has one.
    return answer.stream!
  }
}

/** Signed requests for notifications and topics over the store's own signed calls. */
export function sendSigned(calls: Pick<SignedCalls, 'send'>): SendSigned {
  return async ({ operation, method, bucket, query, headers, body, accept }, signal) => {
    const bytes = body === undefined ? undefined : Buffer.from(body, 'utf8')
    const request = { operation, method, bucket, query, headers, body: bytes, signBody: true, accept, signal }
    const answer = await calls.send(request)
    return { status: answer.status, body: answer.bytes.toString('utf8') }
  }
}

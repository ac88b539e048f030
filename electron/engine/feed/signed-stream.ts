import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Site } from '../../../shared/model/site.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { secureContextOf } from '../store/s3-store.ts'
import { SignedCalls } from '../store/signed-calls.ts'
import { ConnectionPool } from '../store/wire/connection-pool.ts'
import { defaultTimeouts } from '../store/wire/request.ts'
import type { SendSigned, SignedStream } from './port.ts'

/** What feeds ask of one site, besides listings. */
export interface FeedConnection {
  readonly stream: SignedStream
  readonly send: SendSigned
  /** Streams and requests under way end with CANCELLED. */
  close(): void
}

/** One connection per bucket listened to, and one for what is rare; beyond it streams would wait for each other. */
const sockets = 256

/** Connections of their own for the feeds of one site: an event stream keeps its connection for as long as it lives. */
export function openFeedConnection(site: Site, keys: KeyPair, now: () => number): FeedConnection {
  const pool = new ConnectionPool({
    sockets,
    timeouts: defaultTimeouts,
    insecureSkipVerify: site.tls.insecureSkipVerify,
    secureContext: () => secureContextOf(site),
    ticks: () => performance.now(),
  })
  const calls = new SignedCalls(site, keys, pool, defaultTimeouts, now)
  return {
    stream: signedStream(calls),
    send: sendSigned(calls),
    close: () => pool.close(new FaultError(fault('CANCELLED', 'the feed was closed', { site: site.id }))),
  }
}

/** MinIO may send the head of its answer with the first ping only, ten seconds later. */
const firstByteMs = 40_000

function signedStream(calls: Pick<SignedCalls, 'send'>): SignedStream {
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

function sendSigned(calls: Pick<SignedCalls, 'send'>): SendSigned {
  return async ({ operation, method, bucket, query, headers, body, accept }, signal) => {
    const bytes = body === undefined ? undefined : Buffer.from(body, 'utf8')
    const request = { operation, method, bucket, query, headers, body: bytes, signBody: true, accept, signal }
    const answer = await calls.send(request)
    return { status: answer.status, body: answer.bytes.toString('utf8') }
  }
}

import type { Readable } from 'node:stream'
import type { Pumped } from '../../s3/pumped.ts'
import type { FaultContext } from '../../base/errors.ts'
import type { Host } from '../../s3/address.ts'
import type { HeaderMap } from '../../s3/headers.ts'

export interface Timeouts {
  /** To an open connection, DNS and TLS included. */
  readonly connectMs: number
  /** From the last byte sent to the first byte of the answer. */
  readonly responseMs: number
  /** The same for CompleteMultipartUpload, which joins all parts before it answers. */
  readonly completeMs: number
  /** Without one byte moved, while a byte is awaited. */
  readonly stallMs: number
}

export const defaultTimeouts: Timeouts = {
  connectMs: 5_000,
  responseMs: 60_000,
  completeMs: 600_000,
  stallMs: 30_000,
}

/** One HTTP request, ready to be sent. */
export interface WireRequest {
  readonly host: Host
  readonly method: string
  /** Request line and headers with the closing empty line, latin1. */
  readonly head: string
  readonly body: Uint8Array | Pumped | null
  readonly sizeBytes: number
  /** Wait for `100 Continue` before the body: a refusal then costs no body. */
  readonly expectContinue: boolean
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** The connection is there, and the head leaves. */
  readonly onSent?: (() => void) | undefined
  /** Give a 2xx body as a stream; otherwise it is collected. */
  readonly stream: boolean
  /** A body that says its length, and is no longer than this, is collected even so: a stream costs more than its bytes. */
  readonly smallBytes?: number
  readonly responseMs: number
  readonly signal?: AbortSignal | undefined
  readonly context: FaultContext
}

export interface WireAnswer {
  readonly status: number
  readonly headers: HeaderMap
  /** The whole body, unless it is streamed. */
  readonly bytes: Buffer
  readonly stream: (Readable & Pumped) | null
  /** From the request written to the first byte of the answer. */
  readonly rttMs: number
}

import type { Pumped } from '../s3/pumped.ts'
import type { WireAnswer } from '../store/wire/request.ts'
import type { ClientBody } from './client-body.ts'
import type { ClientKey } from './client-keys.ts'
import type { S3Call } from './protocol/read-call.ts'

/** One request that has passed the signature check and the limits of its key. */
export interface Exchange {
  readonly call: S3Call
  readonly body: ClientBody
  readonly grant: ClientKey
  /** Whether the client's key still is what it was: for answers that have no end. */
  readonly stillAdmitted: () => boolean
  /** Ends when the client goes away. */
  readonly signal: AbortSignal
}

/** What the client gets: the site's answer, and what the gateway has to add. */
export interface Reply {
  readonly answer: Pick<WireAnswer, 'status' | 'headers' | 'bytes'> & { readonly stream: Pumped | null }
  /** Over the site's; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Asked before each piece of a stream; the client hears no more once it is false. */
  readonly stillAdmitted?: () => boolean
  readonly acks?: string
  readonly servedBy?: string
}

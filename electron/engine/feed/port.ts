/*
 * Change feeds: event streams and webhooks, by which a site tells what changed at a source, offered to the intake. Opened for
 * each source bucket by `link/`; nothing that a feed says is trusted for content, and what they miss a scan finds (`scan/`).
 */

import type { Readable } from 'node:stream'
import type { Fault } from '../../../shared/model/fault.ts'
import type { FeedView } from '../../../shared/model/rule.ts'
import type { Operation } from '../../../shared/model/task.ts'

/** Something that a site said happened to one object. Never trusted for content: the worker looks again. */
export interface Change {
  readonly siteId: string
  readonly bucket: string
  readonly key: string
  /** null where the event names none. */
  readonly versionId: string | null
  readonly operation: Operation
  readonly sizeBytes: number | null
  /** Epoch ms. */
  readonly changedAt: number
  /** The client had, and used, the right to go past a governance retention: its replica follows. */
  readonly bypassGovernance?: true
}

/** Where feeds put what a site told: the intake. Resolves when it is durable. */
export interface ChangeSink {
  offer(changes: readonly Change[], origin: { readonly kind: 'event' }): Promise<unknown>
}

/** Why events cannot be counted on, and since when (epoch ms). */
export interface Unavailable {
  readonly since: number
  readonly fault: Fault
}

/** A running source of changes for one bucket of one site. */
export interface Feed {
  view(): FeedView
  /** null while events come, or would come if anything happened. */
  unavailable(): Unavailable | null
  /** A scan found a change of this instant (epoch ms, this machine's clock) that nobody had told. */
  untold(changedAt: number): void
  /** Takes the connection up again now, if it waits for that. */
  again(): void
  stop(): Promise<void>
}

/** A signed GET on a bucket whose answer is read while the site writes it. Throws a FaultError unless it is answered with 200. */
export type SignedStream = (
  request: { readonly bucket: string; readonly query: readonly (readonly [name: string, value: string])[] },
  signal: AbortSignal,
) => Promise<Readable>

export interface RequestToSign {
  /** The S3 or SNS operation, for messages. */
  readonly operation: string
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket?: string | undefined
  readonly query?: readonly (readonly [name: string, value: string])[] | undefined
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined
  readonly body?: string | undefined
  /** Statuses besides 2xx that are no fault. */
  readonly accept?: readonly number[] | undefined
}

/** One signed request for what no object store port covers; resolves with status and body, throws a FaultError on a refusal. */
export type SendSigned = (
  request: RequestToSign,
  signal?: AbortSignal,
) => Promise<{ readonly status: number; readonly body: string }>

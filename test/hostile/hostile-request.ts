import type { ClientName } from './clients.ts'

export type Header = readonly [name: string, value: string]

/** What `x-amz-content-sha256` promises of the body. */
export type Payload =
  | { readonly kind: 'hash' }
  /** The words as they are, right or wrong; the body goes out as it is. */
  | { readonly kind: 'literal'; readonly words: string }
  /** The body in chunks of these sizes, each signed. */
  | { readonly kind: 'signedChunks'; readonly chunkBytes: number; readonly breakSignature?: boolean }

export interface Signing {
  readonly way: 'header' | 'presigned' | 'version2' | 'none'
  /** Whose access key id stands in it, and whose secret made it; by default the client's. */
  readonly idOf?: ClientName
  readonly secretOf?: ClientName
  readonly agoMs?: number
  /** The canonical path: as it was sent, or decoded and encoded again. */
  readonly path?: 'sent' | 'normal'
  /** As it stands in the query of a presigned URL. */
  readonly expires?: string
}

/** Bytes about to be sent, signed. */
export interface Wire {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly headers: readonly Header[]
  readonly body: Buffer
}

/** One request of a client, before it is signed. Texts are bytes (latin1). */
export interface HostileRequest {
  /** What was made of which request, for the report. */
  readonly name: string
  readonly as: ClientName
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: readonly Header[]
  readonly body: Buffer
  readonly payload: Payload
  readonly signing: Signing
  /** What is changed after signing. */
  readonly late?: (wire: Wire) => Wire
  /** Why nobody may accept it, whatever the client's rights; null leaves it to the oracle. */
  readonly wrong: string | null
  /** Nothing was done to it: it must be accepted when the client has the right to it. */
  readonly untouched: boolean
  /** Bytes that follow on the same connection at once. */
  readonly followedBy?: Buffer
}

/** As it goes over the socket. */
export function bytesOfWire({ method, target, version, headers, body }: Wire): Buffer {
  const head = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body])
}

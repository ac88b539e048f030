import type { IncomingMessage } from 'node:http'
import type { ChecksumAlgorithm } from '../s3/checksum.ts'
import { announcedChecksums, openPayload, type Payload } from '../s3/payload.ts'
import type { S3Operation } from '../s3/route.ts'
import { S3Error, type S3ErrorCode } from '../s3/s3-error.ts'
import type { PayloadPromise } from '../s3/signature-verifier.ts'
import { emptyPayloadHash } from '../s3/sigv4.ts'

/** Bodies up to this size are read and verified before anything goes to the site: they leave in one piece, with their checksum. */
const wholeBytes = 256 * 1024

/** What the site gets for a client's body. */
export interface OutgoingBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
  readonly sizeBytes: number | null
  readonly expectContinue: boolean
  /** Checksums of the body that the client sent and that held: of a body that streams, once it has ended. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>
  /** Those of them that the client sends behind a body that streams. */
  readonly trailing: readonly ChecksumAlgorithm[]
}

/** A body that was read to its end. */
export interface WholeBody extends OutgoingBody {
  readonly body: Buffer
}

/** The client went away, or broke its own connection: nobody is left to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

export interface ClientBodyOptions {
  readonly request: IncomingMessage
  readonly promise: PayloadPromise
  /** Says what the headers of the body mean. */
  readonly operation: S3Operation
  /** Tells the client to go on, when it asked to be told; null when it did not. */
  readonly proceed: (() => void) | null
  /** Without one byte from the client for this long, it is given up. */
  readonly stallMs: number
  /** The longest body that belongs to the request, decoded; null for any. */
  readonly mostBytes: number | null
}

/**
 * A client's body: read once, at the pace of whoever reads it, and checked while it passes. The last piece is handed on
 * only when everything that the client promised of the body has held.
 */
export class ClientBody {
  /** Why the body could not be read to its end; what the site then says of a cut request is of no interest. */
  fault: S3Error | ClientGone | null = null
  readonly #options: ClientBodyOptions
  readonly #present: boolean
  #readBytes = 0

  constructor(options: ClientBodyOptions) {
    this.#options = options
    const { headers } = options.request
    this.#present = headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '')
  }

  /** As they came over the network's framing, without that of the client's coding. */
  get readBytes(): number {
    return this.#readBytes
  }

  /** Throws the S3 error when the body is small and does not hold what was promised; later pieces throw into the reader. */
  async open(): Promise<OutgoingBody> {
    if (!this.#present) return await this.#absent()
    const payload = this.#payload()
    const { sizeBytes } = payload
    if (sizeBytes === null) throw new S3Error('MissingContentLength')
    const { proceed, mostBytes } = this.#options
    if (mostBytes !== null && sizeBytes > mostBytes) throw tooLong(mostBytes)
    if (sizeBytes === 0 || (sizeBytes <= wholeBytes && proceed === null)) {
      return this.#whole(payload, sizeBytes, 'IncompleteBody')
    }
    return {
      body: this.#pieces(payload, sizeBytes),
      sizeBytes,
      expectContinue: proceed !== null,
      checksums: payload.checksums,
      trailing: announcedChecksums(this.#options.request.headers),
    }
  }

  /** The whole body as a document. */
  async collect(limitBytes: number): Promise<WholeBody> {
    const payload = this.#payload()
    const { mostBytes } = this.#options
    const sizeBytes = payload.sizeBytes ?? 0
    if (mostBytes !== null && sizeBytes > mostBytes) throw tooLong(mostBytes)
    if (sizeBytes > limitBytes) throw new S3Error('MalformedXML')
    return this.#whole(payload, limitBytes, 'MalformedXML')
  }

  #payload(): Payload {
    const { request, promise, operation } = this.#options
    // Without `destroyOnReturn: false` a refused body would take the connection with it, and the refusal too.
    return openPayload(request.iterator({ destroyOnReturn: false }), request.headers, promise, operation)
  }

  async #absent(): Promise<OutgoingBody> {
    const { request, promise } = this.#options
    if (promise.kind === 'sha256' && promise.hex !== emptyPayloadHash) throw new S3Error('XAmzContentSHA256Mismatch')
    if (promise.kind === 'chunked') throw new S3Error('IncompleteBody')
    const takesBody = bodyMethods.has(request.method ?? '')
    const announced = request.headers['content-length'] !== undefined || takesBody
    if (request.headers['content-length'] === undefined && request.method === 'PUT')
      throw new S3Error('MissingContentLength')
    // What is promised of a body holds for one without a byte too.
    if (takesBody) await this.#checkNothing()
    return { body: null, sizeBytes: announced ? 0 : null, expectContinue: false, checksums: noChecksums, trailing: [] }
  }

  async #checkNothing(): Promise<void> {
    const { request, promise, operation } = this.#options
    const headers = { ...request.headers, 'content-length': '0' }
    const { bytes } = openPayload(noPieces(), headers, promise, operation)
    await bytes[Symbol.asyncIterator]().next()
  }

  async #whole(payload: Payload, limitBytes: number, tooLong: S3ErrorCode): Promise<WholeBody> {
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces(payload, limitBytes, tooLong)) pieces.push(piece)
    const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    return { body, sizeBytes: body.length, expectContinue: false, checksums: payload.checksums, trailing: [] }
  }

  async *#pieces(
    payload: Payload,
    limitBytes: number,
    tooLong: S3ErrorCode = 'IncompleteBody',
  ): AsyncGenerator<Buffer> {
    const { request, proceed, stallMs } = this.#options
    const { socket } = request
    const onStall = (): void => {
      this.fault ??= new S3Error('RequestTimeout')
      request.destroy()
    }
    proceed?.()
    socket.setTimeout(stallMs, onStall)
    try {
      for await (const piece of payload.bytes) {
        this.#readBytes += piece.length
        if (this.#readBytes > limitBytes) throw new S3Error(tooLong)
        yield piece
      }
    } catch (error) {
      this.fault ??= error instanceof S3Error ? error : new ClientGone('the client went away', { cause: error })
      throw this.fault
    } finally {
      socket.setTimeout(0)
      socket.removeListener('timeout', onStall)
    }
  }
}

// oxlint-disable-next-line require-yield -- a body without a byte
async function* noPieces(): AsyncGenerator<Buffer> {}

const tooLong = (mostBytes: number): S3Error =>
  mostBytes === 0
    ? new S3Error('InvalidRequest', { message: 'This request takes no body.' })
    : new S3Error('MaxMessageLengthExceeded')

const noChecksums: ReadonlyMap<ChecksumAlgorithm, string> = new Map()
const bodyMethods: ReadonlySet<string> = new Set(['PUT', 'POST'])

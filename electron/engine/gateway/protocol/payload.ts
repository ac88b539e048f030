import { createHash } from 'node:crypto'
import { decodeAwsChunked } from './aws-chunked.ts'
import { checksumAlgorithms, startChecksum, type ChecksumAlgorithm } from './checksum.ts'
import { S3Error } from './s3-error.ts'
import type { PayloadPromise } from './sigv4-verify.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** A request's body as the client meant it, without its transport framing. */
export interface Payload {
  /** null when the client did not say (no Content-Length and no decoded length). */
  readonly sizeBytes: number | null
  /**
   * Read once. It throws at the end when length, hash, signature, Content-MD5 or checksum do not hold, so nothing that
   * was read may be kept before the iteration has ended.
   */
  readonly bytes: AsyncIterable<Buffer>
  /** Checksums that the client sent and that held; complete once `bytes` has ended. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>
}

/** Undoes aws-chunked and checks everything that the client promised about the body. */
export function openPayload(source: AsyncIterable<Buffer>, headers: Headers, promise: PayloadPromise): Payload {
  const checks = new BodyChecks(headers, promise)
  const sizeBytes = declaredSize(headers, promise)
  return { sizeBytes, bytes: checkedBytes(source, promise, sizeBytes, checks), checksums: checks.checksums }
}

function declaredSize(headers: Headers, promise: PayloadPromise): number | null {
  const text = headers[promise.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length']
  if (text === undefined) return null
  const size = Number(text)
  if (!Number.isSafeInteger(size) || size < 0) throw new S3Error('InvalidArgument', { message: 'Bad body length.' })
  return size
}

async function* checkedBytes(
  source: AsyncIterable<Buffer>,
  promise: PayloadPromise,
  sizeBytes: number | null,
  checks: BodyChecks,
): AsyncGenerator<Buffer> {
  let seen = 0
  for await (const bytes of plainBytes(source, promise, sizeBytes, checks)) {
    seen += bytes.length
    checks.update(bytes)
    yield bytes
  }
  if (sizeBytes !== null && seen !== sizeBytes) throw new S3Error('IncompleteBody')
  checks.finish()
}

function plainBytes(
  source: AsyncIterable<Buffer>,
  promise: PayloadPromise,
  sizeBytes: number | null,
  checks: BodyChecks,
): AsyncIterable<Buffer> {
  if (promise.kind !== 'chunked') return source
  if (sizeBytes === null) throw new S3Error('MissingContentLength')
  return decodeAwsChunked(source, {
    seed: promise.seed,
    trailer: promise.trailer,
    decodedBytes: sizeBytes,
    onTrailers: (trailers) => checks.expectTrailers(trailers),
  })
}

interface Check {
  readonly update: (bytes: Buffer) => void
  readonly finish: () => void
}

class BodyChecks {
  readonly checksums = new Map<ChecksumAlgorithm, string>()
  readonly #checks: Check[] = []
  #trailers: ReadonlyMap<string, string> = new Map()

  constructor(headers: Headers, promise: PayloadPromise) {
    if (promise.kind === 'sha256') this.#addHash('sha256', 'hex', promise.hex, 'XAmzContentSHA256Mismatch')
    const md5 = headers['content-md5']
    if (typeof md5 === 'string') this.#addHash('md5', 'base64', checkedMd5(md5), 'BadDigest')
    for (const algorithm of checksumAlgorithms) this.#addChecksum(algorithm, headers)
  }

  update(bytes: Buffer): void {
    for (const check of this.#checks) check.update(bytes)
  }

  expectTrailers(trailers: ReadonlyMap<string, string>): void {
    this.#trailers = trailers
  }

  finish(): void {
    for (const check of this.#checks) check.finish()
  }

  #addHash(
    algorithm: 'sha256' | 'md5',
    encoding: 'hex' | 'base64',
    expected: string,
    code: 'BadDigest' | 'XAmzContentSHA256Mismatch',
  ): void {
    const hash = createHash(algorithm)
    this.#checks.push({
      update: (bytes) => void hash.update(bytes),
      finish: () => {
        if (hash.digest(encoding) !== expected) throw new S3Error(code)
      },
    })
  }

  /** The value comes in a header before the body, or in a trailer that `x-amz-trailer` announces. */
  #addChecksum(algorithm: ChecksumAlgorithm, headers: Headers): void {
    const name = `x-amz-checksum-${algorithm}`
    const header = headers[name]
    const announced = String(headers['x-amz-trailer'] ?? '').toLowerCase()
    if (header === undefined && !announced.split(',').some((trailer) => trailer.trim() === name)) return
    const running = startChecksum(algorithm)
    this.#checks.push({
      update: (bytes) => running.update(bytes),
      finish: () => {
        const expected = header ?? this.#trailers.get(name)
        if (running.digest() !== expected) throw new S3Error('BadDigest')
        this.checksums.set(algorithm, expected)
      },
    })
  }
}

function checkedMd5(text: string): string {
  if (Buffer.from(text, 'base64').length !== 16) throw new S3Error('InvalidDigest')
  return text
}

import { createHash } from 'node:crypto'
import { decodeAwsChunked } from './aws-chunked.ts'
import { checksumAlgorithms, startChecksum, type ChecksumAlgorithm } from './checksum.ts'
import { S3Error } from './s3-error.ts'
import type { S3Operation } from './route.ts'
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

/**
 * Where `x-amz-checksum-*` tells of the object that comes about and not of the request's own body: the site compares it
 * when it has the object. Content-MD5 is always the body's (RFC 1864).
 */
const tellsOfObject: ReadonlySet<S3Operation> = new Set([
  'CompleteMultipartUpload',
  'CreateMultipartUpload',
  'CopyObject',
  'UploadPartCopy',
])

/** Undoes aws-chunked and checks everything that the client promised about the body, by what the operation means by it. */
export function openPayload(
  source: AsyncIterable<Buffer>,
  headers: Headers,
  promise: PayloadPromise,
  operation: S3Operation,
): Payload {
  const checks = new BodyChecks(headers, promise, operation)
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

/** The checksums that `x-amz-trailer` announces behind the body. */
export function announcedChecksums(headers: Headers): readonly ChecksumAlgorithm[] {
  const names = String(headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  return checksumAlgorithms.filter((algorithm) => names.includes(`x-amz-checksum-${algorithm}`))
}

interface Check {
  readonly update: (bytes: Buffer) => void
  readonly finish: () => void
}

class BodyChecks {
  readonly checksums = new Map<ChecksumAlgorithm, string>()
  readonly #checks: Check[] = []
  #trailers: ReadonlyMap<string, string> = new Map()

  constructor(headers: Headers, promise: PayloadPromise, operation: S3Operation) {
    if (promise.kind === 'sha256') this.#addHash('sha256', 'hex', promise.hex, 'XAmzContentSHA256Mismatch')
    const md5 = headers['content-md5']
    if (typeof md5 === 'string') this.#addHash('md5', 'base64', checkedMd5(md5), 'BadDigest')
    if (tellsOfObject.has(operation)) return
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
    if (header === undefined && !announcedChecksums(headers).includes(algorithm)) return
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

import { createHash } from 'node:crypto'
import { decodeAwsChunked } from './aws-chunked-decode.ts'
import { checksumAlgorithms, checksumHeaderName, startChecksum, type ChecksumAlgorithm } from './checksum.ts'
import { S3Error } from './s3-error.ts'
import type { S3Operation } from './route.ts'
import type { PayloadPromise } from './signature-verifier.ts'

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
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text))
    throw new S3Error('InvalidArgument', { message: 'The length of the body is no number.' })
  return Number(text)
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
    trailers: promise.trailer ? checks.announced : null,
    decodedBytes: sizeBytes,
    onTrailers: (trailers) => checks.expectTrailers(trailers),
  })
}

/** The checksums that `x-amz-trailer` announces behind the body. Throws when it announces what nobody here would check. */
export function announcedChecksums(headers: Headers): readonly ChecksumAlgorithm[] {
  const text = headers['x-amz-trailer']
  if (text === undefined) return []
  const names = String(text)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const found = checksumAlgorithms.filter((algorithm) => names.includes(checksumHeaderName(algorithm)))
  if (found.length === names.length) return found
  throw new S3Error('InvalidRequest', { message: 'x-amz-trailer announces what is no checksum of S3.' })
}

interface PayloadCheck {
  readonly update: (bytes: Buffer) => void
  readonly finish: () => void
}

class BodyChecks {
  readonly checksums = new Map<ChecksumAlgorithm, string>()
  /** Names of the trailers that may follow the body. */
  readonly announced: ReadonlySet<string>
  readonly #checks: PayloadCheck[] = []
  #trailers: ReadonlyMap<string, string> = new Map()

  constructor(headers: Headers, promise: PayloadPromise, operation: S3Operation) {
    if (promise.kind === 'sha256') this.#addHash('sha256', 'hex', promise.hex, 'XAmzContentSHA256Mismatch')
    const md5 = headers['content-md5']
    if (typeof md5 === 'string') this.#addHash('md5', 'base64', checkedMd5(md5), 'BadDigest')
    const behind = announcedChecksums(headers)
    this.announced = new Set(behind.map(checksumHeaderName))
    const before = tellsOfObject.has(operation)
      ? []
      : checksumAlgorithms.filter((algorithm) => headers[checksumHeaderName(algorithm)] !== undefined)
    // As S3: of several one could hold and another not, and each costs a pass over the body.
    if (before.length + behind.length > 1 || (behind.length > 0 && tellsOfObject.has(operation)))
      throw new S3Error('InvalidRequest', { message: 'A body has one checksum, before it or behind it.' })
    for (const algorithm of before) this.#addChecksum(algorithm, () => headers[checksumHeaderName(algorithm)])
    for (const algorithm of behind)
      this.#addChecksum(algorithm, () => this.#trailers.get(checksumHeaderName(algorithm)))
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

  /** What is expected comes in a header before the body, or in a trailer, and is asked for when the body has ended. */
  #addChecksum(algorithm: ChecksumAlgorithm, expectedOf: () => string | readonly string[] | undefined): void {
    const running = startChecksum(algorithm)
    this.#checks.push({
      update: (bytes) => running.update(bytes),
      finish: () => {
        const digest = running.digest()
        if (digest !== expectedOf()) throw new S3Error('BadDigest')
        this.checksums.set(algorithm, digest)
      },
    })
  }
}

function checkedMd5(text: string): string {
  if (Buffer.from(text, 'base64').length !== 16) throw new S3Error('InvalidDigest')
  return text
}

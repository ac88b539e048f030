import { randomUUID } from 'node:crypto'
import { canaryPrefix } from '../rule/canary-keys.ts'
import type { SiteWire, WireCall } from '../store/site-wire.ts'
import { childText, parseXml } from '../s3/xml-tree.ts'
import { unsignedTrailerPayload } from '../s3/sigv4.ts'
import { chunkedFrames, chunkedHeaders, chunkedLength, type Trailing } from '../s3/aws-chunked-frame.ts'
import { startChecksum } from '../s3/checksum.ts'

/** As `x-amz-content-sha256` names a body whose checksum follows it. */

/** How long a site that could not be asked, or said no, is believed. */
const againMs = 600_000

interface TrailerAnswer {
  readonly takes: Promise<boolean>
  askAgainAt: number
}

/**
 * Whether a site takes a checksum behind a body. Old ones do not: they refuse the request, or take the framing for content. So
 * it is tried once with a part of an upload that is given up at once, which is never an object whatever the site makes of it.
 */
export class TrailerProbe {
  readonly #wire: SiteWire
  readonly #now: () => number
  #asked: TrailerAnswer | null = null

  constructor(wire: SiteWire, now: () => number) {
    this.#wire = wire
    this.#now = now
  }

  /** False also where it cannot be told: the body then goes without. `bucket`: one that Lockstep may write to. */
  takes(bucket: string): Promise<boolean> {
    if (this.#asked === null || this.#asked.askAgainAt <= this.#now()) {
      const asked: TrailerAnswer = { takes: this.#ask(bucket), askAgainAt: Number.POSITIVE_INFINITY }
      this.#asked = asked
      void asked.takes.then((takes) => {
        if (!takes) asked.askAgainAt = this.#now() + againMs
      })
    }
    return this.#asked.takes
  }

  async #ask(bucket: string): Promise<boolean> {
    const key = `${canaryPrefix}trailer-${randomUUID()}`
    try {
      const created = await this.#wire.send(createUpload(bucket, key))
      const uploadId = uploadIdOf(created.bytes)
      if (created.status >= 300 || uploadId === undefined) return false
      try {
        const answer = await this.#wire.send(part(bucket, key, uploadId))
        return answer.status === 200 && answer.headers['x-amz-checksum-crc32'] === checksum
      } finally {
        await this.#wire.send(abort(bucket, key, uploadId)).catch(() => undefined)
      }
    } catch {
      // The site is away: the request that wanted to know will say so itself.
      return false
    }
  }
}

const content = Buffer.from('lockstep')
const checksum = checksumOf(content)

function checksumOf(bytes: Buffer): string {
  const running = startChecksum('crc32')
  running.update(bytes)
  return running.digest()
}

const plain = {
  headers: [],
  unsigned: [],
  body: null,
  sizeBytes: 0,
  expectContinue: false,
  stream: false,
} as const

const createUpload = (bucket: string, key: string): WireCall => ({
  ...plain,
  operation: 'CreateMultipartUpload',
  method: 'POST',
  bucket,
  key,
  query: 'uploads=',
  headers: [['x-amz-checksum-algorithm', 'CRC32']],
})

function part(bucket: string, key: string, uploadId: string): WireCall {
  const trailing: Trailing = {
    pieces: inOnePiece(content),
    sizeBytes: content.length,
    algorithms: ['crc32'],
    checksums: new Map([['crc32', checksum]]),
  }
  return {
    ...plain,
    operation: 'UploadPart',
    method: 'PUT',
    bucket,
    key,
    query: `partNumber=1&uploadId=${encodeURIComponent(uploadId)}`,
    headers: Object.entries(chunkedHeaders(trailing, undefined)),
    body: chunkedFrames(trailing),
    sizeBytes: chunkedLength(trailing),
    payloadHash: unsignedTrailerPayload,
  }
}

const abort = (bucket: string, key: string, uploadId: string): WireCall => ({
  ...plain,
  operation: 'AbortMultipartUpload',
  method: 'DELETE',
  bucket,
  key,
  query: `uploadId=${encodeURIComponent(uploadId)}`,
  sizeBytes: null,
})

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

function uploadIdOf(bytes: Buffer): string | undefined {
  const root = parseXml(bytes, 'InitiateMultipartUploadResult')
  return root === null ? undefined : childText(root, 'UploadId')
}

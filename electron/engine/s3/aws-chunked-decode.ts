import { createHash } from 'node:crypto'
import { S3Error } from './s3-error.ts'
import { withoutBlanks } from './headers.ts'
import { emptyPayloadHash, hexHmac, scopeText } from './sigv4.ts'
import { sameSignature, type ChunkSeed } from './signature-verifier.ts'

/** A chunk's head or a trailer is a name and a signature or checksum; anything longer is not aws-chunked. */
const longestLineBytes = 512
/** What stands behind the last line: its line end, and of some clients another. */
const longestEndBytes = 16
/**
 * Each chunk costs as much as some kilobytes. S3 takes none below 8 KiB but the last; a stream that is written piece by piece
 * may begin with smaller ones.
 */
const mostChunks = (decodedBytes: number): number => 1000 + decodedBytes / 1024

export interface ChunkedOptions {
  /** null for STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
  readonly seed: ChunkSeed | null
  /** Names in lower case of those that may follow; null where the body is not one with trailers. */
  readonly trailers: ReadonlySet<string> | null
  /** `x-amz-decoded-content-length`. */
  readonly decodedBytes: number
  /** Called with the trailing headers, names in lower case, once the body has ended well. */
  readonly onTrailers?: (trailers: ReadonlyMap<string, string>) => void
}

/**
 * Decodes an aws-chunked body. Bytes are handed on before their chunk's signature is checked (memory stays constant), so
 * nothing may be kept before the iteration has ended: it throws when a signature, a length or the framing is wrong.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  options: ChunkedOptions,
): AsyncGenerator<Buffer> {
  const input = new ByteReader(source)
  try {
    yield* decodedChunks(input, options)
  } finally {
    // Who breaks off gives the source back: what is still to come of it may be wanted elsewhere, or thrown away.
    await input.close()
  }
}

async function* decodedChunks(input: ByteReader, options: ChunkedOptions): AsyncGenerator<Buffer> {
  const chain = options.seed === null ? null : new SignatureChain(options.seed)
  const most = mostChunks(options.decodedBytes)
  let decoded = 0
  for (let chunks = 0; ; chunks++) {
    if (chunks > most) throw new S3Error('InvalidChunkSizeError')
    const head = parseChunkHead(await input.line(), chain !== null)
    chain?.open(head.signature)
    let left = head.sizeBytes
    if (left > options.decodedBytes - decoded) throw new S3Error('IncompleteBody')
    while (left > 0) {
      const bytes = await input.some(left)
      left -= bytes.length
      decoded += bytes.length
      chain?.update(bytes)
      yield bytes
    }
    chain?.close()
    if (head.sizeBytes === 0) break
    if ((await input.line()) !== '') throw malformed()
  }
  if (decoded !== options.decodedBytes) throw new S3Error('IncompleteBody')
  const trailers = options.trailers === null ? noTrailers : await readTrailers(input, chain, options.trailers)
  await input.end()
  options.onTrailers?.(trailers)
}

const malformed = (): S3Error => new S3Error('IncompleteBody', { message: 'The aws-chunked body is not well formed.' })

const noTrailers: ReadonlyMap<string, string> = new Map()

function parseChunkHead(line: string, isSigned: boolean): { readonly sizeBytes: number; readonly signature: string } {
  const [, size, signature = ''] = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-fA-F]{64}))?$/.exec(line) ?? []
  if (size === undefined) throw malformed()
  if (isSigned && signature === '') throw new S3Error('SignatureDoesNotMatch')
  return { sizeBytes: Number.parseInt(size, 16), signature }
}

const trailerSignature = 'x-amz-trailer-signature'

/** Each that was announced at most once, and no other: what nobody knew to come, nobody would check. */
async function readTrailers(
  input: ByteReader,
  chain: SignatureChain | null,
  announced: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const trailers = new Map<string, string>()
  let canonical = ''
  for (let line = await input.line(true); line !== ''; line = await input.line(true)) {
    const at = line.indexOf(':')
    const name = withoutBlanks(line.slice(0, Math.max(at, 0))).toLowerCase()
    const value = withoutBlanks(line.slice(at + 1))
    if (trailers.has(name) || !(announced.has(name) || (chain !== null && name === trailerSignature))) throw malformed()
    if (name !== trailerSignature) canonical += `${name}:${value}\n`
    trailers.set(name, value)
  }
  chain?.checkTrailers(canonical, trailers.get(trailerSignature) ?? '')
  return trailers
}

/** Each chunk's signature covers the one before, so that chunks cannot be dropped or reordered. */
class SignatureChain {
  readonly #seed: ChunkSeed
  #previous: string
  #claimed = ''
  #hash = createHash('sha256')

  constructor(seed: ChunkSeed) {
    this.#seed = seed
    this.#previous = seed.signature
  }

  open(claimed: string): void {
    this.#claimed = claimed
    this.#hash = createHash('sha256')
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes)
  }

  close(): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${emptyPayloadHash}\n${this.#hash.digest('hex')}`, this.#claimed)
  }

  checkTrailers(canonical: string, claimed: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', createHash('sha256').update(canonical).digest('hex'), claimed)
  }

  #check(algorithm: string, hashes: string, claimed: string): void {
    const { key, amzDate, scope } = this.#seed
    const text = `${algorithm}\n${amzDate}\n${scopeText(scope)}\n${this.#previous}\n${hashes}`
    const expected = hexHmac(key, text)
    if (!sameSignature(expected, claimed)) throw new S3Error('SignatureDoesNotMatch')
    this.#previous = expected
  }
}

/** Lines and byte runs out of a stream of buffers. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The next line without its CRLF. When `lenient` a line feed will do, and the end of the stream is ''; else both are faults. */
  async line(lenient = false): Promise<string> {
    let end = this.#buffer.indexOf(10)
    while (end < 0) {
      if (this.#buffer.length > longestLineBytes) throw malformed()
      if (!(await this.#fill())) {
        if (lenient && this.#buffer.length === 0) return ''
        throw malformed()
      }
      end = this.#buffer.indexOf(10)
    }
    if (end > longestLineBytes) throw malformed()
    const crlf = end > 0 && this.#buffer[end - 1] === 13
    // A client in wide use ends its trailers with a line feed alone.
    if (!crlf && !lenient) throw malformed()
    const line = this.#buffer.toString('latin1', 0, crlf ? end - 1 : end)
    this.#buffer = this.#buffer.subarray(end + 1)
    return line
  }

  /** At least one and at most `limit` bytes. */
  async some(limit: number): Promise<Buffer> {
    while (this.#buffer.length === 0) {
      if (!(await this.#fill())) throw new S3Error('IncompleteBody')
    }
    const bytes = this.#buffer.subarray(0, limit)
    this.#buffer = this.#buffer.subarray(bytes.length)
    return bytes
  }

  /** To the end of the stream, so that the connection stays usable; nothing but line ends may be left. */
  async end(): Promise<void> {
    while (this.#buffer.length <= longestEndBytes && (await this.#fill())) continue
    if (!/^[\r\n]{0,16}$/.test(this.#buffer.toString('latin1', 0, longestEndBytes + 1))) throw malformed()
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done === true) return false
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
    return true
  }
}

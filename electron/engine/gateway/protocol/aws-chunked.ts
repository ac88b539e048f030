import { createHash } from 'node:crypto'
import { S3Error } from './s3-error.ts'
import { hexHmac, scopeText } from './sigv4-sign.ts'
import { sameSignature, type ChunkSeed } from './sigv4-verify.ts'

/** A chunk's head is short; anything longer is not aws-chunked. */
const longestLineBytes = 16 * 1024
const emptyHash = createHash('sha256').update('').digest('hex')

export interface ChunkedOptions {
  /** null for STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
  readonly seed: ChunkSeed | null
  readonly trailer: boolean
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
  const chain = options.seed === null ? null : new SignatureChain(options.seed)
  let decoded = 0
  for (;;) {
    const head = parseChunkHead(await input.line())
    chain?.open(head.signature)
    let left = head.sizeBytes
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
  const trailers = options.trailer ? await readTrailers(input, chain) : new Map<string, string>()
  // What follows the last chunk is only its CRLF; reading to the end keeps the connection usable.
  await input.drain()
  options.onTrailers?.(trailers)
}

const malformed = (): S3Error => new S3Error('IncompleteBody', { message: 'The aws-chunked body is not well formed.' })

function parseChunkHead(line: string): { readonly sizeBytes: number; readonly signature: string } {
  const [size = '', ...extensions] = line.split(';')
  if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw malformed()
  const prefix = 'chunk-signature='
  const signature = extensions.find((extension) => extension.startsWith(prefix))?.slice(prefix.length) ?? ''
  return { sizeBytes: Number.parseInt(size, 16), signature }
}

/** Blanks around a trailer's value are not signed; other white space is. */
const withoutBlanks = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '')

async function readTrailers(input: ByteReader, chain: SignatureChain | null): Promise<Map<string, string>> {
  const trailers = new Map<string, string>()
  let canonical = ''
  for (let line = await input.line(true); line !== ''; line = await input.line(true)) {
    const at = line.indexOf(':')
    if (at < 0) throw malformed()
    const name = withoutBlanks(line.slice(0, at)).toLowerCase()
    const value = withoutBlanks(line.slice(at + 1))
    if (name !== 'x-amz-trailer-signature') canonical += `${name}:${value}\n`
    trailers.set(name, value)
  }
  chain?.checkTrailers(canonical, trailers.get('x-amz-trailer-signature') ?? '')
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
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${emptyHash}\n${this.#hash.digest('hex')}`, this.#claimed)
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

  /** The next line without its line end. At the end of the stream: '' when `lenient`, a fault otherwise. */
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
    const line = this.#buffer.toString('latin1', 0, end).replace(/\r$/, '')
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

  async drain(): Promise<void> {
    while (await this.#fill()) this.#buffer = Buffer.alloc(0)
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done === true) return false
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value])
    return true
  }
}

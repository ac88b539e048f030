import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openPayload } from '../../electron/engine/s3/payload.ts'

// Nothing that a client sends is gathered or believed before it is bounded.

const body = Buffer.from('the body')
const chunked = { kind: 'chunked', trailer: true, seed: null } as const
const noTrailer = { kind: 'chunked', trailer: false, seed: null } as const
const name = 'x-amz-checksum-crc32'
const sum = Buffer.alloc(4)
sum.writeUInt32BE(crc32(body))
const checksum = sum.toString('base64')
const whole = `8\r\n${body.toString()}\r\n0\r\n`

type Headers = Readonly<Record<string, string>>
type Kind = typeof chunked | typeof noTrailer | { readonly kind: 'unsigned' }

interface Heard {
  /** The S3 error code; `taken` when there was none. */
  readonly code: string
  /** How much of the body was taken from the network. */
  readonly takenBytes: number
}

/** Gives the pieces one after the other to whoever decodes them. */
async function hear(pieces: Iterable<string>, headers: Headers, kind: Kind = chunked): Promise<Heard> {
  let takenBytes = 0
  async function* network(): AsyncGenerator<Buffer> {
    for (const piece of pieces) {
      takenBytes += piece.length
      yield await Promise.resolve(Buffer.from(piece, 'latin1'))
    }
  }
  try {
    for await (const _ of openPayload(network(), headers, kind, 'PutObject').bytes) continue
    return { code: 'taken', takenBytes }
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : String(error), takenBytes }
  }
}

const decoded = (length: string): Headers => ({ 'x-amz-decoded-content-length': length, 'x-amz-trailer': name })
const mebibytes = 16 * 1024 * 1024

function* flood(head: string, piece: string): Generator<string> {
  yield head
  const block = piece.repeat(Math.ceil(16_384 / piece.length))
  for (let sent = 0; sent < mebibytes; sent += block.length) yield block
}

describe('the framing of a body is bounded', () => {
  it.each<[string, string, string]>([
    ['short trailers', whole, 'a:\n'],
    ['trailers with many names', whole, `${name}:x\r\nb:y\r\n`],
    ['one trailer again and again', whole, `${name}:${checksum}\r\n`],
    ['a trailer without an end', `${whole}${name}:`, 'x'],
    ['a name without an end', whole, 'x'],
    ['a chunk head without an end', '', '0'],
    ['a chunk extension without an end', '8;', 'chunk-signature='],
    ['bytes behind the last line', `${whole}${name}:${checksum}\r\n\r\n`, 'more'],
    ['line ends behind the last line', `${whole}${name}:${checksum}\r\n\r\n`, '\r\n'],
    ['more chunks than were announced', '', '1\r\nx\r\n'],
  ])('16 MB of %s are refused when a few kilobytes of them have come', async (_, head, piece) => {
    const { code, takenBytes } = await hear(flood(head, piece), decoded('8'))
    expect(['IncompleteBody', 'InvalidChunkSizeError']).toContain(code)
    expect(takenBytes).toBeLessThan(64 * 1024)
  })

  it('chunks of a byte each are refused before they cost a second', async () => {
    const heard = await hear(flood('', '1\r\nx\r\n'), decoded(String(Math.floor(mebibytes / 6))))
    expect(heard.code).toBe('InvalidChunkSizeError')
    expect(heard.takenBytes).toBeLessThan(256 * 1024)
  })

  it('chunks end with CRLF and nothing else', async () => {
    const length = { 'x-amz-decoded-content-length': '8' }
    const heard = [
      await hear(['8\nthe body\r\n0\r\n\r\n'], length, noTrailer),
      await hear(['8\r\nthe body\n0\r\n\r\n'], length, noTrailer),
      await hear(['8\r\nthe body\r\n0\n\r\n'], length, noTrailer),
    ]
    expect(heard.map(({ code }) => code)).toEqual(['IncompleteBody', 'IncompleteBody', 'IncompleteBody'])
  })

  it('a chunk that is longer than the rest of the body is refused by its head', async () => {
    const heard = await hear(['ffffffffffff\r\n', 'x'], decoded('8'))
    expect(heard.code).toBe('IncompleteBody')
  })

  it('a body as S3 says is taken, with and without trailers', async () => {
    const heard = [
      await hear([`${whole}${name}:${checksum}\r\n\r\n`], decoded('8')),
      await hear([`${whole}${name}:${checksum}\n\r\n\r\n`], decoded('8')),
      await hear([`${whole}\r\n`], { 'x-amz-decoded-content-length': '8' }, noTrailer),
    ]
    expect(heard.map(({ code }) => code)).toEqual(['taken', 'taken', 'taken'])
  })
})

describe('what is said of a body has one reading', () => {
  it.each(['8e0', '1e3', '', ' 8', '+8', '0x8', '8.0', '8,8', '-8', '99999999999999999999', '８'])(
    'a decoded length of “%s” is refused',
    async (length) =>
      expect((await hear([`${whole}${name}:${checksum}\r\n\r\n`], decoded(length))).code).not.toBe('taken'),
  )

  it.each(['8e0', '', '0x8', '+8'])('a length of “%s” is refused', async (length) =>
    expect((await hear([body.toString()], { 'content-length': length }, { kind: 'unsigned' })).code).not.toBe('taken'),
  )

  it('a checksum behind the body that nobody announced is refused, right or wrong', async () => {
    const trailer = (value: string): readonly string[] => [`${whole}${name}:${value}\r\n\r\n`]
    const length = { 'x-amz-decoded-content-length': '8' }
    const heard = [
      await hear(trailer(checksum), length),
      await hear(trailer('AAAAAA=='), length),
      await hear(trailer('AAAAAA=='), { ...length, 'x-amz-trailer': 'x-amz-checksum-sha1' }),
      await hear(trailer('AAAAAA=='), length, noTrailer),
      await hear(['8\r\nthe body\r\n0\r\nx-amz-meta-a:b\r\n\r\n'], { ...length, 'x-amz-trailer': 'x-amz-meta-a' }),
    ]
    expect(heard.map(({ code }) => code).filter((code) => code === 'taken')).toEqual([])
  })

  it('a checksum that was announced and did not come is refused', async () => {
    expect((await hear([`${whole}\r\n`], decoded('8'))).code).toBe('BadDigest')
  })

  it('of two checksums neither is believed', async () => {
    const right = { ...decoded('8'), [name]: checksum }
    const heard = [
      await hear([`${whole}${name}:AAAAAA==\r\n\r\n`], right),
      await hear(
        [body.toString()],
        { 'content-length': '8', [name]: checksum, 'x-amz-checksum-sha1': 'x' },
        { kind: 'unsigned' },
      ),
    ]
    expect(heard.map(({ code }) => code)).toEqual(['InvalidRequest', 'InvalidRequest'])
  })
})

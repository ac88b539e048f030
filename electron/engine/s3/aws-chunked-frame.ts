import { checksumHeaderName, startChecksum, type ChecksumAlgorithm } from './checksum.ts'
import { BodyLengthError, type Pumped } from './pumped.ts'

/** MinIO takes chunks of up to 16 MiB and reads each into memory; the command-line clients send 1 MiB too. */
const chunkBytes = 1024 * 1024

/** A body whose checksums are known only when it has ended, and therefore follow it. */
export interface Trailing {
  readonly pieces: AsyncIterable<Uint8Array>
  readonly sizeBytes: number
  readonly algorithms: readonly ChecksumAlgorithm[]
  /** Complete once `pieces` have ended. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>
}

/** Base64 of so many bytes: the trailer's length has to be said before its value is known. */
const digestBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
}

const openingOf = (bytes: number): string => `${bytes.toString(16)}\r\n`

/** What the head of such a request says instead of the client's own. `coding` is the content's own, if it has one. */
export function chunkedHeaders(
  { algorithms, sizeBytes }: Pick<Trailing, 'algorithms' | 'sizeBytes'>,
  coding: string | undefined,
): Record<string, string> {
  return {
    'content-encoding': coding === undefined ? 'aws-chunked' : `aws-chunked,${coding}`,
    'x-amz-decoded-content-length': String(sizeBytes),
    'x-amz-trailer': algorithms.map(checksumHeaderName).join(','),
  }
}

/** How many bytes {@link chunkedFrames} gives. */
export function chunkedLength({ sizeBytes, algorithms }: Pick<Trailing, 'algorithms' | 'sizeBytes'>): number {
  const whole = Math.floor(sizeBytes / chunkBytes)
  const last = sizeBytes % chunkBytes
  const framed = (bytes: number): number => openingOf(bytes).length + bytes + 2
  const trailers = algorithms.map(
    (name) => checksumHeaderName(name).length + 1 + Math.ceil(digestBytes[name] / 3) * 4 + 2,
  )
  return whole * framed(chunkBytes) + (last === 0 ? 0 : framed(last)) + 3 + trailers.reduce((a, b) => a + b, 0) + 2
}

/**
 * The body as aws-chunked with its checksums behind it, unsigned (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`). Pieces pass as they
 * come, nothing gathers. When they end early or throw, no trailer is given, so that the site cannot take the body for whole.
 */
export async function* chunkedFrames({
  pieces,
  sizeBytes,
  algorithms,
  checksums,
}: Trailing): AsyncGenerator<Uint8Array> {
  let given = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const left = chunkBytes - (given % chunkBytes)
      if (left === chunkBytes) yield ascii(openingOf(Math.min(chunkBytes, sizeBytes - given)))
      const part = piece.subarray(at, at + left)
      at += part.length
      given += part.length
      yield part
      if (given % chunkBytes === 0 || given === sizeBytes) yield ascii('\r\n')
    }
  }
  const trailers = algorithms.map(
    (algorithm) => `${checksumHeaderName(algorithm)}:${checksums.get(algorithm) ?? ''}\r\n`,
  )
  yield ascii(`0\r\n${trailers.join('')}\r\n`)
}

/** The same of a body that is pumped, with one checksum of it, computed as it passes. */
export function pumpedFrames(body: Pumped, sizeBytes: number, algorithm: ChecksumAlgorithm): Pumped {
  const running = startChecksum(algorithm)
  let given = 0
  return {
    async pump(take) {
      await body.pump(async (piece) => {
        if (given + piece.length > sizeBytes) throw new BodyLengthError(`the body is longer than ${sizeBytes} bytes`)
        running.update(piece)
        for (let at = 0; at < piece.length;) {
          const left = chunkBytes - (given % chunkBytes)
          if (left === chunkBytes) await take(ascii(openingOf(Math.min(chunkBytes, sizeBytes - given))))
          const part = piece.subarray(at, at + left)
          at += part.length
          given += part.length
          await take(part)
          if (given % chunkBytes === 0 || given === sizeBytes) await take(ascii('\r\n'))
        }
      })
      if (given < sizeBytes) throw new BodyLengthError(`the body ended after ${given} of ${sizeBytes} bytes`)
      await take(ascii(`0\r\n${checksumHeaderName(algorithm)}:${running.digest()}\r\n\r\n`))
    },
    destroy: (error) => body.destroy(error),
  }
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')

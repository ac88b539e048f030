/**
 * Takes one piece of a body; a promise when that needs time. The piece lies in the memory that the connection reads into:
 * it is valid until the promise resolves, or the call returns, and must be copied to be kept.
 */
export type TakePiece = (piece: Uint8Array) => Promise<void> | undefined

/** A body that hands on its pieces where they lie: nothing is copied, nothing queued, and a slow taker slows the sender. */
export interface Pumped {
  /** Once. Resolves when the last piece was taken; rejects when the body breaks, or with what `take` threw. */
  pump(take: TakePiece): Promise<void>
  /** Nobody wants the rest. After its end this does nothing. */
  destroy(error?: Error): void
}

/** The body is not as long as was announced. */
export class BodyLengthError extends Error {
  override readonly name = 'BodyLengthError'
}

/** Reads a body of known length into one buffer. Throws a {@link BodyLengthError} when it has another. */
export async function gathered(body: Pumped, sizeBytes: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(sizeBytes)
  let at = 0
  await body.pump((piece) => {
    if (at + piece.length > sizeBytes) throw new BodyLengthError(`the body is longer than ${sizeBytes} bytes`)
    whole.set(piece, at)
    at += piece.length
    return undefined
  })
  if (at < sizeBytes) throw new BodyLengthError(`the body ended after ${at} of ${sizeBytes} bytes`)
  return whole
}

/** Any other stream of bytes. */
export function pumped(stream: AsyncIterable<Uint8Array> & { destroy?(error?: Error): unknown }): Pumped {
  return {
    async pump(take) {
      for await (const piece of stream) await take(piece)
    },
    destroy: (error) => void stream.destroy?.(error),
  }
}

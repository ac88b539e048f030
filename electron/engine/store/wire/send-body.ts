import { BodyLengthError, type Pumped } from '../../s3/pumped.ts'

/** Where body bytes go. */
export interface Outlet {
  /** A promise when the socket is full: resolves when it has taken the bytes, or will take no more. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** The answer is there, or the connection is gone: more bytes are pointless. */
  closed(): boolean
}

/** Large buffers go out in slices, so that progress shows and a stall is noticed. */
const sliceBytes = 256 * 1024

/**
 * Sends the body with back-pressure. The last piece is held back until the source has ended properly: a body that is
 * too long never completes at the site, so nothing is stored.
 */
export async function sendBody(
  body: Uint8Array | Pumped,
  sizeBytes: number,
  outlet: Outlet,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<void> {
  if (body instanceof Uint8Array) return sendBuffer(body, outlet, onBytes)
  let readBytes = 0
  let held: Buffer | null = null
  const take = (piece: Uint8Array): Promise<void> | undefined => {
    readBytes += piece.length
    if (readBytes > sizeBytes) throw new BodyLengthError(`the body is longer than ${sizeBytes} bytes`)
    if (outlet.closed()) throw pointless
    if (readBytes === sizeBytes && piece.length > 0) {
      held = Buffer.from(piece)
      return undefined
    }
    const written = outlet.write(piece)
    onBytes?.(piece.length)
    return written
  }
  try {
    await body.pump(take)
  } catch (error) {
    if (error === pointless) return
    throw error
  }
  if (readBytes < sizeBytes) throw new BodyLengthError(`the body ended after ${readBytes} of ${sizeBytes} bytes`)
  if (held !== null) await sendBuffer(held, outlet, onBytes)
}

/** Ends a pump whose outlet is closed. */
const pointless = new Error('nobody takes the body any more')

async function sendBuffer(bytes: Uint8Array, outlet: Outlet, onBytes: ((bytes: number) => void) | undefined) {
  for (let at = 0; at < bytes.length && !outlet.closed(); at += sliceBytes) {
    const slice = bytes.subarray(at, at + sliceBytes)
    await outlet.write(slice)
    onBytes?.(slice.length)
  }
}

import type { Readable } from 'node:stream'

/** Where body bytes go. */
export interface Outlet {
  /** A promise when the socket is full: resolves when it took the bytes, or will take no more. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** The answer is there, or the connection is gone: more bytes are pointless. */
  closed(): boolean
}

/** The body is not as long as was announced. */
export class BodyLengthError extends Error {
  override readonly name = 'BodyLengthError'
}

/** Large buffers go out in slices, so that progress shows and a stall is noticed. */
const sliceBytes = 256 * 1024

/**
 * Sends the body with back-pressure. The last piece is held back until the source has ended properly: a body that is
 * too long never completes at the site, so nothing is stored.
 */
export async function sendBody(
  body: Uint8Array | Readable,
  sizeBytes: number,
  outlet: Outlet,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<void> {
  if (body instanceof Uint8Array) return sendBuffer(body, outlet, onBytes)
  let readBytes = 0
  let held: Uint8Array | null = null
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    readBytes += chunk.length
    if (readBytes > sizeBytes) throw new BodyLengthError(`the body is longer than ${sizeBytes} bytes`)
    if (readBytes === sizeBytes && chunk.length > 0) held = chunk
    else await outlet.write(chunk)
    if (outlet.closed()) return
    if (held === null) onBytes?.(chunk.length)
  }
  if (readBytes < sizeBytes) throw new BodyLengthError(`the body ended after ${readBytes} of ${sizeBytes} bytes`)
  if (held !== null) await sendBuffer(held, outlet, onBytes)
}

async function sendBuffer(bytes: Uint8Array, outlet: Outlet, onBytes: ((bytes: number) => void) | undefined) {
  for (let at = 0; at < bytes.length && !outlet.closed(); at += sliceBytes) {
    const slice = bytes.subarray(at, at + sliceBytes)
    await outlet.write(slice)
    onBytes?.(slice.length)
  }
}

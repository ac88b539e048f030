import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Lingering close: how long, and how much, is read of a body that nobody wants. A connection that is closed while bytes are on
 * their way is reset, and a reset takes from the client the answer that it has not read yet. Some look for an answer only when
 * they have sent everything.
 */
const bounds = { silentMs: 5_000, mostMs: 30_000, mostBytes: 1024 ** 3 } as const

/** Ends an answer. What its client still sends of its body is read and thrown away before the connection closes. */
export function endAnswer(request: IncomingMessage, response: ServerResponse, last?: Buffer): void {
  if (request.complete || response.destroyed) {
    response.end(last)
    return
  }
  if (last !== undefined && last.length > 0) response.write(last)
  else response.flushHeaders()
  let readBytes = 0
  // Node closes the connection with the end of the answer: that waits.
  const end = (): void => {
    clearTimeout(silence)
    clearTimeout(all)
    request.removeListener('data', onData)
    response.end()
  }
  const onData = (piece: Buffer): void => {
    readBytes += piece.length
    if (readBytes > bounds.mostBytes) end()
    else silence.refresh()
  }
  const silence = setTimeout(end, bounds.silentMs).unref()
  const all = setTimeout(end, bounds.mostMs).unref()
  request.on('error', () => undefined)
  request.once('end', end)
  request.once('close', end)
  request.on('data', onData)
}

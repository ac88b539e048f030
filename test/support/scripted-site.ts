import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ScriptedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Pieces leave one after the other, without a length before them. */
  readonly body?: string | readonly string[]
  /** Instead of all that: the bytes of the answer, right or wrong. */
  readonly raw?: string
}

export interface ScriptedSite {
  readonly endpoint: string
  /** Request lines, in the order of arrival. */
  readonly asked: readonly string[]
}

/** A site that says what a test wants it to say; it ends with the test. */
export async function scriptedSite(answer: (request: IncomingMessage) => ScriptedAnswer): Promise<ScriptedSite> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume()
    const { status = 200, headers = {}, body = '', raw } = answer(request)
    if (raw !== undefined) {
      response.socket?.end(Buffer.from(raw, 'latin1'))
      return
    }
    const pieces = typeof body === 'string' ? [body] : body
    const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}
    response.writeHead(status, { ...length, ...headers })
    for (const piece of pieces) response.write(piece)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

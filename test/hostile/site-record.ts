import { connect, createServer, type Socket } from 'node:net'

export interface SiteRecord {
  readonly endpoint: string
  /** Request lines that reached the site, each once, with how often. */
  readonly lines: ReadonlyMap<string, number>
  close(): Promise<void>
}

/** A wire in front of the site that remembers the line of every request which passes. */
export async function recordSite(endpoint: string): Promise<SiteRecord> {
  const { hostname, port } = new URL(endpoint)
  const lines = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const site = connect(Number(port), hostname)
    const reader = requestLines((line) => lines.set(line, (lines.get(line) ?? 0) + 1))
    client.on('data', reader)
    client.pipe(site)
    site.pipe(client)
    for (const [one, other] of [
      [client, site],
      [site, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    lines,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Follows the framing of HTTP/1.1 requests, so that a body which looks like a request is none. */
function requestLines(tell: (line: string) => void): (bytes: Buffer) => void {
  let held = Buffer.alloc(0)
  let skip = 0
  let chunked = false
  return (bytes) => {
    held = Buffer.concat([held, bytes])
    for (;;) {
      const passed = Math.min(skip, held.length)
      held = held.subarray(passed)
      skip -= passed
      if (skip > 0) return
      if (chunked) {
        const end = held.indexOf('\r\n')
        if (end < 0) return
        const size = Number.parseInt(held.toString('latin1', 0, end), 16)
        chunked = size > 0
        skip = end + 2 + size + 2
        continue
      }
      const end = held.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = held.toString('latin1', 0, end)
      tell(head.slice(0, head.indexOf('\r\n')))
      chunked = /\r\ntransfer-encoding: *chunked/i.test(head)
      skip = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    }
  }
}

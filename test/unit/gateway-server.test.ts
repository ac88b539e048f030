import { once } from 'node:events'
import { createServer, request as sendRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { gatewaySettingsSchema } from '../../shared/model/gateway.ts'
import { ClientBody } from '../../electron/engine/gateway/client-body.ts'
import { openServer, type GatewayServer } from '../../electron/engine/gateway/server.ts'
import { eventually } from '../support/eventually.ts'

const listen = '127.0.0.1:0'
const settings = { ...gatewaySettingsSchema.parse({ site: 'a' }), listen }

async function serverWith(bounds: Parameters<typeof openServer>[2]): Promise<GatewayServer> {
  const server = await openServer(settings, (_, response) => Promise.resolve(void response.end('served')), bounds)
  onTestFinished(() => server.close())
  return server
}

function connection(url: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket.resume()
}

test('one connection more than the most is closed at once, and those that are there are served', async () => {
  const server = await serverWith({ mostConnections: 3 })
  const sockets = [connection(server.url), connection(server.url), connection(server.url)]
  await eventually(() => expect(server.openConnections()).toBe(3))
  await once(connection(server.url), 'close')
  const [first] = sockets
  const answered = text(first!)
  first!.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  expect(await answered).toMatch(/served/)
})

test('a connection that sends on and on without waiting for its answers is closed, and does not have them all begun', async () => {
  let begun = 0
  const server = await openServer(settings, () => new Promise<void>(() => void (begun += 1)))
  // Nothing is ever answered: there is no way to close it in good order.
  onTestFinished(() => void server.close())
  const socket = connection(server.url)
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(200))
  await once(socket, 'close')
  expect(begun).toBeLessThan(20)
})

test('a few requests that follow each other on a connection are answered one after the other', async () => {
  const server = await serverWith({})
  const socket = connection(server.url)
  const answered = text(socket)
  socket.write(`${'GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(9)}GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  expect((await answered).split('served')).toHaveLength(11)
})

test('who never says a word, and who never ends a head, is shown out', async () => {
  const server = await serverWith({ headersTimeout: 200, connectionsCheckingInterval: 50 })
  const [silent, slow] = [connection(server.url), connection(server.url)]
  slow.write('GET / HTTP/1.1\r\nx-slow: ')
  await Promise.all([once(silent, 'close'), once(slow, 'close')])
  expect(server.openConnections()).toBe(0)
})

test('a client that stops in the middle of its body is given up, and the body breaks for whoever reads it', async () => {
  const broken = new Promise((resolve) => {
    const server = createServer((request) => {
      const body = new ClientBody({
        request,
        promise: { kind: 'unsigned' },
        proceed: null,
        operation: 'PutObject',
        stallMs: 200,
        mostBytes: null,
      })
      void body.open().catch(() => resolve(body.fault))
    }).listen(0, '127.0.0.1')
    server.on('listening', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : 0
      const sent = sendRequest({ port, host: '127.0.0.1', method: 'PUT', headers: { 'content-length': 10 } })
      sent.on('error', () => undefined)
      sent.write('half')
      onTestFinished(() => {
        sent.destroy()
        server.close()
      })
    })
  })
  expect(await broken).toMatchObject({ code: 'RequestTimeout' })
})

import { request } from 'node:http'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TcpProxy } from '../support/tcp-proxy.ts'

const body = Buffer.alloc(200_000, 7)
let server: Server
let proxy: TcpProxy

beforeEach(async () => {
  server = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.end(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  proxy = await TcpProxy.open(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
})
afterEach(async () => {
  await proxy.close()
  server.close()
  server.closeAllConnections()
})

/** Resolves with the number of bytes and the time it took; rejects with the socket's error. */
function fetchBytes(): Promise<{ readonly bytes: number; readonly tookMs: number }> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request(proxy.endpoint, { agent: false, method: 'POST' }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => void (bytes += chunk.length))
      response.on('end', () => resolve({ bytes, tookMs: performance.now() - startedAt }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end('ping')
  })
}

it('fair weather changes nothing', async () => {
  expect((await fetchBytes()).bytes).toBe(body.length)
})

it('delay and rate make a transfer as slow as they say', async () => {
  proxy.setWeather({ delayMs: 50, bytesPerSecond: 1_000_000 })
  const { bytes, tookMs } = await fetchBytes()
  expect(bytes).toBe(body.length)
  expect(tookMs).toBeGreaterThan(100 + 150)
})

it('a cut resets the connection once, and the next goes through', async () => {
  proxy.cutAfter('down', 50_000)
  await expect(fetchBytes()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect((await fetchBytes()).bytes).toBe(body.length)
})

it('cut requests reach the server in half, and lost answers belong to requests that it has whole', async () => {
  const whole: string[] = []
  server.prependListener('request', (incoming) => incoming.on('end', () => whole.push(String(incoming.method))))
  proxy.setWeather({ cutRequests: true })
  await expect(fetchBytes()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(whole).toEqual([])
  proxy.setWeather({ cutRequests: false, loseAnswers: true })
  await expect(fetchBytes()).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(whole).toEqual(['POST'])
  await proxy.clearUp()
  expect((await fetchBytes()).bytes).toBe(body.length)
})

it('off means refused, on means back on the same port', async () => {
  const { endpoint } = proxy
  await proxy.turnOff()
  await expect(fetchBytes()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await proxy.turnOn()
  expect(proxy.endpoint).toBe(endpoint)
  expect((await fetchBytes()).bytes).toBe(body.length)
})

it('a blackhole swallows the request and keeps the connection until it is reset', async () => {
  proxy.setWeather({ blackhole: true })
  const waiting = fetchBytes()
  const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))])
  expect(first).toBe('silence')
  proxy.reset()
  await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' })
})

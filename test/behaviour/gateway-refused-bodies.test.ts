import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { Socket } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { Agent } from 'node:https'
import { expect, onTestFinished, test, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { clientKey, gatewayConfig, gatewayClient, gatewayUrl, requests } from '../support/gateway.ts'
import { answerOn, rawRequest, type RawRequest } from '../support/gateway-raw.ts'
import { loopbackCertificate } from '../support/loopback-certificate.ts'
import { bytesOf } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'
import { startWorld, type World } from '../support/world.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Far more than sockets hold on their way. */
const large = bytesOf(31, 48 << 20)

type Over = 'HTTP' | 'TLS'

async function worldBehind(over: Over): Promise<World & { readonly url: string }> {
  const temp = await makeTempDir('tls')
  const tls = { certFile: join(temp.path, 'cert.pem'), keyFile: join(temp.path, 'key.pem') }
  await writeFile(tls.certFile, loopbackCertificate.cert)
  await writeFile(tls.keyFile, loopbackCertificate.key, { mode: 0o600 })
  onTestFinished(() => temp.remove())
  const world = await startWorld({
    rules: [{ scanIntervalSeconds: 604_800 }],
    config: { gateway: over === 'TLS' ? { ...gatewayConfig, tls } : gatewayConfig },
  })
  await world.settled()
  return { ...world, url: gatewayUrl(world.api()) }
}

const overTls = (port: number, host: string): Socket => connectTls({ port, host, ca: loopbackCertificate.cert })

/** As a client that looks for an answer only when it has sent all of its body. */
async function heardAtTheEnd(put: RawRequest): Promise<string> {
  const socket = rawRequest(put)
  socket.pause()
  const early = await new Promise<string | null>((resolve) => {
    socket.once('close', () => resolve('the connection broke while it sent'))
    socket.once('drain', () => resolve(null))
  })
  if (early !== null) return early
  const answer = answerOn(socket)
  socket.resume()
  return answer
}

const refusals: Readonly<Record<string, readonly [Partial<RawRequest>, string]>> = {
  'a wrong secret': [{ secretAccessKey: 'another' }, '403 SignatureDoesNotMatch'],
  'a bucket that the site has not': [{ bucket: 'nowhere' }, '404 NoSuchBucket'],
  'a bucket that is none': [{ bucket: 'minio' }, '403 AccessDenied'],
  'an operation that is none': [{ query: 'torrent=' }, '501 NotImplemented'],
  'a site that refuses': [{ key: 'denied' }, '403 AccessDenied'],
  'a length that is none': [
    { payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers: [['x-amz-decoded-content-length', '1e2']] },
    '400 InvalidArgument',
  ],
  'other framing than was said': [
    { payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', headers: [['x-amz-decoded-content-length', '9']] },
    '400 IncompleteBody',
  ],
}

test.each([
  ['HTTP', []],
  ['TLS', []],
  ['HTTP', ['expect: 100-continue']],
  ['TLS', ['expect: 100-continue']],
] as const)(
  'a refused large body ends in its refusal, however late its client looks: over %s %s',
  async (over, unsigned) => {
    const world = await worldBehind(over)
    world.a.faults.add({ on: 'PutObject', key: 'denied', do: { kind: 'deny' } })
    const heard: Record<string, string> = {}
    for (const [name, [put]] of Object.entries(refusals)) {
      const connection = over === 'TLS' ? { connection: overTls } : {}
      const unsignedPayload = { payloadHash: 'UNSIGNED-PAYLOAD' }
      heard[name] = await heardAtTheEnd({
        url: world.url,
        key: 'k',
        body: large,
        unsigned,
        ...unsignedPayload,
        ...connection,
        ...put,
      })
    }
    expect(heard).toEqual(Object.fromEntries(Object.entries(refusals).map(([name, [, answer]]) => [name, answer])))
    expect((await world.sides()).a).toEqual([])
  },
)

test('Node’s own client and the SDK hear the refusal of a large body, over TLS', async () => {
  const { url } = await worldBehind('TLS')
  const status = await new Promise((resolve, reject) => {
    const sent = httpsRequest(`${url}/data/k`, { method: 'PUT', ca: loopbackCertificate.cert }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    })
    sent.on('error', reject).end(large)
  })
  expect(status).toBe(403)
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...clientKey, secretAccessKey: 'another' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: loopbackCertificate.cert }) }),
  })
  onTestFinished(() => client.destroy())
  await expect(client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: large }))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  })
})

test('who is refused and goes on for ever is let go, and holds up neither others nor the stop', async () => {
  const world = await worldBehind('HTTP')
  const socket = rawRequest({
    url: world.url,
    key: 'k',
    body: large,
    secretAccessKey: 'x',
    contentLength: 2 ** 40,
    sentBytes: 1,
  })
  expect(await once(socket, 'data').then(([bytes]: Buffer[]) => String(bytes).slice(0, 12))).toBe('HTTP/1.1 403')
  expect(world.api().gateway.view().underWay).toBe(0)
  const closed = once(socket, 'close')
  await world.stop()
  await closed
})

test('a client that goes away is no error in the log, whenever it goes', async () => {
  const world = await worldBehind('HTTP')
  const { url } = world
  await gatewayClient(world.api()).send(new PutObjectCommand({ Bucket: 'data', Key: 'large', Body: large }))
  const partial = { url, body: large, payloadHash: 'UNSIGNED-PAYLOAD' }
  world.a.faults.add({ on: 'PutObject', key: 'slow', do: { kind: 'latency', delayMs: 400 } })
  const leave: readonly ((end: (socket: Socket) => void) => Promise<unknown>)[] = [
    // In the middle of a body: small, large, refused, before it was asked for.
    async (end) => end(rawRequest({ ...partial, key: 'half', sentBytes: 3 << 20 })),
    async (end) => end(rawRequest({ ...partial, key: 'small', body: large.subarray(0, 1000), sentBytes: 10 })),
    async (end) => end(rawRequest({ ...partial, key: 'refused', secretAccessKey: 'x', sentBytes: 3 << 20 })),
    async (end) => end(rawRequest({ ...partial, key: 'asks', sentBytes: 0, unsigned: ['expect: 100-continue'] })),
    async (end) => end(rawRequest({ ...partial, key: '', method: 'POST', query: 'delete=', sentBytes: 1000 })),
    // While it waits for the answer, and in the middle of it.
    async (end) => end(rawRequest({ ...partial, key: 'slow', body: large.subarray(0, 1000) })),
    async (end) => {
      const socket = rawRequest({ url, key: 'large', method: 'GET', body: Buffer.alloc(0), contentLength: null })
      await once(socket, 'data')
      end(socket)
    },
  ]
  for (const [name, end] of [
    ['closes', (socket: Socket) => void socket.end()],
    ['breaks', (socket: Socket) => void socket.destroy()],
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ] as const)
    for (const one of leave)
      await one((socket) => {
        if (socket.connecting) socket.once('connect', () => setImmediate(() => end(socket)))
        else end(socket)
        if (name === 'closes') setTimeout(() => socket.destroy(), 200).unref()
      })
  await eventually(() => expect(requests(world).length).toBeGreaterThanOrEqual(3 * leave.length - 2))
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(0), { withinMs: 20_000 })
  const errors = world.log.filter((line) => Number(JSON.parse(line).level) >= 40)
  expect(errors).toEqual([])
  const body = await gatewayClient(world.api()).send(new GetObjectCommand({ Bucket: 'data', Key: 'large' }))
  expect(body.ContentLength).toBe(large.length)
  body.Body?.transformToByteArray().catch(() => undefined)
})

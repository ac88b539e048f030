import { CreateBucketCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { answerOn, rawRequest, type RawRequest } from '../support/gateway-raw.ts'
import { large, small, wrongs, answersToWrongs } from '../support/gateway-wrongs.ts'
import { bytesOf } from '../support/random.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { startWorld, type World } from '../support/world.ts'

// They move many bytes, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 })
const patience = { withinMs: 60_000 }

// Every write waits for both sites, and goes to both at the same time: what is wrong with it must be stored at neither.

interface Proxied extends World {
  readonly url: string
  readonly network: { readonly a: TcpProxy; readonly b: TcpProxy }
}

async function synchronousWorld(): Promise<Proxied> {
  const world = await startWorld({
    stopped: true,
    rules: [{ scanIntervalSeconds: 604_800, ack: { policy: 'all', timeoutMs: 30_000 } }],
    config: { gateway: gatewayConfig },
  })
  const network = { a: await TcpProxy.open(world.a.endpoint), b: await TcpProxy.open(world.b.endpoint) }
  onTestFinished(async () => {
    await world.stop()
    await Promise.all([network.a.close(), network.b.close()])
  })
  await world.start({ sites: [siteBehind('a', world.a, network.a), siteBehind('b', world.b, network.b)] })
  await world.settled()
  await untilTogether(world)
  return { ...world, network, url: gatewayUrl(world.api()) }
}

function siteBehind(
  id: string,
  { accessKeyId, secretAccessKey }: SandboxSite,
  { endpoint }: TcpProxy,
): NonNullable<ConfigInput['sites']>[number] {
  return { id, name: id, endpoint, credentials: { accessKeyId, secretAccessKey } }
}

/** Whether the buckets allow it is asked behind the back of the first write. */
async function untilTogether(world: World): Promise<void> {
  const client = gatewayClient(world.api())
  await eventually(async () => {
    world.b.requests.clear()
    const hold = world.a.faults.add({ on: 'PutObject', key: 'warm', do: { kind: 'latency', delayMs: 300 }, times: 1 })
    const sent = client.send(
      new PutObjectCommand({ Bucket: 'data', Key: 'warm', Body: 'x', ContentType: 'text/plain' }),
    )
    let answered = false
    void sent.finally(() => (answered = true))
    await eventually(
      () => expect(answered || world.b.requests.count({ operation: 'PutObject', key: 'warm' }) > 0).toBe(true),
      patience,
    )
    const early = !answered
    await sent
    hold.remove()
    expect(early).toBe(true)
  }, patience)
  await world.settled()
}

const typed = (put: Omit<RawRequest, 'url' | 'key'>): Omit<RawRequest, 'url' | 'key'> => ({
  ...put,
  headers: [...(put.headers ?? []), ['content-type', 'text/plain']],
})

const named = (name: string): string => name.replaceAll(/[^a-z]/gi, '-')

/** Keys that either site has, but for the one of the beginning. */
async function stored(world: World): Promise<readonly string[]> {
  const { a, b } = await world.sides()
  return [...a.map((line) => `a: ${line}`), ...b.map((line) => `b: ${line}`)].filter((line) => !line.includes(' warm '))
}

test('what is not as it was promised is stored at no site, not even for a moment or in part', async () => {
  const world = await synchronousWorld()
  const heard: Record<string, string> = {}
  const left: string[] = []
  for (const [name, [put]] of Object.entries(wrongs)) {
    heard[name] = await answerOn(rawRequest({ ...typed(put), url: world.url, key: named(name) }))
    left.push(...(await stored(world)))
  }
  await world.settled()
  expect({ heard, left: [...left, ...(await stored(world))] }).toEqual({
    heard: answersToWrongs,
    left: [],
  })
})

test.each([
  ['small', small, 3],
  ['large', large, 2 * 1024 * 1024],
] as const)(
  'a client that goes away in the middle leaves nothing at either site: %s',
  async (name, body, sentBytes) => {
    const world = await synchronousWorld()
    const socket = rawRequest({ url: world.url, key: `gone-${name}`, ...typed({ body }), sentBytes })
    await eventually(() => expect(world.api().gateway.view().underWay).toBe(1), patience)
    socket.destroy()
    await eventually(() => expect(world.api().gateway.view().underWay).toBe(0), patience)
    await world.settled()
    const uploads = [world.s3.a, world.s3.b].map((client) =>
      client.send(new ListMultipartUploadsCommand({ Bucket: 'data' })),
    )
    expect((await Promise.all(uploads)).flatMap(({ Uploads = [] }) => Uploads)).toEqual([])
    expect(await stored(world)).toEqual([])
    expect(requests(world)[0]).toMatchObject({ key: `gone-${name}`, status: 0 })
  },
)

test.each([
  ['small', small],
  ['large', large],
] as const)(
  'a client that goes away while it waits has written all the same, at both sites, once: %s',
  async (name, body) => {
    const world = await synchronousWorld()
    const key = `waits-${name}`
    for (const site of [world.a, world.b])
      site.faults.add({ on: 'PutObject', key, do: { kind: 'latency', delayMs: 1_000 } })
    const socket = rawRequest({ url: world.url, key, ...typed({ body }) })
    await eventually(() => expect(world.a.requests.count({ operation: 'PutObject', key })).toBe(1), patience)
    // Its last byte has left when what goes to the source is whole.
    await eventually(() => expect(world.network.a.passedBytes.up).toBeGreaterThan(body.length), patience)
    socket.destroy()
    await eventually(() => expect(world.api().gateway.view().underWay).toBe(0), patience)
    await world.settled(60_000)
    const line = expect.stringMatching(new RegExp(`: ${key} ${body.length} `))
    expect(await stored(world)).toEqual([line, line])
  },
)

const slowClients = 150

test('a hundred and more clients that send slowly are in nobody’s way, and are served when they come to an end', async () => {
  const world = await synchronousWorld()
  const body = bytesOf(7, 300 * 1024)
  const half = body.length / 2
  const slow = Array.from({ length: slowClients }, (_, index) => {
    const socket = rawRequest({ url: world.url, key: `slow-${index}`, ...typed({ body }), sentBytes: half })
    onTestFinished(() => void socket.destroy())
    return { socket, answer: answerOn(socket) }
  })
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(slowClients), patience)
  expect(await answerOn(rawRequest({ url: world.url, key: 'quick', ...typed({ body: small }) }))).toBe('200')
  expect(world.api().gateway.view().underWay).toBe(slowClients)
  for (const { socket } of slow) socket.write(body.subarray(half))
  const answers = await Promise.all(slow.map(({ answer }) => answer))
  expect(answers.filter((answer) => answer !== '200')).toEqual([])
})

const big = 128 << 20

test('a client that does not read holds the source back, and no more than buffers fill', async () => {
  const world = await synchronousWorld()
  await world.s3.a.send(new CreateBucketCommand({ Bucket: 'plain' }))
  await world.s3.a.send(new PutObjectCommand({ Bucket: 'plain', Key: 'big', Body: bytesOf(8, big) }))
  const { a } = world.network
  const before = a.passedBytes.down
  const empty = Buffer.alloc(0)
  const socket = rawRequest({
    url: world.url,
    method: 'GET',
    bucket: 'plain',
    key: 'big',
    body: empty,
    contentLength: null,
  })
  onTestFinished(() => void socket.destroy())
  socket.pause()
  let last = -1
  await eventually(
    () => {
      const taken = a.passedBytes.down - before
      const standsStill = taken === last && taken > 0
      last = taken
      expect(standsStill).toBe(true)
    },
    { everyMs: 500, withinMs: 60_000 },
  )
  expect(last).toBeLessThan(big / 2)
  let read = 0
  socket.on('data', (bytes: Buffer) => void (read += bytes.length))
  socket.resume()
  await eventually(() => expect(read).toBeGreaterThan(big), patience)
})

test.each(['a', 'b'] as const)('a body goes on at the pace of the slower site: %s', async (slower) => {
  const world = await synchronousWorld()
  const { a, b } = world.network
  world.network[slower].setWeather({ bytesPerSecond: 24 << 20 })
  const before = { a: a.passedBytes.up, b: b.passedBytes.up }
  let apart = 0
  const watch = setInterval(() => {
    apart = Math.max(apart, Math.abs(a.passedBytes.up - before.a - (b.passedBytes.up - before.b)))
  }, 5)
  onTestFinished(() => clearInterval(watch))
  const body = bytesOf(9, big / 2)
  expect(
    await answerOn(rawRequest({ url: world.url, key: 'big', ...typed({ body, payloadHash: 'UNSIGNED-PAYLOAD' }) })),
  ).toBe('200')
  expect(requests(world)[0]?.acks).toBe('2/2')
  expect(apart).toBeLessThan(big / 4)
})

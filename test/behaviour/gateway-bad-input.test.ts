import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { answerOn, rawRequest } from '../support/gateway-raw.ts'
import { chunked, crcOf, large, small, wrongs, answersToWrongs } from '../support/gateway-wrongs.ts'
import { eventually } from '../support/eventually.ts'
import { startWorld, type World } from '../support/world.ts'

async function worldBehind(): Promise<World & { readonly url: string }> {
  const world = await startWorld({ config: { gateway: gatewayConfig }, rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  return { ...world, url: gatewayUrl(world.api()) }
}

test('what is not as it was promised is refused with the reason, and stored nowhere', async () => {
  const world = await worldBehind()
  const heard: Record<string, string> = {}
  const stored: string[] = []
  for (const [name, [put]] of Object.entries(wrongs)) {
    const key = name.replaceAll(/[^a-z]/gi, '-')
    heard[name] = await answerOn(rawRequest({ ...put, url: world.url, key }))
    if (takenAnywhere(world, key)) stored.push(name)
  }
  expect({ heard, stored }).toEqual({
    heard: answersToWrongs,
    stored: [],
  })
})

test.each([
  ['small', small, 3],
  ['large', large, 2 * 1024 * 1024],
] as const)('a client that goes away in the middle leaves nothing behind: %s', async (name, body, sentBytes) => {
  const world = await worldBehind()
  const key = `gone-${name}`
  const socket = rawRequest({ url: world.url, key, body, sentBytes })
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(1))
  socket.destroy()
  await eventually(() => expect(world.api().gateway.view().underWay).toBe(0))
  // What is left is the engine's own event stream.
  await eventually(() => expect(world.a.requests.active).toBe(1))
  expect(takenAnywhere(world, key)).toBe(false)
  expect(requests(world)[0]).toMatchObject({ key, status: 0 })
})

test('a body with a checksum behind it is taken, large and small, and both sites have its bytes', async () => {
  const world = await worldBehind()
  const heard = [
    await answerOn(rawRequest({ url: world.url, key: 'small', ...chunked(small, crcOf(small)) })),
    await answerOn(rawRequest({ url: world.url, key: 'large', ...chunked(large, crcOf(large)) })),
  ]
  expect(heard).toEqual(['200', '200'])
  await world.settled()
  const etag = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`
  const lines = [`large ${large.length} ${etag(large)}`, `small ${small.length} ${etag(small)}`]
  expect(await world.sides()).toEqual({ a: lines, b: lines })
})

test('documents that are meant to grow are refused, and nobody waits for it', async () => {
  const { url } = await worldBehind()
  const entities =
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
  const object = '<Object><Key>k</Key></Object>'
  const bombs: Readonly<Record<string, Buffer>> = {
    entities: Buffer.from(entities),
    'entities, in UTF-16': Buffer.from(`\ufeff${entities}`, 'utf16le'),
    depth: Buffer.from(`<Delete>${'<a>'.repeat(200_000)}${'</a>'.repeat(200_000)}</Delete>`),
    'depth without an end': Buffer.from(`<Delete>${'<Object>'.repeat(200_000)}`),
    attributes: Buffer.from(`<Delete ${Array.from({ length: 100_000 }, (_, index) => `a${index}="x"`).join(' ')}>`),
    'more keys than one request may name': Buffer.from(`<Delete>${object.repeat(1001)}</Delete>`),
    'more bytes than such a document may have': Buffer.from(`<Delete>${object.repeat(200_000)}</Delete>`),
  }
  const startedAt = performance.now()
  const heard: Record<string, string> = {}
  for (const [name, body] of Object.entries(bombs))
    heard[name] = await answerOn(rawRequest({ url, method: 'POST', key: '', query: 'delete=', body }))
  expect(heard).toEqual({
    ...Object.fromEntries(Object.keys(bombs).map((name) => [name, '400 MalformedXML'])),
    'more bytes than such a document may have': '400 MaxMessageLengthExceeded',
  })
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})

test('what comes behind a body is a request of its own, and not a signed one', async () => {
  const world = await worldBehind()
  await world.put('victim')
  const smuggled = Buffer.from('DELETE /data/victim HTTP/1.1\r\nhost: x\r\n\r\n')
  const body = Buffer.concat([small, smuggled])
  const payloadHash = 'UNSIGNED-PAYLOAD'
  const put = { url: world.url, key: 'k', body, contentLength: small.length, payloadHash }
  expect(await answerOn(rawRequest(put))).toMatch(/^200/)
  // It is refused at once, while the body before it is still on its way to the site.
  const refused = expect.objectContaining({ operation: 'DeleteObject', key: 'victim', code: 'AccessDenied' })
  await eventually(() => expect(requests(world)).toContainEqual(refused))
  await world.settled()
  const lines = [expect.stringMatching(/^k 12 /), expect.stringMatching(/^victim \d+ /)]
  expect(await world.sides()).toEqual({ a: lines, b: lines })
})

test('who asks first whether to send its body hears a refusal before, and is told to go on otherwise', async () => {
  const { url } = await worldBehind()
  const asks = { url, key: 'k', body: large, sentBytes: 0, unsigned: ['expect: 100-continue'] }
  expect(await answerOn(rawRequest({ ...asks, secretAccessKey: 'another' }))).toBe('403 SignatureDoesNotMatch')
  const socket = rawRequest(asks)
  const [first] = await once(socket, 'data')
  expect(String(first)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  socket.write(large)
  expect(await answerOn(socket)).toBe('200')
})

test('a thousand idle connections are in nobody’s way', async () => {
  const world = await worldBehind()
  const { port, hostname } = new URL(world.url)
  const sockets = Array.from({ length: 1000 }, () => connect(Number(port), hostname).on('error', () => {}))
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  await eventually(() => expect(world.api().gateway.view().openConnections).toBeGreaterThanOrEqual(1000))
  expect(await answerOn(rawRequest({ url: world.url, key: 'among-many', body: small }))).toBe('200')
})

const takenAnywhere = ({ a, b }: World, key: string): boolean =>
  a.requests.count({ method: 'PUT', key, status: 200 }) + b.requests.count({ method: 'PUT', key }) > 0

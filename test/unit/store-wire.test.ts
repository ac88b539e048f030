import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { FaultError } from '../../shared/model/fault.ts'
import type { ObjectStore } from '../../electron/engine/store/port.ts'
import { pumped } from '../../electron/engine/s3/pumped.ts'
import { createStore, type StoreOptions } from '../../electron/engine/store/s3-store.ts'
import { bytesOf } from '../support/random.ts'
import { eventually } from '../support/eventually.ts'
import { plainVersion } from '../support/new-version.ts'

/** One request as it came over the wire, and the connection to answer on. */
interface Received {
  readonly head: string
  readonly socket: Socket
  /** 1 for the first connection of the test. */
  readonly connection: number
}

/** A server that says exactly what the test writes, byte for byte. */
async function scripted(answer: (request: Received) => void): Promise<{ endpoint: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    const connection = ++connections
    let text = ''
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = text.slice(0, end)
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0)
      if (text.length < end + 4 + length && !head.includes('expect:')) return
      text = ''
      answer({ head, socket, connection })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { endpoint: `http://127.0.0.1:${address.port}`, sockets }
}

function storeAt(endpoint: string, options: Partial<StoreOptions> = {}): ObjectStore {
  const store = createStore({
    site: { id: 's', name: 'S', endpoint, region: 'us-east-1', pathStyle: true, tls: { insecureSkipVerify: false } },
    keys: { accessKeyId: 'AKEY', secretAccessKey: 'secret' },
    sockets: 4,
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}

const ref = { bucket: 'b', key: 'k' }
const version = plainVersion(ref.bucket, ref.key)
const reply = (length: number, body = '', more = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nETag: "e"\r\n${more}\r\n${body}`

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  )
  return error instanceof FaultError ? error.fault.code : String(error)
}

const bodyOf = async (store: ObjectStore): Promise<string> => (await buffer((await store.get(ref))!.body)).toString()

test('a body comes whole however the network cuts it, and its connection is used again', async () => {
  const { endpoint, sockets } = await scripted(({ socket }) => {
    const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world')
    const cuts = Array.from(answer, (letter) => Buffer.of(letter))
    const next = (): void => {
      const piece = cuts.shift()
      if (piece !== undefined) socket.write(piece, () => setImmediate(next))
    }
    next()
  })
  const store = storeAt(endpoint)
  expect([await bodyOf(store), await bodyOf(store)]).toEqual(['hello world', 'hello world'])
  expect(sockets.size).toBe(1)
})

test('a body that ends early is BODY_CUT, and what was announced is never made up', async () => {
  const { endpoint } = await scripted(({ socket }) => socket.end(reply(100, 'only this')))
  expect(await faultOf(bodyOf(storeAt(endpoint)))).toBe('BODY_CUT')
})

test('a body that stops moving is BODY_STALLED; one that its reader leaves waiting is not', async () => {
  const { endpoint } = await scripted(({ socket, head }) => {
    const size = 1 << 20
    socket.write(reply(size))
    socket.write(Buffer.alloc(head.includes('/b/slow ') ? size / 2 : size))
  })
  const store = storeAt(endpoint, { timeouts: { stallMs: 60 } })
  const waiting = (await store.get({ bucket: 'b', key: 'patient' }))!
  const stalled = (await store.get({ bucket: 'b', key: 'slow' }))!
  expect(await faultOf(buffer(stalled.body))).toBe('BODY_STALLED')
  expect((await buffer(waiting.body)).length).toBe(1 << 20)
})

test('a silent site is RESPONSE_TIMEOUT, a closed port CONNECT_REFUSED', async () => {
  const { endpoint } = await scripted(() => {})
  expect(await faultOf(storeAt(endpoint, { timeouts: { responseMs: 40 } }).head(ref))).toBe('RESPONSE_TIMEOUT')
  expect(await faultOf(storeAt('http://127.0.0.1:1').head(ref))).toBe('CONNECT_REFUSED')
  expect(await faultOf(storeAt('http://no-such-host.invalid').head(ref))).toBe('DNS_FAILED')
})

test('answers that other readers could read otherwise are refused', async () => {
  const bad = [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n folded: x\r\n\r\nabc',
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
  ]
  const { endpoint } = await scripted(({ socket, head }) => socket.write(bad[Number(/\/b\/(\d)/.exec(head)?.[1])]!))
  const store = storeAt(endpoint)
  const codes = await Promise.all(bad.map((_, index) => faultOf(store.get({ bucket: 'b', key: String(index) }))))
  expect(codes).toEqual(bad.map(() => 'RESPONSE_UNREADABLE'))
})

test('a connection that the site closed meanwhile is replaced once for a GET, and never for a PUT', async () => {
  const { endpoint } = await scripted(({ socket, head, connection }) => {
    if (connection % 2 === 1 && head.includes('/b/second')) socket.destroy()
    else socket.write(reply(2, 'ok'))
  })
  const store = storeAt(endpoint)
  const second = { bucket: 'b', key: 'second' }
  await bodyOf(store)
  expect((await buffer((await store.get(second))!.body)).toString()).toBe('ok')

  const writer = storeAt(endpoint)
  await bodyOf(writer)
  expect(await faultOf(writer.put({ ...version, ...second }, { sizeBytes: 1, body: Buffer.from('x') }))).toBe(
    'CONNECTION_LOST',
  )
})

test('a body of another length than announced never completes at the site', async () => {
  const heads: string[] = []
  const { endpoint, sockets } = await scripted(({ head, socket }) => {
    heads.push(head)
    socket.write(head.includes('expect:') ? 'HTTP/1.1 100 Continue\r\n\r\n' : reply(0))
  })
  const store = storeAt(endpoint)
  const put = (sizeBytes: number, pieces: readonly Buffer[]) =>
    faultOf(store.put(version, { sizeBytes, body: pumped(Readable.from(pieces)) }))
  expect(await put(5, [Buffer.from('four')])).toBe('BODY_CUT')
  expect(await put(5, [Buffer.from('longer')])).toBe('BODY_CUT')
  expect(heads).toEqual([])
  const mebibyte = Buffer.alloc(1 << 20)
  expect(await put(3 << 20, [mebibyte, mebibyte])).toBe('BODY_CUT')
  expect(await put(2 << 20, [mebibyte, mebibyte, Buffer.from('!')])).toBe('BODY_CUT')
  await eventually(() => expect(sockets.size).toBe(0))
})

test('a large body waits for leave, counts every byte, and a refusal costs none of it', async () => {
  const sizeBytes = 3 << 20
  let received = 0
  const { endpoint } = await scripted(({ head, socket }) => {
    if (head.includes('/b/refused')) {
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      return
    }
    socket.removeAllListeners('data')
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received === sizeBytes) socket.end(reply(0, '', 'Connection: close\r\n'))
    })
    socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  })
  const store = storeAt(endpoint)
  const pieces = (): Readable => Readable.from(Array.from({ length: 48 }, () => Buffer.alloc(65_536)))
  let counted = 0
  await store.put(version, { sizeBytes, body: pumped(pieces()) }, { onBytes: (bytes) => (counted += bytes) })
  expect([received, counted]).toEqual([sizeBytes, sizeBytes])

  let refusedBytes = 0
  const body = pieces()
  const refused = store.put(
    { ...version, key: 'refused' },
    { sizeBytes, body: pumped(body) },
    { onBytes: (bytes) => (refusedBytes += bytes) },
  )
  expect([await faultOf(refused), refusedBytes, body.destroyed]).toEqual(['ACCESS_DENIED', 0, true])
})

test('a site that stops taking bytes is BODY_STALLED, and the source is let go', async () => {
  const { endpoint } = await scripted(({ socket }) => socket.pause())
  const store = storeAt(endpoint, { timeouts: { stallMs: 80 } })
  const body = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1 << 20)
    })(),
  )
  expect(await faultOf(store.put(version, { sizeBytes: 2 ** 40, body: pumped(body) }))).toBe('BODY_STALLED')
  expect(body.destroyed).toBe(true)
})

test('the source’s own fault is the fault of the copy', async () => {
  const { endpoint } = await scripted(({ socket, head }) => {
    if (head.startsWith('GET')) socket.end(reply(100, 'cut'))
  })
  const store = storeAt(endpoint)
  const { body } = (await store.get(ref))!
  expect(await faultOf(store.put(version, { sizeBytes: 100, body }))).toBe('BODY_CUT')
})

test('a target that is slower than its source gets every byte as it was', async () => {
  const sizeBytes = 24 << 20
  const whole = bytesOf(7, sizeBytes)
  const digests: string[] = []
  const { endpoint } = await scripted(({ head, socket }) => {
    if (head.startsWith('GET')) {
      socket.write(reply(sizeBytes))
      socket.write(whole)
      return
    }
    const received = createHash('md5')
    let left = sizeBytes
    socket.removeAllListeners('data')
    socket.on('data', (piece) => {
      received.update(piece)
      left -= piece.length
      // It takes its time, so that the sender's socket fills up.
      socket.pause()
      setImmediate(() => socket.resume())
      if (left > 0) return
      digests.push(received.digest('hex'))
      socket.end(reply(0, '', 'Connection: close\r\n'))
    })
    socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  })
  const store = storeAt(endpoint, { sockets: 2 })
  // The second body comes over the same connection, into the memory of the first.
  for (let copy = 0; copy < 2; copy++) await store.put(version, { sizeBytes, body: (await store.get(ref))!.body })
  const md5 = createHash('md5').update(whole).digest('hex')
  expect(digests).toEqual([md5, md5])
})

test('an abort rejects with its reason at every stage, and leaves no connection behind', async () => {
  const { endpoint, sockets } = await scripted(({ socket, head }) => {
    if (head.includes('/b/body')) socket.write(reply(1000, 'x'))
  })
  const store = storeAt(endpoint, { sockets: 2 })
  const reason = new Error('not wanted any more')
  const aborted = (key: string, abort: AbortController) =>
    store.get({ bucket: 'b', key }, { signal: abort.signal }).then((got) => buffer(got!.body))
  const aborts = [new AbortController(), new AbortController(), new AbortController()]
  const all = ['silent', 'body', 'queued'].map((key, index) => aborted(key, aborts[index]!))
  const seen = Promise.allSettled(all)
  await eventually(() => expect(sockets.size).toBe(2))
  for (const abort of aborts.toReversed()) abort.abort(reason)
  expect(await seen).toEqual(aborts.map(() => ({ status: 'rejected', reason })))
  await eventually(() => expect(sockets.size).toBe(0))
})

test('an unread body gives its connection up', async () => {
  const { endpoint, sockets } = await scripted(({ socket }) => socket.write(reply(1 << 20, 'x')))
  const got = (await storeAt(endpoint).get(ref))!
  got.body.destroy()
  await eventually(() => expect(sockets.size).toBe(0))
})

/** A server that answers nothing before it is told to, and what it was asked. */
async function held(): Promise<{ endpoint: string; sockets: Set<Socket>; asked: Received[]; answer: () => void }> {
  const asked: Received[] = []
  const { endpoint, sockets } = await scripted((request) => asked.push(request))
  const answer = (): void => void asked.shift()!.socket.write(reply(0))
  return { endpoint, sockets, asked, answer }
}

test('more connections are used at once by what waits, fewer as requests end, and nothing is lost by either', async () => {
  const { endpoint, sockets, asked, answer } = await held()
  const store = storeAt(endpoint, { sockets: 2 })
  const all = Array.from({ length: 12 }, () => store.head(ref))
  await eventually(() => expect(asked.length).toBe(2))
  store.resize(6)
  await eventually(() => expect(asked.length).toBe(6))
  store.resize(1)
  for (let left = 12; left > 0; left--) {
    await eventually(() => expect(asked.length).toBeGreaterThan(0))
    answer()
  }
  expect((await Promise.all(all)).length).toBe(12)
  await eventually(() => expect(sockets.size).toBeLessThanOrEqual(1))
})

test('a store that another one replaces ends what it has begun, what waits too, and keeps no connection', async () => {
  const { endpoint, sockets, asked, answer } = await held()
  const store = storeAt(endpoint, { sockets: 1 })
  const all = [store.head(ref), store.head(ref)]
  await eventually(() => expect(asked.length).toBe(1))
  store.retire()
  answer()
  await eventually(() => expect(asked.length).toBe(1))
  answer()
  await Promise.all(all)
  await eventually(() => expect(sockets.size).toBe(0))
  const later = store.head(ref)
  await eventually(() => expect(asked.length).toBe(1))
  answer()
  await later
  await eventually(() => expect(sockets.size).toBe(0))
})

test('closing the store ends what is under way with CANCELLED', async () => {
  const { endpoint, sockets } = await scripted(() => {})
  const store = storeAt(endpoint, { sockets: 1 })
  const waiting = [faultOf(store.head(ref)), faultOf(store.head(ref))]
  await eventually(() => expect(sockets.size).toBe(1))
  store.close()
  expect(await Promise.all(waiting)).toEqual(['CANCELLED', 'CANCELLED'])
  expect(await faultOf(store.head(ref))).toBe('CANCELLED')
})

test('a slow completion is waited for through its blank lines, and its late error is a fault', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const ends = [
    '<CompleteMultipartUploadResult><ETag>&quot;abc-2&quot;</ETag></CompleteMultipartUploadResult>',
    '<Error><Code>SlowDown</Code><Message>later</Message></Error>',
  ]
  const { endpoint } = await scripted(({ socket, head: request }) => {
    const xml = ends[request.includes('/b/bad') ? 1 : 0]!
    socket.write(head)
    for (let blank = 0; blank < 3; blank++) socket.write('1\r\n \r\n')
    setTimeout(() => socket.write(`${xml.length.toString(16)};x=y\r\n${xml}\r\n0\r\nTrailer: t\r\n\r\n`), 60)
  })
  const store = storeAt(endpoint, { timeouts: { stallMs: 20, responseMs: 20, completeMs: 5_000 } })
  const upload = { ...ref, uploadId: 'u' }
  expect(await store.completeUpload(upload, [], null, 0)).toMatchObject({ versionId: null, etag: 'abc-2' })
  expect(await faultOf(store.completeUpload({ ...upload, key: 'bad' }, [], null, 0))).toBe('SLOW_DOWN')
})

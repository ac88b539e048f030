import { randomBytes } from 'node:crypto'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, it, onTestFinished } from 'vitest'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import type { FaultAction } from '../../electron/engine/sandbox/fault-switch.ts'
import { makeBucket } from '../support/buckets.ts'
import { eventually } from '../support/eventually.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { refusal, refused } from './site-promise.ts'

const body = randomBytes(300_000)
const at = { Bucket: 'faults', Key: 'x' }

/** A site with one object, and a client that never tries again by itself. */
async function world(): Promise<{ readonly site: SandboxSite; readonly s3: S3Client }> {
  const site = await sandboxForTest()
  const { endpoint, region, accessKeyId, secretAccessKey } = site
  const s3 = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  onTestFinished(() => s3.destroy())
  await makeBucket(s3, at.Bucket)
  await s3.send(new PutObjectCommand({ ...at, Body: body }))
  return { site, s3 }
}

async function read(s3: S3Client): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand(at))
  return Buffer.from(await Body!.transformToByteArray())
}

it('refusals come as asked, to the operation, key and number of requests that were meant', async () => {
  const { site, s3 } = await world()
  const get = (): Promise<unknown> => read(s3)
  const answers: readonly (readonly [FaultAction, string])[] = [
    [{ kind: 'slow-down', retryAfterSeconds: 7 }, '503 SlowDown'],
    [{ kind: 'server-error' }, '500 InternalError'],
    [{ kind: 'deny' }, '403 AccessDenied'],
    [{ kind: 'full' }, '507 XMinioStorageFull'],
  ]
  for (const [action, answer] of answers) {
    const fault = site.faults.add({ on: 'GetObject', key: /^x$/, times: 1, do: action })
    await s3.send(new HeadObjectCommand(at))
    expect(await refusal(get())).toBe(answer)
    expect((await read(s3)).equals(body)).toBe(true)
    expect(fault.hits).toBe(1)
  }
  site.faults.add({ method: 'GET', after: 1, do: { kind: 'slow-down', retryAfterSeconds: 7 } })
  await read(s3)
  expect((await refused(get())).headers['retry-after']).toBe('7')
  site.faults.clear()
  expect((await read(s3)).equals(body)).toBe(true)
})

it('a refused write leaves nothing behind', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'PutObject', do: { kind: 'full' } })
  await expect(s3.send(new PutObjectCommand({ ...at, Key: 'y', Body: body }))).rejects.toThrow()
  expect(await refusal(s3.send(new HeadObjectCommand({ ...at, Key: 'y' })))).toBe('404 NotFound')
})

it('a body is cut after exactly so many bytes', async () => {
  const { site, s3 } = await world()
  for (const afterBytes of [0, 1000, 299_999]) {
    site.faults.add({ on: 'GetObject', times: 1, do: { kind: 'cut-body', afterBytes } })
    const { Body } = await s3.send(new GetObjectCommand(at))
    let seen = 0
    const reading = async (): Promise<void> => {
      for await (const chunk of Body as AsyncIterable<Buffer>) seen += chunk.length
    }
    await expect(reading()).rejects.toThrow()
    expect(seen).toBe(afterBytes)
  }
})

it('one bit of a body is turned, and nothing else', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'GetObject', times: 1, do: { kind: 'flip-byte', at: 250_000 } })
  const got = await read(s3)
  expect(got.length).toBe(body.length)
  expect([...got.keys()].filter((index) => got[index] !== body[index])).toEqual([250_000])
})

it('a stalled body neither goes on nor ends', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'GetObject', do: { kind: 'stall-body', afterBytes: 1000 } })
  const { Body } = await s3.send(new GetObjectCommand(at))
  const stream = Body as AsyncIterable<Buffer> & { destroy(): void }
  const chunks = stream[Symbol.asyncIterator]()
  expect((await chunks.next()).value).toHaveLength(1000)
  const next = chunks.next().catch(() => 'destroyed')
  expect(await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 50, 'stalled'))])).toBe('stalled')
  stream.destroy()
  await eventually(() => expect(site.requests.active).toBe(0))
})

it('a write whose answer is lost has happened', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'PutObject', times: 1, do: { kind: 'lose-answer' } })
  await expect(s3.send(new PutObjectCommand({ ...at, Key: 'lost', Body: 'y' }))).rejects.toMatchObject({
    code: 'ECONNRESET',
  })
  expect((await s3.send(new HeadObjectCommand({ ...at, Key: 'lost' }))).ContentLength).toBe(1)
})

it('a write whose answer is late has happened before', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'PutObject', times: 1, do: { kind: 'late-answer', delayMs: 60_000 } })
  const put = s3.send(new PutObjectCommand({ ...at, Key: 'late', Body: 'y' })).catch(() => 'given up')
  await eventually(async () =>
    expect((await s3.send(new HeadObjectCommand({ ...at, Key: 'late' }))).ContentLength).toBe(1),
  )
  expect(await Promise.race([put, Promise.resolve('on its way')])).toBe('on its way')
})

it('a site that hangs or resets gives no answer', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'HeadObject', times: 1, do: { kind: 'reset' } })
  await expect(s3.send(new HeadObjectCommand(at))).rejects.toMatchObject({ code: 'ECONNRESET' })
  site.faults.add({ on: 'HeadObject', times: 1, do: { kind: 'hang' } })
  const hanging = s3.send(new HeadObjectCommand(at), { abortSignal: AbortSignal.timeout(100) })
  await expect(hanging).rejects.toMatchObject({ name: 'AbortError' })
})

it('an offline site refuses connections and comes back on the same port', async () => {
  const { site, s3 } = await world()
  await site.faults.goOffline()
  // The first try may still find the connection that was reset.
  await eventually(() => expect(read(s3)).rejects.toMatchObject({ code: 'ECONNREFUSED' }))
  await site.faults.goOnline()
  expect((await read(s3)).equals(body)).toBe(true)
})

it('a latency delays the answer, and a skewed clock shows in it', async () => {
  const { site, s3 } = await world()
  site.faults.add({ do: { kind: 'latency', delayMs: 60 } })
  site.faults.add({ do: { kind: 'latency', delayMs: 60 } })
  const startedAt = performance.now()
  await s3.send(new HeadObjectCommand(at))
  expect(performance.now() - startedAt).toBeGreaterThan(118)
  site.faults.clear()
  site.faults.skewClock(-3_600_000)
  const { code, headers } = await refused(read(s3))
  expect(code).toBe('RequestTimeTooSkewed')
  expect(Math.abs(Date.parse(headers['date']!) + 3_600_000 - Date.now())).toBeLessThan(5000)
})

it('what the site was asked can be read back', async () => {
  const { site, s3 } = await world()
  site.requests.clear()
  await read(s3)
  await refusal(s3.send(new HeadObjectCommand({ ...at, Key: 'none' })))
  expect(site.requests.list().map(({ operation, key, status }) => [operation, key, status])).toEqual([
    ['GetObject', 'x', 200],
    ['HeadObject', 'none', 404],
  ])
  expect(site.requests.count({ operation: 'GetObject', status: 200 })).toBe(1)
})

it('closing ends what is under way', async () => {
  const { site, s3 } = await world()
  site.faults.add({ on: 'HeadObject', do: { kind: 'hang' } })
  const hanging = s3.send(new HeadObjectCommand(at)).catch((error: unknown) => error)
  await eventually(() => expect(site.requests.active).toBe(1))
  await site.close()
  expect(await hanging).toMatchObject({ code: 'ECONNRESET' })
})

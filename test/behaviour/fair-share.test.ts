import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { forEachAtMost } from '../support/concurrency.ts'
import { versionsOf } from '../support/s3-acts.ts'
import { createBucket, startWorld } from '../support/world.ts'

const toBoth = [
  {
    targets: [
      { site: 'b', bucket: 'data' },
      { site: 'a', bucket: 'second' },
    ],
  },
]

test.each([
  ['answers with errors', { kind: 'server-error' }],
  ['is silent', { kind: 'hang' }],
  ['is slow', { kind: 'latency', delayMs: 3000 }],
] as const)('a target that %s does not delay the other', async (_name, what) => {
  const world = await startWorld({ rules: toBoth, stopped: true, config: { workers: { limit: 20 } } })
  await createBucket(world.s3.a, 'second')
  for (let index = 0; index < 30; index++) await world.put(`key ${index}`)
  world.a.faults.add({ bucket: 'second', on: 'PutObject', key: /^key/, do: what })
  await world.start()
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 20_000 }).toBe(30)
  await world.put('later')
  const arrived = async (): Promise<number> => (await versionsOf({ site: world.b, bucket: 'data' }, 'later')).length
  await expect.poll(arrived, { timeout: 10_000 }).toBe(1)
})

test('what fails over and over leaves room for what flows', async () => {
  const world = await startWorld({ config: { workers: { limit: 8 } }, engine: { retry: { maxDelayMs: 200 } } })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: /^bad/, do: { kind: 'latency', delayMs: 500 } })
  // A refusal is the object's own: faults of the site would hold the link.
  world.b.faults.add({ on: 'PutObject', key: /^bad/, do: { kind: 'refuse', code: 'BadDigest' } })
  for (let index = 0; index < 40; index++) await world.put(`bad ${index}`)
  await expect.poll(() => world.link().failing, { timeout: 15_000 }).toBe(40)
  for (let index = 0; index < 20; index++) await world.put(`good ${index}`)
  const arrived = async (): Promise<number> => (await world.sides()).b.length
  await expect.poll(arrived, { timeout: 6000 }).toBe(20)
})

test('a rule with thousands of waiting tasks does not starve another', async () => {
  const world = await startWorld({
    buckets: ['data', 'busy'],
    stopped: true,
    config: { workers: { limit: 4 } },
    rules: [{ id: 'busy', source: { site: 'a', bucket: 'busy' }, targets: [{ site: 'b', bucket: 'busy' }] }, {}],
  })
  const keys = Array.from({ length: 3000 }, (_, index) => `many/${index}`)
  await forEachAtMost(16, keys, async (Key) => {
    await world.s3.a.send(new PutObjectCommand({ Bucket: 'busy', Key, Body: Key }))
  })
  world.b.faults.add({ bucket: 'busy', on: 'PutObject', do: { kind: 'latency', delayMs: 100 } })
  await world.start()
  await expect.poll(() => world.link('busy').backlogCount, { timeout: 30_000 }).toBeGreaterThan(2000)
  for (let index = 0; index < 5; index++) await world.put(`few/${index}`)
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(5)
  expect(world.link('busy').backlogCount).toBeGreaterThan(1000)
})

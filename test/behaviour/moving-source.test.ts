import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeBucket } from '../support/buckets.ts'
import { differences, differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { retryAll, untilParked } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex')
const large = (letter: string): Buffer => Buffer.alloc(3 * 1024 * 1024, letter)

test('an object of an unversioned source that changes while it is copied ends as the last one, never as a mix', async () => {
  const world = await startWorld({
    rules: [{ source: { site: 'a', bucket: 'plain' } }],
    buckets: ['data'],
    stopped: true,
  })
  await makeBucket(world.s3.a, 'plain', { versioning: 'none' })
  await world.start()
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 50 } })
  for (const letter of 'abcdef') await world.put('key', large(letter), { Bucket: 'plain' })
  await world.settled()
  const whole = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `key ${large(letter).length} "${md5Of(large(letter))}"`)
  const { b } = await world.sides()
  expect(b[0]).toBe(whole.at(-1))
  expect(whole).toEqual(expect.arrayContaining([...b]))
  expect(world.link()).toMatchObject({ parked: 0, failing: 0 })
})

test('a version that goes between two questions of its copy is looked at again, and no failure stays', async () => {
  const world = await startWorld()
  await world.settled()
  const gone = { kind: 'refuse', code: 'NoSuchVersion' } as const
  const met = world.a.faults.add({ on: 'GetObjectTagging', times: 1, do: gone })
  await world.put('key', 'body', { Tagging: 'color=red' })
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(met.hits).toBe(1)
  expect(world.link()).toMatchObject({ parked: 0, failing: 0, backlogCount: 0 })
})

test('a version that its site lists and never gives is a failure by name, and holds nothing back', async () => {
  const world = await startWorld({ stopped: true })
  const lost = await world.put('key', 'old')
  await world.put('key', 'new')
  const refusal = { kind: 'refuse', code: 'NoSuchVersion' } as const
  const refused = world.a.faults.add({ on: 'GetObject', versionId: lost, do: refusal })
  await world.start()
  const [failure] = await untilParked(world, ['key'])
  expect(failure).toMatchObject({ versionId: lost, attempts: 3, fault: { code: 'SOURCE_LOST', site: 'a' } })
  await world.settled()
  expect((await world.sides()).b).toEqual([expect.stringContaining('key 3 ')])
  refused.remove()
  await retryAll(world)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a version that goes between two questions after other failures is no failure that stays', async () => {
  const world = await startWorld()
  await world.settled()
  const refused = world.b.faults.add({ on: 'PutObject', times: 2, do: { kind: 'server-error' } })
  const slow = world.a.faults.add({ on: 'GetObjectTagging', after: 2, do: { kind: 'latency', delayMs: 500 } })
  const id = await world.put('key', 'body', { Tagging: 'color=red' })
  await expect.poll(() => slow.hits, { timeout: 15_000, interval: 5 }).toBe(1)
  expect(refused.hits).toBe(2)
  await remove(world.s3.a, 'key', id)
  slow.remove()
  await world.settled()
  expect(world.link()).toMatchObject({ parked: 0, failing: 0, backlogCount: 0 })
})

test('a version that is deleted while it waits settles without a failure, and the rest arrives', async () => {
  const world = await startWorld()
  await world.settled()
  const slow = world.a.faults.add({ on: 'GetObject', do: { kind: 'latency', delayMs: 400 } })
  const ids = []
  for (const body of ['one', 'two', 'three']) ids.push(await world.put('key', body))
  const lonely = await world.put('lonely')
  await expect.poll(() => slow.hits, { timeout: 10_000 }).toBeGreaterThan(0)
  await remove(world.s3.a, 'key', ids[1])
  await remove(world.s3.a, 'lonely', lonely)
  slow.remove()
  await world.settled()
  expect(world.link()).toMatchObject({ parked: 0, failing: 0, backlogCount: 0 })
  const left = await differences(world)
  // What was read before it went may have arrived: a rule without version deletes keeps it.
  expect(left.filter((one) => one.source !== null && one.target === null)).toEqual([])
  await world.put('key', 'four')
  await world.settled()
  expect(world.link().state.kind).toBe('in-step')
})

import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { checkDeletes, OppositeDeletes, type Side } from '../support/opposite-deletes.ts'
import { startWorld, type World } from '../support/world.ts'

/** Many deletes are what this is about. */
const free = { deleteBrake: null, overwriteBrake: null }
const back = { ...free, id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }

const markersOf = async (world: World, key: string): Promise<readonly number[]> =>
  Promise.all(
    [world.a, world.b].map(
      async (site) => (await versionsOf({ site, bucket: 'data' }, key)).filter(({ kind }) => kind === 'marker').length,
    ),
  )

/** What Lockstep and clients changed at both sites, by the sites' own records. */
const writesAt = (world: World): number =>
  [world.a, world.b].reduce(
    (sum, { requests }) =>
      sum +
      requests.list().filter(({ operation, key }) => /^(?:Put|Delete)Object$/.test(operation) && isOfTest(key)).length,
    0,
  )
const isOfTest = (key: string): boolean => key !== '' && !key.startsWith('.lockstep-canary/')

async function expectRest(world: World): Promise<void> {
  const before = writesAt(world)
  for (let scan = 0; scan < 3; scan++) await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
  expect(writesAt(world)).toBe(before)
}

describe.each(['as-aws', 'as-ceph', 'as-minio'] as const)(
  'opposite rules where plain deletes are kept %s',
  (plainMarkers) => {
    const sites = { a: { plainMarkers }, b: { plainMarkers } } as const

    test.each([
      { what: 'is answered late', does: { kind: 'late-answer', delayMs: 1500 } },
      { what: 'is done and whose answer is lost', does: { kind: 'lose-answer' } },
    ] as const)('a marker that $what does not go back as one of a client', async ({ does }) => {
      const retry = { baseDelayMs: 1500, maxDelayMs: 1500 }
      const world = await startWorld({ ...sites, rules: [free, back], engine: { retry } })
      await world.put('key', 'one')
      await world.settled()
      // What b's client wrote comes to lie above the delete at a, and below it at b: no order tells then what belongs together.
      world.a.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'latency', delayMs: 400 } })
      world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: does })
      await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'two' }))
      await remove(world.s3.a, 'key')
      await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
      expect(await markersOf(world, 'key')).toEqual([1, 1])
      await expectRest(world)
    })

    test('a marker that comes along with a later write, and whose answer is lost, is there once', async () => {
      const world = await startWorld({ ...sites, rules: [free, back], engine: { retry: { baseDelayMs: 1500 } } })
      await world.put('key', 'one')
      await world.settled()
      // As above: no order tells what belongs together.
      world.a.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'latency', delayMs: 400 } })
      const denied = world.b.faults.add({ on: 'DeleteObject', key: 'key', do: { kind: 'deny' } })
      await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'two' }))
      await remove(world.s3.a, 'key')
      await expect.poll(() => world.failures(), { timeout: 15_000 }).toMatchObject([{ state: 'parked' }])
      const atSource = () => versionsOf({ site: world.a, bucket: 'data' }, 'key').then(({ length }) => length)
      await expect.poll(atSource, { timeout: 10_000 }).toBe(3)
      denied.remove()
      world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: { kind: 'lose-answer' } })
      await world.put('key', 'three')
      await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
      expect([await markersOf(world, 'key'), await world.failures()]).toEqual([[1, 1], []])
      await expectRest(world)
    })

    test('a key deleted at both sides at once is settled only when nothing of it is still to come', async () => {
      const world = await startWorld({ ...sites, rules: [free, back] })
      await world.put('key', 'one')
      await world.settled()
      // The delete of a's client is brought to b while b's client deletes there.
      const late = world.b.faults.add({
        on: 'DeleteObject',
        key: 'key',
        times: 1,
        do: { kind: 'latency', delayMs: 600 },
      })
      await remove(world.s3.a, 'key')
      await expect.poll(() => late.hits, { timeout: 10_000, interval: 5 }).toBe(1)
      await remove(world.s3.b, 'key')
      const { settled } = await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
      const [a, b] = await markersOf(world, 'key')
      expect([settled, a]).toEqual([true, b])
      await expectRest(world)
      expect(await markersOf(world, 'key')).toEqual([a, b])
    })
  },
)

const given = process.env['DELETES_SEED']
const seeds = given === undefined ? [1, 2, 3] : given.split(',').map(Number)

const late = seeds.map((seed) => ['late', seed] as const)
const lost = (given === undefined ? [4] : seeds).map((seed) => ['lost', seed] as const)

test.each([...late, ...lost])(
  'each delete of a client is once at each site, and “settled” is said of what is the same at both, where answers are %s (seed %i)',
  { timeout: 240_000 },
  async (answers, seed) => {
    const world = await startWorld({ rules: [free, back] })
    const clients = new OppositeDeletes(seed, (side: Side) => world.s3[side])
    await clients.begin()
    await world.settled(60_000)
    for (const fault of clients.faults(answers)) world[fault.at].faults.add(fault.rule)
    await clients.act()
    const told = await world.api().wait.settled({ ruleId: null, timeoutMs: 90_000 })
    const before = writesAt(world)
    const found = await checkDeletes({ site: world.a, bucket: 'data' }, { site: world.b, bucket: 'data' }, clients)
    expect([found.broken.slice(-9), told.pending + told.parked, told.notConverging], `seed ${seed}`).toEqual([
      [],
      0,
      found.apart.length,
    ])
    expect(told.settled).toBe(found.apart.length === 0)
    for (let scan = 0; scan < 3; scan++) await world.api().wait.settled({ ruleId: null, timeoutMs: 40_000 })
    expect(writesAt(world)).toBe(before)
  },
)

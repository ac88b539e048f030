import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { behindGateway } from '../support/gateway-world.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { Random } from '../support/random.ts'
import { remove } from '../support/s3-acts.ts'
import { cipherBytes, compressed, documents } from '../support/sample-files.ts'
import { startWorld, type World } from '../support/world.ts'

const random = new Random(20)
/** How many files a night's work or a burst has here; `LOCKSTEP_BRAKE_FILES=10000` is as many as in life. */
const few = Number(process.env['LOCKSTEP_BRAKE_FILES'] ?? 140)
const inBurst = 180

async function write(client: S3Client, key: string, body: Buffer, type?: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: body, ContentType: type }))
}

/** Files of every kind that is named, and their keys. */
async function fill(
  client: S3Client,
  kinds: Readonly<Record<string, (random: Random) => Buffer>>,
  count: number,
): Promise<readonly string[]> {
  const endings = Object.keys(kinds)
  const keys = Array.from({ length: count }, (_, at) => `team/file ${at}.${endings[at % endings.length]!}`)
  await forEachAtMost(8, keys, (key) => write(client, key, kinds[key.slice(key.lastIndexOf('.') + 1)]!(random)))
  return keys
}

const encrypted = (): Buffer => cipherBytes(random, random.int(100, 2500))
const pausedOf = (world: World) => world.api().rules.get({ id: 'r' }).paused
const changesSince = (world: World, since: number) =>
  world.a.requests
    .list()
    .filter(({ key, method, at }) => key.startsWith('team/') && ['PUT', 'DELETE'].includes(method) && at >= since)
const isPaused = (world: World): boolean => pausedOf(world) !== null
const stopped = async (world: World): Promise<void> => {
  await expect.poll(() => isPaused(world), { timeout: 30_000 }).toBe(true)
}

const bursts: readonly (readonly [string, (client: S3Client, keys: readonly string[]) => Promise<void>])[] = [
  ['under the same names', (client, keys) => forEachAtMost(8, keys, (key) => write(client, key, encrypted()))],
  [
    'and another type claimed',
    (client, keys) => forEachAtMost(8, keys, (key) => write(client, key, encrypted(), 'application/zip')),
  ],
  [
    'under names with an ending more, the old ones deleted one by one',
    (client, keys) =>
      forEachAtMost(8, keys, async (key) => {
        await write(client, `${key}.locked`, encrypted())
        await remove(client, key)
      }),
  ],
  [
    'under names with another ending, all written first and the old ones deleted then',
    async (client, keys) => {
      await forEachAtMost(8, keys, (key) => write(client, `${key.slice(0, key.lastIndexOf('.'))}.locked`, encrypted()))
      await forEachAtMost(8, keys, async (key) => void (await remove(client, key)))
    },
  ],
  [
    'under new names, the old ones deleted before',
    (client, keys) =>
      forEachAtMost(8, keys, async (key) => {
        await remove(client, key)
        await write(client, `${key}.locked`, encrypted())
      }),
  ],
]

test.each(bursts)('text and office files overwritten with random bytes %s stop the rule', async (_how, burst) => {
  const world = await startWorld({ rules: [{ deleteBrake: null }] })
  const keys = await fill(world.s3.a, documents, inBurst)
  await world.settled(60_000)
  const before = Date.now()
  await burst(world.s3.a, keys)
  await stopped(world)
  const paused = pausedOf(world)!
  expect(paused).toMatchObject({ by: 'brake', brake: { kind: 'overwrites' } })
  expect(paused.reason).toMatch(
    /^\d+ of \d+ objects were overwritten within 10 minutes with content that looks encrypted/,
  )
  expect(paused.brake!.keys.every((key) => key.startsWith('team/file '))).toBe(true)
  // Nothing of the burst had happened then, and all of what was there before had. Told in whole seconds.
  const began = Math.min(...changesSince(world, before).map(({ at }) => at))
  expect(paused.brake!.lastCleanAt).toBeLessThan(began)
  expect(began - paused.brake!.lastCleanAt).toBeLessThanOrEqual(1000)
  expect(world.link().state).toMatchObject({ kind: 'paused', by: 'brake' })
  expect(world.link().backlogCount).toBeGreaterThan(0)
})

test('the same, found by a scan because the engine was down, stops the rule before most of it is copied', async () => {
  const world = await startWorld({ rules: [{ deleteBrake: null }] })
  const keys = await fill(world.s3.a, documents, 300)
  await world.settled(60_000)
  await world.stop()
  await forEachAtMost(8, keys, (key) => write(world.s3.a, key, encrypted()))
  await world.start()
  await stopped(world)
  expect(world.link().backlogCount).toBeGreaterThan(100)
})

test('the files of a small bucket are enough', async () => {
  const world = await startWorld()
  const keys = await fill(world.s3.a, documents, 40)
  await world.settled()
  for (const key of keys) await write(world.s3.a, key, encrypted())
  await stopped(world)
  expect(pausedOf(world)?.reason).toContain('of 40 objects')
})

test('through the gateway, to the targets at the same time, it stops the rule as well', async () => {
  const { client, ...world } = await behindGateway({ policy: 'all', timeoutMs: 10_000 })
  const keys = await fill(client, documents, 60)
  for (const key of keys) {
    if (isPaused(world)) break
    await write(client, key, encrypted(), 'text/plain').catch(() => undefined)
  }
  await stopped(world)
  expect(pausedOf(world)?.brake?.kind).toBe('overwrites')
})

test('after resume the rest of the burst passes, and a new one stops the rule again', async () => {
  const world = await startWorld()
  const keys = await fill(world.s3.a, documents, 90)
  await world.settled()
  await forEachAtMost(8, keys.slice(0, 50), (key) => write(world.s3.a, key, encrypted()))
  await stopped(world)
  await world.api().rules.resume({ id: 'r' })
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(isPaused(world)).toBe(false)
  await forEachAtMost(8, keys.slice(50), (key) => write(world.s3.a, key, encrypted()))
  await stopped(world)
})

test('a restart in the middle of a burst forgets nothing of it', async () => {
  const world = await startWorld({ rules: [{ overwriteBrake: { count: 40, bucketShare: 1 } }] })
  const keys = await fill(world.s3.a, documents, 90)
  await world.settled()
  await forEachAtMost(8, keys.slice(0, 38), (key) => write(world.s3.a, key, encrypted()))
  await world.settled()
  await world.stop()
  await world.start()
  await world.settled()
  expect(isPaused(world)).toBe(false)
  await forEachAtMost(8, keys.slice(38, 65), (key) => write(world.s3.a, key, encrypted()))
  await stopped(world)
})

const harmless: readonly (readonly [
  string,
  (client: S3Client) => Promise<void>,
  (client: S3Client) => Promise<void>,
])[] = [
  [
    'a nightly backup that rewrites compressed files',
    async (client) => void (await fill(client, compressed, few)),
    async (client) => void (await fill(client, compressed, few)),
  ],
  [
    'documents that are written anew',
    async (client) => void (await fill(client, documents, few)),
    async (client) => void (await fill(client, documents, few)),
  ],
  [
    'a recompression to .zst under new names',
    async (client) => void (await fill(client, { json: documents['json']!, gz: compressed['gz']! }, few)),
    (client) =>
      forEachAtMost(8, Array.from({ length: few }).keys(), async (at) => {
        const old = `team/file ${at}.${at % 2 === 0 ? 'json' : 'gz'}`
        await write(client, at % 2 === 0 ? `${old}.zst` : `team/file ${at}.zst`, compressed['zst']!(random))
        await remove(client, old)
      }),
  ],
  [
    'an encrypted backup repository, whose packs always looked random, rewritten and pruned',
    (client) =>
      forEachAtMost(8, Array.from({ length: few }).keys(), (at) => write(client, `repo/data/${at}.pack`, encrypted())),
    (client) =>
      forEachAtMost(8, Array.from({ length: few }).keys(), async (at) => {
        await write(client, at % 2 === 0 ? `repo/data/${at}.pack` : `repo/data/${at}.new`, encrypted())
        if (at % 2 === 1) await remove(client, `repo/data/${at}.pack`)
      }),
  ],
]

test.each(harmless)('%s does not stop the rule', async (_what, first, then) => {
  const world = await startWorld({ rules: [{ deleteBrake: null }] })
  await first(world.s3.a)
  await world.settled(600_000)
  await then(world.s3.a)
  await world.settled(600_000)
  expect(isPaused(world)).toBe(false)
})

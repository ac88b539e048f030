import { randomBytes } from 'node:crypto'
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { pendingStamp } from '../../electron/engine/replicate/marks/origin.ts'
import { openSealKey } from '../../electron/engine/site/seal-key.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import type { RetryPolicy } from '../../electron/engine/queue/retry.ts'
import type { Timeouts } from '../../electron/engine/store/wire/request.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { bytesOf } from '../support/random.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** Everything that a client waits for; nothing that events or scans would bring too. */
async function synchronousWorld(
  timeoutMs = 20_000,
  timeouts: Partial<Timeouts> = {},
  retry?: Partial<RetryPolicy>,
): Promise<World> {
  const world = await startWorld({
    rules: [{ versionDeletes: true, scanIntervalSeconds: 604_800, ack: { policy: 'all', timeoutMs } }],
    config: { gateway: gatewayConfig },
    engine: { timeouts, ...(retry !== undefined && { retry }) },
  })
  await world.settled()
  // Whether the buckets allow it is asked behind the back of the first write.
  const client = gatewayClient(world.api())
  await eventually(async () => {
    await client.send(put('warm'))
    expect(await wentTogether(world, 'warm')).toBe(true)
  })
  await world.settled()
  return world
}

/** The target got it before its source had given it an id. */
async function wentTogether(world: World, Key: string): Promise<boolean> {
  const { Metadata = {} } = await world.s3.b.send(new HeadObjectCommand({ Bucket: 'data', Key }))
  return Metadata['lockstep-version']?.startsWith('write-') ?? false
}

const put = (Key: string, Body: string | Uint8Array = Key): PutObjectCommand =>
  new PutObjectCommand({ Bucket: 'data', Key, Body, ContentType: 'text/plain', Metadata: { colour: 'blue' } })

/** By the keys that listing shows; the source cannot be listed while a fault says so. */
const versionsAtB = async ({ s3 }: World, Prefix: string): Promise<number> =>
  (await s3.b.send(new ListObjectVersionsCommand({ Bucket: 'data', Prefix }))).Versions?.length ?? 0

const versions = async (world: World, key: string) => {
  const { a, b } = await world.sides()
  const of = (lines: readonly string[]): number => lines.filter((line) => line.startsWith(`${key} `)).length
  return { a: of(a), b: of(b) }
}

test('a target has a synchronous write before its source has answered', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 1_500 }, times: 1 })
  let answered = false
  const sent = client.send(put('key')).then(() => (answered = true))
  await expect.poll(() => world.b.requests.count({ operation: 'PutObject', key: 'key' }), { interval: 5 }).toBe(1)
  await eventually(async () => expect(await versions(world, 'key')).toEqual({ a: 0, b: 1 }))
  expect(answered).toBe(false)
  await sent
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 })
})

test('a write of another client that comes between, and goes first, leaves no second copy at the target', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 1_500 }, times: 1 })
  const sent = client.send(put('key', 'by the gateway'))
  await eventually(async () => expect(await versions(world, 'key')).toEqual({ a: 0, b: 1 }))
  // Its task has the lower number: it is the next of the key when the write has ended.
  await world.put('key', 'past the gateway')
  await eventually(() => expect(world.link().backlogCount).toBe(2))
  await sent
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'key')).toEqual({ a: 2, b: 2 })
})

test('what the source refuses after the target took it is taken back from the target', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 500 } })
  const denied = world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' } })
  await expect(client.send(put('key'))).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(world.b.requests.count({ operation: 'PutObject', key: 'key' })).toBe(1)
  await world.settled()
  expect(await versions(world, 'key')).toEqual({ a: 0, b: 0 })
  denied.remove()
  await client.send(put('key'))
  expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 })
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('what the source refuses is taken back also where many other keys begin with the same name', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  for (let index = 0; index < 40; index++) await world.put(`key-${index}`)
  await client.send(put('key', 'before'))
  await world.settled()
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 500 } })
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' } })
  await expect(client.send(put('key', 'refused'))).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(world.b.requests.count({ operation: 'PutObject', key: 'key' })).toBe(2)
  expect(await differencesOnceSettled(world)).toEqual([])
})

test.each([
  ['is taken by both sites', 2],
  ['is refused before it is whole', 1],
] as const)(
  'what a refused write left at the target is taken back, also when the next write of the key %s before anybody looked',
  async (end, count) => {
    const world = await synchronousWorld(20_000, { responseMs: 4_000 })
    const client = gatewayClient(world.api())
    await client.send(put('key', 'before'))
    await world.settled()
    world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 500 }, times: 1 })
    world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' }, times: 1 })
    // The only worker is busy, so that the task of the refused write still waits when the next one comes.
    await world.api().settings.update({ workers: { limit: 1, large: 1, threads: 1 } })
    const busy = world.a.faults.add({ on: 'GetObject', key: 'slow', do: { kind: 'hang' } })
    await world.put('slow')
    await eventually(() => expect(world.api().transfers.list()).toHaveLength(1))
    await expect(client.send(put('key', 'refused'))).rejects.toMatchObject({ name: 'AccessDenied' })
    await eventually(async () => expect(await versionsAtB(world, 'key')).toBe(2))
    if (end === 'is taken by both sites') await client.send(put('key', 'taken'))
    else {
      const wrong = new PutObjectCommand({
        ...put('key', bytesOf(7, 9 << 20)).input,
        ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==',
      })
      await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' })
    }
    busy.remove()
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await versions(world, 'key')).toEqual({ a: count, b: count })
  },
)

test('a body that streams reaches both sites, and a wrong one neither', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  const body = bytesOf(7, 9 << 20)
  await client.send(put('large', body))
  const { Body } = await world.s3.b.send(new GetObjectCommand({ Bucket: 'data', Key: 'large' }))
  expect(Buffer.compare(await Body!.transformToByteArray(), body)).toBe(0)
  const wrong = new PutObjectCommand({ ...put('wrong', body).input, ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })
  await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' })
  await world.settled()
  expect(await versions(world, 'wrong')).toEqual({ a: 0, b: 0 })
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('a target that does not answer holds nobody up: the source gets the body whole, and the target later', async () => {
  const world = await synchronousWorld(1_000, { responseMs: 3_000, stallMs: 3_000 })
  const client = gatewayClient(world.api())
  const hung = world.b.faults.add({ on: 'PutObject', key: 'large', do: { kind: 'hang' } })
  await expect(client.send(put('large', bytesOf(7, 9 << 20)))).rejects.toMatchObject({
    name: 'ReplicationNotConfirmed',
  })
  expect(await versions(world, 'large')).toEqual({ a: 1, b: 0 })
  hung.remove()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'large')).toEqual({ a: 1, b: 1 })
})

test('overwrites at the same time end in the same order at both sites', async () => {
  const world = await synchronousWorld()
  const client = gatewayClient(world.api())
  await Promise.all(Array.from({ length: 12 }, (_, at) => client.send(put('key', `version ${at}`))))
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'key')).toEqual({ a: 12, b: 12 })
})

test('after a crash in the middle of a write what only the target took is removed, and what both took stays once', async () => {
  const world = await synchronousWorld()
  const { linkId } = world.link()
  await world.stop()
  const object = (Key: string) => ({ Bucket: 'data', Key, Body: Key, ContentType: 'text/plain' })
  const journal = openJournal({ dir: world.dataDir, now: Date.now })
  const seal = await openSealKey({ records: journal.records, credentials: memoryCredentials(), randomBytes })
  const task = {
    linkId,
    versionId: null,
    operation: 'put',
    sizeBytes: 1,
    changedAt: Date.now(),
    absentSeenAt: 0,
  } as const
  for (const key of ['refused', 'taken']) {
    const [seq] = await journal.tasks.enqueue([{ ...task, key }])
    const place = { source: { site: 'a', bucket: 'data' }, target: { site: 'b', bucket: 'data' }, key }
    const Metadata = pendingStamp(key, place, Date.now(), key.length, { seq: seq!, attempt: '1', seal })
    await world.s3.b.send(new PutObjectCommand({ ...object(key), Metadata }))
  }
  await world.s3.a.send(new PutObjectCommand(object('taken')))
  // Whoever copies such a version, or claims to be one, is a client.
  const copied = { Bucket: 'data', Key: 'copied', CopySource: 'data/refused' }
  await world.s3.b.send(new CopyObjectCommand(copied))
  const claim = { 'lockstep-version': 'write-0', 'lockstep-origin': 'a/data' }
  await world.s3.b.send(new PutObjectCommand({ ...object('claimed'), Metadata: claim }))
  await journal.tasks.enqueue(['copied', 'claimed'].map((key) => ({ ...task, key })))
  await journal.close()
  await world.start()
  await world.settled()
  expect(await Promise.all(['refused', 'taken', 'copied', 'claimed'].map((key) => versions(world, key)))).toEqual([
    { a: 0, b: 0 },
    { a: 1, b: 1 },
    { a: 0, b: 1 },
    { a: 0, b: 1 },
  ])
})

test('a write that a target carries out after its connection broke stays once', async () => {
  const world = await synchronousWorld()
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'late-write', delayMs: 300 }, times: 1 })
  await gatewayClient(world.api()).send(put('key'))
  // Until the late one is carried out too.
  await eventually(() => expect(world.b.requests.active).toBe(0))
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 })
})

test('what a target carries out after a look at what the source refused is taken back, also where the key has an older version', async () => {
  const world = await synchronousWorld(20_000, {}, { landsWithinMs: 4_000 })
  const client = gatewayClient(world.api())
  await client.send(put('key', 'before'))
  await world.settled()
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 500 }, times: 1 })
  world.a.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'deny' }, times: 1 })
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'late-write', delayMs: 2_500 }, times: 1 })
  await expect(client.send(put('key', 'refused'))).rejects.toMatchObject({ name: 'AccessDenied' })
  await eventually(async () => expect(await versionsAtB(world, 'key')).toBe(2))
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 })
})

describe('a copy that was written beside its source is Lockstep’s own, though nobody heard how the write ended', () => {
  const lost = { kind: 'late-answer', delayMs: 120_000 } as const
  const unheardOf = [
    ['the source', (world: World) => [world.a]],
    ['both sites', (world: World) => [world.a, world.b]],
  ] as const

  test.each(unheardOf)('the answer of %s is lost', async (_, sites) => {
    const world = await synchronousWorld(20_000, { responseMs: 1_500 })
    for (const { faults } of sites(world)) faults.add({ on: 'PutObject', key: 'key', do: lost, times: 1 })
    await expect(gatewayClient(world.api()).send(put('key'))).rejects.toMatchObject({ name: 'ServiceUnavailable' })
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 })
    await removeNewest(world, 'key')
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('the engine ends before it hears', async () => {
    const world = await synchronousWorld(20_000, { responseMs: 1_500 })
    for (const { faults } of [world.a, world.b]) faults.add({ on: 'PutObject', key: 'key', do: lost, times: 1 })
    const sent = gatewayClient(world.api()).send(put('key'))
    await eventually(async () => expect(await versions(world, 'key')).toEqual({ a: 1, b: 1 }))
    await Promise.all([expect(sent).rejects.toThrow(), world.stop()])
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    await removeNewest(world, 'key')
    expect(await differencesOnceSettled(world)).toEqual([])
  })
})

/** For good, at the source. */
async function removeNewest(world: World, key: string): Promise<void> {
  const [newest] = await versionsOf({ site: world.a, bucket: 'data' }, key)
  await remove(world.s3.a, key, newest!.versionId)
}

import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { gatewayClient, gatewayConfig, requests } from '../support/gateway.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const back = { id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }

/** Two opposite rules; clients of the gateway at a wait until b has what they wrote. */
async function synchronousPair(): Promise<World> {
  const ack = { policy: 'all', timeoutMs: 8_000 } as const
  const world = await startWorld({ rules: [{ ack }, back], config: { gateway: gatewayConfig } })
  await world.settled()
  return world
}

const putAt = async (world: World, side: 'a' | 'b', Key: string, Metadata: Record<string, string> = {}) => {
  const { VersionId } = await world.s3[side].send(new PutObjectCommand({ Bucket: 'data', Key, Body: Key, Metadata }))
  return VersionId!
}

/** With a version: onto its own key, as one that is restored. */
const copyOf = (Key: string, from: string, versionId?: string): CopyObjectCommand => {
  const version = versionId === undefined ? '' : `?versionId=${versionId}`
  return new CopyObjectCommand({ Bucket: 'data', Key, CopySource: `data/${encodeURIComponent(from)}${version}` })
}

const countAt = async (world: World, side: 'a' | 'b', key: string): Promise<number> =>
  (await versionsOf({ site: world[side], bucket: 'data' }, key)).length

describe('what a client makes of a replica is the client’s', () => {
  test('a copy of it through the gateway is acknowledged when the other site has it, on another key and on its own', async () => {
    const world = await synchronousPair()
    await putAt(world, 'b', 'from b')
    await expect.poll(() => countAt(world, 'a', 'from b'), { timeout: 10_000 }).toBe(1)
    await world.settled()
    const [replica] = await versionsOf({ site: world.a, bucket: 'data' }, 'from b')
    const client = gatewayClient(world.api())
    await client.send(copyOf('copy', 'from b'))
    expect([requests(world)[0]?.acks, await countAt(world, 'b', 'copy')]).toEqual(['2/2', 1])
    await client.send(copyOf('from b', 'from b', replica!.versionId))
    expect([requests(world)[0]?.acks, await countAt(world, 'b', 'from b')]).toEqual(['2/2', 2])
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('a copy of it at the site itself reaches the other site', async () => {
    const world = await synchronousPair()
    await putAt(world, 'b', 'from b')
    await expect.poll(() => countAt(world, 'a', 'from b'), { timeout: 10_000 }).toBe(1)
    await world.settled()
    const [replica] = await versionsOf({ site: world.a, bucket: 'data' }, 'from b')
    await world.s3.a.send(copyOf('copy', 'from b'))
    await world.s3.a.send(copyOf('from b', 'from b', replica!.versionId))
    await expect.poll(() => countAt(world, 'b', 'copy'), { timeout: 10_000 }).toBe(1)
    await expect.poll(() => countAt(world, 'b', 'from b'), { timeout: 10_000 }).toBe(2)
    expect(await differencesOnceSettled(world)).toEqual([])
    expect([await countAt(world, 'a', 'from b'), await countAt(world, 'a', 'copy')]).toEqual([2, 1])
  })

  test('an object that claims to come from the other site goes there all the same', async () => {
    const world = await synchronousPair()
    const there = await putAt(world, 'b', 'other')
    const marks = { 'lockstep-version': there, 'lockstep-origin': 'b/data', 'lockstep-placeholder': 'delete-marker' }
    await putAt(world, 'a', 'direct', marks)
    const client = gatewayClient(world.api())
    await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'gateway', Body: 'x', Metadata: marks }))
    expect([requests(world)[0]?.acks, await countAt(world, 'b', 'gateway')]).toEqual(['2/2', 1])
    await expect.poll(() => countAt(world, 'b', 'direct'), { timeout: 10_000 }).toBe(1)
    expect(await differencesOnceSettled(world)).toEqual([])
  })
})

test('a user’s copy of a replica stays at the target, whatever becomes of its original and of the keys', async () => {
  const ack = { policy: 'all', timeoutMs: 8_000 } as const
  const world = await startWorld({ rules: [{ ack, versionDeletes: true }], config: { gateway: gatewayConfig } })
  await world.settled()
  const client = gatewayClient(world.api())
  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket: 'data', Key, Body, ContentType: 'text/plain' }))
  // The second one goes to both sites at the same time.
  for (const body of ['first', 'second']) await put('key', body)
  const [replica] = await versionsOf({ site: world.b, bucket: 'data' }, 'key')
  const copies = [
    ['key', await world.s3.b.send(copyOf('key', 'key', replica!.versionId))],
    ['mine', await world.s3.b.send(copyOf('mine', 'key', replica!.versionId))],
  ] as const
  await put('mine', 'of the source')
  await put('key', 'third')
  for (const { versionId } of await versionsOf({ site: world.a, bucket: 'data' }, 'key'))
    await remove(world.s3.a, 'key', versionId)
  await world.settled()
  await expect.poll(() => countAt(world, 'b', 'key'), { timeout: 20_000 }).toBe(1)
  for (const [key, { VersionId }] of copies)
    expect((await versionsOf({ site: world.b, bucket: 'data' }, key)).map(({ versionId }) => versionId)).toContain(
      VersionId,
    )
})

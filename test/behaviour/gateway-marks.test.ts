import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { head, versionsOf } from '../support/s3-acts.ts'
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

const countAt = async (world: World, side: 'a' | 'b', key: string): Promise<number> =>
  (await versionsOf({ site: world[side], bucket: 'data' }, key)).length

const marks = (metadata: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.keys(metadata).filter((name) => name.includes('lockstep'))

test('no answer shows them, so that who reads and writes back makes an object of his own', async () => {
  const world = await synchronousPair()
  const client = gatewayClient(world.api())
  await putAt(world, 'b', 'key', { colour: 'blue' })
  await expect.poll(() => countAt(world, 'a', 'key'), { timeout: 10_000 }).toBe(1)
  expect(marks((await head(world.s3.a, 'key')).Metadata)).not.toEqual([])
  const read = await client.send(new GetObjectCommand({ Bucket: 'data', Key: 'key' }))
  await read.Body!.transformToByteArray()
  const asked = await client.send(new HeadObjectCommand({ Bucket: 'data', Key: 'key' }))
  expect([read.Metadata, asked.Metadata]).toEqual([{ colour: 'blue' }, { colour: 'blue' }])
})

test('no write of a client carries them to a site, in whatever spelling', async () => {
  const world = await synchronousPair()
  const client = gatewayClient(world.api())
  const Metadata = { 'Lockstep-Version': 'x', lockstep_origin: 'b/data', 'lockstep-anything': '1', mine: 'yes' }
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'x', Metadata }))
  expect((await head(world.s3.a, 'key')).Metadata).toEqual({ mine: 'yes' })
  expect((await head(world.s3.b, 'key')).Metadata?.['lockstep-anything']).toBeUndefined()
})

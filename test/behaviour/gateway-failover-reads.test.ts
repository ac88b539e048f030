import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig, requests } from '../support/gateway.ts'
import { startWorld, type World } from '../support/world.ts'

const worldBehind = async (): Promise<World & { readonly client: S3Client }> => {
  const world = await startWorld({
    rules: [{ scanIntervalSeconds: 604_800, ack: { policy: 'async' } }],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  return { ...world, client: gatewayClient(world.api()) }
}

async function read(client: S3Client, Key: string, VersionId?: string): Promise<string> {
  try {
    const {
      Body,
      VersionId: id,
      Metadata,
    } = await client.send(new GetObjectCommand({ Bucket: 'data', Key, VersionId }))
    return `${await Body!.transformToString()} ${id} ${JSON.stringify(Metadata)}`
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)
  }
}

test('while the source is away, a target answers with what the source had, under the source’s version ids', async () => {
  const world = await worldBehind()
  const { client } = world
  const v1 = await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'one', Metadata: { a: '1' } }))
  const v2 = await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'two' }))
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'deleted', Body: 'x' }))
  await client.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'deleted' }))
  await world.settled()
  await world.a.faults.goOffline()
  const heard = {
    current: await read(client, 'k'),
    older: await read(client, 'k', v1.VersionId),
    deleted: await read(client, 'deleted'),
    neverSeen: await read(client, 'never-seen'),
  }
  expect(heard).toEqual({
    current: `two ${v2.VersionId} {}`,
    older: `one ${v1.VersionId} {"a":"1"}`,
    deleted: '404 NoSuchKey',
    // The source may have it all the same: nothing proves that it has not.
    neverSeen: '503 ServiceUnavailable',
  })
  const served = requests(world).map(({ key, status, servedBy }) => `${key} ${status} ${servedBy}`)
  expect(served.slice(0, 4)).toEqual(['never-seen 503 null', 'deleted 404 b', 'k 200 b', 'k 200 b'])

  await world.a.faults.goOnline()
  await eventually(async () => {
    await client.send(new HeadObjectCommand({ Bucket: 'data', Key: 'k' }))
    expect(requests(world)[0]).toMatchObject({ status: 200, servedBy: null })
  })
})

test('a target that has not got the newest acknowledged version is not asked', async () => {
  const world = await worldBehind()
  const { client } = world
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'one' }))
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'k', do: { kind: 'slow-down' } })
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'two' }))
  await world.a.faults.goOffline()
  expect(await read(client, 'k')).toBe('503 ServiceUnavailable')
})

test('an error of the source’s own is answered by a target, before the first byte', async () => {
  const world = await worldBehind()
  const { client } = world
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'one' }))
  await world.settled()
  world.a.faults.add({ on: 'GetObject', do: { kind: 'server-error' } })
  expect(await read(client, 'k')).toBe(`one ${VersionId} {}`)
  expect(requests(world)[0]).toMatchObject({ servedBy: 'b' })
})

import { CopyObjectCommand, ListObjectVersionsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** No scan by itself, and no second attempt before somebody asks for it. */
const rule = { versionDeletes: true, scanIntervalSeconds: 604_800 }
const patient = { retry: { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } }

async function put(s3: S3Client, Body: string): Promise<string> {
  const { VersionId } = await s3.send(
    new PutObjectCommand({ Bucket: 'data', Key: 'k', Body, ContentType: 'text/plain' }),
  )
  return VersionId!
}

/** As a client changes a storage class, or restores an old version: the metadata comes along, marks and all. */
async function copyOver(s3: S3Client, versionId: string): Promise<string> {
  const { VersionId } = await s3.send(
    new CopyObjectCommand({
      Bucket: 'data',
      Key: 'k',
      CopySource: `data/k?versionId=${versionId}`,
      StorageClass: 'STANDARD_IA',
      MetadataDirective: 'COPY',
    }),
  )
  return VersionId!
}

async function idsAt(s3: S3Client): Promise<readonly string[]> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'data', Prefix: 'k' }))
  return Versions.map(({ VersionId }) => VersionId!)
}

const failed = async (world: World, state: 'delayed' | 'parked'): Promise<number> => {
  const rows = (await world.failures()).filter((one) => one.state === state)
  expect(rows).not.toHaveLength(0)
  return rows[0]!.seq
}

test('a copy of a leftover is not taken for it where too many versions lie between to ask them all', async () => {
  const world = await startWorld({ rules: [rule], engine: patient })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'k', times: 1, do: { kind: 'lose-answer' } })
  const version = await put(world.s3.a, 'the content')
  const seq = await eventually(() => failed(world, 'delayed'))
  const [leftover] = await idsAt(world.s3.b)
  for (let count = 0; count < 50; count++) await put(world.s3.b, `of a client of the target ${count}`)
  const copy = await copyOver(world.s3.b, leftover!)

  await world.api().failures.retry({ seqs: [seq] })
  await world.settled()
  await remove(world.s3.a, 'k', version)
  await eventually(async () =>
    expect((await world.failures()).map(({ fault }) => fault.code)).toEqual(['DELETE_UNPROVEN']),
  )

  expect(await idsAt(world.s3.b)).toContain(copy)
})

/** A write of the gateway whose answer the source lost, and whose task was set aside before it could look; it is paired since. */
async function besideParkedWrite(): Promise<{ readonly world: World; readonly replica: string }> {
  const ack = { policy: 'all', timeoutMs: 2000 } as const
  const world = await startWorld({ rules: [{ ...rule, ack }], engine: patient, config: { gateway: gatewayConfig } })
  await world.settled()
  const client = gatewayClient(world.api())
  // The gateway finds out about the buckets by its first write.
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'first', Body: 'x', ContentType: 'text/plain' }))
  await world.settled()
  world.a.faults.add({ on: 'PutObject', key: 'k', times: 1, do: { kind: 'lose-answer' } })
  const denied = world.b.faults.add({ on: 'HeadObject', key: 'k', do: { kind: 'deny' } })
  await expect(put(client, 'the content')).rejects.toThrow()
  await eventually(() => failed(world, 'parked'))
  denied.remove()
  await put(world.s3.a, 'another')
  await eventually(async () => expect(await idsAt(world.s3.b)).toHaveLength(2))
  const replica = (await idsAt(world.s3.b)).at(-1)!
  return { world, replica }
}

test('a copy of a write of the gateway is not taken for a refused one while the task that wrote it is set aside', async () => {
  const { world, replica } = await besideParkedWrite()
  const copy = await copyOver(world.s3.b, replica)

  await put(world.s3.a, 'a third')
  await world.settled()

  expect(await idsAt(world.s3.b)).toContain(copy)
})

test('the task of a write of the gateway does not stay set aside when the write is known, nor takes a copy for it later', async () => {
  const { world, replica } = await besideParkedWrite()
  await eventually(async () => expect(await world.failures()).toEqual([]))
  const copy = await copyOver(world.s3.b, replica)
  await remove(world.s3.b, 'k', replica)

  await put(world.s3.a, 'a third')
  await world.settled()

  expect(await idsAt(world.s3.b)).toContain(copy)
})

test('the task of a copy does not stay set aside when another has found the copy', async () => {
  const world = await startWorld({ rules: [rule], engine: { retry: { baseDelayMs: 1, maxDelayMs: 1 } } })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'k', times: 1, do: { kind: 'lose-answer' } })
  const denied = world.b.faults.add({ on: 'HeadObject', key: 'k', do: { kind: 'deny' } })
  const version = await put(world.s3.a, 'the content')
  await eventually(() => failed(world, 'parked'))
  denied.remove()
  await put(world.s3.a, 'another')

  await eventually(async () => expect(await world.failures()).toEqual([]))
  const [, replica] = await idsAt(world.s3.b)
  const copy = await copyOver(world.s3.b, replica!)
  await remove(world.s3.b, 'k', replica)
  await remove(world.s3.a, 'k', version)
  await world.settled()
  expect(await idsAt(world.s3.b)).toContain(copy)
})

test('a marker that nobody heard of, and that a client has covered, is told when it is taken back', async () => {
  const world = await startWorld({ rules: [rule], engine: patient })
  await put(world.s3.a, 'the content')
  await world.settled()
  world.b.faults.add({ on: 'DeleteObject', key: 'k', times: 1, do: { kind: 'lose-answer' } })
  const marker = await remove(world.s3.a, 'k')
  const seq = await eventually(() => failed(world, 'delayed'))
  await put(world.s3.b, 'of a client of the target')
  await remove(world.s3.a, 'k', marker)
  await world.api().failures.retry({ seqs: [seq] })

  await eventually(async () =>
    expect((await world.failures()).map(({ fault }) => fault.code)).toEqual(['DELETE_UNPROVEN']),
  )
})

test('a copy of a replica that went with its version is not taken for it by a task that brought both along and is set aside', async () => {
  const world = await startWorld({ rules: [rule], engine: patient })
  await world.put('other')
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'k', times: 1, do: { kind: 'deny' } })
  const elder = await put(world.s3.a, 'the elder')
  const ofElder = await eventually(() => failed(world, 'parked'))
  // It comes along with the younger one, which is refused: the task of that one is open, and had written both.
  world.b.faults.add({ on: 'PutObject', key: 'k', after: 1, times: 1, do: { kind: 'deny' } })
  await put(world.s3.a, 'the younger')
  await eventually(async () => expect(await world.failures()).toHaveLength(2))
  await world.api().failures.retry({ seqs: [ofElder] })
  await eventually(async () => expect(await world.failures()).toHaveLength(1))
  const [replica] = await idsAt(world.s3.b)
  const copy = await copyOver(world.s3.b, replica!)
  await remove(world.s3.a, 'k', elder)
  await eventually(async () => expect(await idsAt(world.s3.b)).toEqual([copy]))

  await world.api().failures.retry({ seqs: (await world.failures()).map(({ seq }) => seq) })
  await world.settled()

  expect(await world.failures()).toEqual([])
  expect(await idsAt(world.s3.b)).toContain(copy)
})

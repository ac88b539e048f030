import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3ServiceException,
  type GetObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { RuleInput } from '../../shared/model/rule.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig, requests } from '../support/gateway.ts'
import type { SandboxOptions } from '../support/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'

type Ack = NonNullable<RuleInput['ack']>
type WorldBehind = World & { readonly client: S3Client }

/** Three copies behind a gateway: a/data, and b/data and b/copy. Nothing is noticed but what comes through the gateway. */
async function worldWith(ack: Ack = {}, identity: SandboxOptions['identity'] = 'mints'): Promise<WorldBehind> {
  const world = await startWorld({
    a: { changeStream: 'none', identity },
    b: { changeStream: 'none', identity },
    buckets: ['data', 'copy'],
    rules: [
      {
        ...quorum,
        targets: [
          { site: 'b', bucket: 'data' },
          { site: 'b', bucket: 'copy' },
        ],
        ack: { ...quorum.ack, ...ack },
      },
    ],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  return { ...world, client: gatewayClient(world.api()) }
}

const quorum = {
  scanIntervalSeconds: 604_800,
  versionDeletes: true,
  ack: { policy: 'majority', reads: 'quorum', timeoutMs: 20_000 },
} as const

/** What a client hears, and from whom: `two 200 a`. */
async function read(world: WorldBehind, Key: string, more: Partial<GetObjectCommandInput> = {}): Promise<string> {
  const heard = await heardBy(world, Key, more)
  return `${heard} ${requests(world)[0]?.servedBy ?? 'a'}`
}

async function heardBy({ client }: WorldBehind, Key: string, more: Partial<GetObjectCommandInput>): Promise<string> {
  try {
    const { Body, $metadata } = await client.send(new GetObjectCommand({ Bucket: 'data', Key, ...more }))
    return `${await Body!.transformToString()} ${$metadata.httpStatusCode}`
  } catch (error) {
    if (!(error instanceof S3ServiceException)) return String(error)
    const { httpStatusCode } = error.$metadata
    // A 304 has no body that could name it.
    return httpStatusCode === 304 ? '304' : `${error.name} ${httpStatusCode}`
  }
}

async function put({ client }: WorldBehind, Key: string, Body: string) {
  const { VersionId, ETag } = await client.send(new PutObjectCommand({ Bucket: 'data', Key, Body }))
  return { versionId: VersionId!, etag: ETag! }
}

/** Takes the newest version or marker of a key away, behind everybody’s back: as a restore from an older backup would. */
async function loseNewest(at: S3Client, Bucket: string, Key: string): Promise<void> {
  const { Versions = [], DeleteMarkers = [] } = await at.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
  const newest = [...Versions, ...DeleteMarkers].find(({ IsLatest }) => IsLatest)
  await at.send(new DeleteObjectCommand({ Bucket, Key, VersionId: newest!.VersionId }))
}

const newestAt = async (at: S3Client, Bucket: string, Key: string): Promise<string> => {
  const found = await at.send(new GetObjectCommand({ Bucket, Key }))
  return found.Body!.transformToString()
}

/** What the client’s read cost: `GetObject a/data, HeadObject b/data`. */
function costs({ a, b }: World, key: string): readonly string[] {
  const of = (site: string, { requests }: World['a']): readonly string[] =>
    requests
      .list()
      .filter((entry) => entry.key === key || entry.operation === 'ListObjectVersions')
      .map(({ operation, bucket }) => `${operation} ${site}/${bucket}`)
  return [...of('a', a), ...of('b', b)]
}

const clearRequests = ({ a, b }: World): void => [a, b].forEach(({ requests }) => requests.clear())

test('where the copies agree, a read costs one request to each that it asks, and the source answers', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await world.settled()
  clearRequests(world)
  expect(await read(world, 'k')).toBe('one 200 a')
  expect(costs(world, 'k')).toEqual(['GetObject a/data', 'HeadObject b/data'])
  clearRequests(world)
  await world.client.send(new HeadObjectCommand({ Bucket: 'data', Key: 'k' }))
  expect(costs(world, 'k')).toEqual(['HeadObject a/data', 'HeadObject b/data'])
  expect(await read(world, 'never-written')).toBe('NoSuchKey 404 a')
})

test.each([
  ['all', ['GetObject a/data']],
  ['async', ['GetObject a/data', 'HeadObject b/data', 'HeadObject b/copy']],
] as const)('%s: as many copies are asked as writes leave open', async (policy, cost) => {
  const world = await worldWith({ policy })
  await put(world, 'k', 'one')
  await world.settled()
  clearRequests(world)
  expect(await read(world, 'k')).toBe('one 200 a')
  expect(costs(world, 'k').toSorted()).toEqual([...cost].toSorted())
})

test('a source that was restored to older does not bring back what was overwritten', async () => {
  const world = await worldWith()
  const older = await put(world, 'k', 'older')
  const newer = await put(world, 'k', 'newer')
  await world.settled()
  await loseNewest(world.s3.a, 'data', 'k')
  expect(await newestAt(world.s3.a, 'data', 'k')).toBe('older')
  clearRequests(world)
  const head = await world.client.send(new HeadObjectCommand({ Bucket: 'data', Key: 'k' }))
  expect(costs(world, 'k')).toEqual([
    'HeadObject a/data',
    'ListObjectVersions a/data',
    'HeadObject b/data',
    'ListObjectVersions b/data',
    'HeadObject b/data',
  ])
  // Under the source's own id, and without what only replication needs.
  expect({ versionId: head.VersionId, metadata: head.Metadata }).toEqual({ versionId: newer.versionId, metadata: {} })
  expect({
    plain: await read(world, 'k'),
    range: await read(world, 'k', { Range: 'bytes=1-3' }),
    unsatisfiable: await read(world, 'k', { Range: 'bytes=99-' }),
    same: await read(world, 'k', { IfNoneMatch: newer.etag }),
    changed: await read(world, 'k', { IfNoneMatch: older.etag }),
    matching: await read(world, 'k', { IfMatch: newer.etag }),
    failing: await read(world, 'k', { IfMatch: older.etag }),
    byName: await read(world, 'k', { VersionId: newer.versionId }),
    olderByName: await read(world, 'k', { VersionId: older.versionId }),
  }).toEqual({
    plain: 'newer 200 b',
    range: 'ewe 206 b',
    unsatisfiable: 'InvalidRange 416 b',
    same: '304 b',
    changed: 'newer 200 b',
    matching: 'newer 200 b',
    failing: 'PreconditionFailed 412 b',
    byName: 'newer 200 b',
    olderByName: 'older 200 a',
  })
  // No rule brings it back: it is said, once.
  const told = await world.api().activity.list({ ruleId: 'r', level: 'warning', before: null, limit: 10 })
  expect(told.map(({ text }) => text)).toEqual([
    'Clients that read “k” get it from b/data: a/data has an older version, and no rule brings the newer one there. Copy it there, or delete it where it is.',
  ])
})

test('the same where a target keeps the source’s version ids', async () => {
  const world = await worldWith({}, 'adopts-minio')
  await put(world, 'k', 'older')
  const newer = await put(world, 'k', 'newer')
  await put(world, 'stale', 'older')
  await put(world, 'stale', 'newer')
  await world.settled()
  const before = await world.sides()
  await loseNewest(world.s3.a, 'data', 'k')
  await loseNewest(world.s3.b, 'data', 'stale')
  expect({
    lostHere: await read(world, 'k'),
    byName: await read(world, 'k', { VersionId: newer.versionId }),
    lostThere: await read(world, 'stale'),
  }).toEqual({ lostHere: 'newer 200 b', byName: 'newer 200 b', lostThere: 'newer 200 a' })
  await eventually(async () => expect((await world.sides()).b).toEqual(before.b))
})

test('ranges and conditions are judged by the source where the copies agree', async () => {
  const world = await worldWith()
  const { etag } = await put(world, 'k', 'content')
  await world.settled()
  expect({
    range: await read(world, 'k', { Range: 'bytes=1-3' }),
    unsatisfiable: await read(world, 'k', { Range: 'bytes=99-' }),
    same: await read(world, 'k', { IfNoneMatch: etag }),
    failing: await read(world, 'k', { IfMatch: '"other"' }),
  }).toEqual({
    range: 'ont 206 a',
    unsatisfiable: 'InvalidRange 416 a',
    same: '304 a',
    failing: 'PreconditionFailed 412 a',
  })
})

test('what was written to a target directly is newer than what it covers, and older than what comes through the gateway', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await world.settled()
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'direct' }))
  expect(await read(world, 'k')).toBe('direct 200 b')
  await put(world, 'k', 'two')
  expect(await read(world, 'k')).toBe('two 200 a')
  await world.settled()
  expect(await read(world, 'k')).toBe('two 200 a')
})

test('a copy that is found stale is repaired, a lost delete too', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await put(world, 'k', 'two')
  await put(world, 'gone', 'x')
  await world.client.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'gone' }))
  await world.settled()
  const before = await world.sides()
  await loseNewest(world.s3.b, 'data', 'k')
  await loseNewest(world.s3.b, 'data', 'gone')
  expect(await newestAt(world.s3.b, 'data', 'k')).toBe('one')
  expect([await read(world, 'k'), await read(world, 'gone')]).toEqual(['two 200 a', 'NoSuchKey 404 a'])
  await eventually(async () => expect(await world.sides()).toEqual(before))
})

test('a write that a target has and the source refuses is never read', async () => {
  const world = await worldWith()
  const { a, b } = world
  await put(world, 'k', 'one')
  await world.settled()
  const slow = a.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 6_000 } })
  const refused = a.faults.add({ on: 'PutObject', do: { kind: 'server-error' } })
  const writing = put(world, 'k', 'refused').catch((error: unknown) => String(error))
  await eventually(() =>
    expect(b.requests.count({ operation: 'PutObject', key: 'k', bucket: 'data', status: 200 })).toBe(2),
  )
  expect(await newestAt(world.s3.b, 'data', 'k')).toBe('refused')
  // So that the one which has it must be asked.
  const silent = b.faults.add({ on: 'HeadObject', bucket: 'copy', do: { kind: 'server-error' } })
  expect(await read(world, 'k')).toBe('one 200 a')
  expect(silent.hits).toBeGreaterThan(0)
  expect(await writing).toMatch(/InternalError|UnknownError/)
  expect(await read(world, 'k')).toBe('one 200 a')
  silent.remove()
  slow.remove()
  refused.remove()
  await world.settled()
  expect(await newestAt(world.s3.b, 'data', 'k')).toBe('one')
})

test('what was deleted for good is not read again while a target still has it', async () => {
  const world = await worldWith({ policy: 'async' })
  const remove = (Key: string, VersionId?: string) =>
    world.client.send(new DeleteObjectCommand({ Bucket: 'data', Key, VersionId }))
  await put(world, 'k', 'one')
  const two = await put(world, 'k', 'two')
  await put(world, 'undeleted', 'one')
  const marker = await remove('undeleted')
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  await remove('k', two.versionId)
  await remove('undeleted', marker.VersionId)
  expect(await newestAt(world.s3.b, 'data', 'k')).toBe('two')
  expect([await read(world, 'k'), await read(world, 'undeleted')]).toEqual(['one 200 a', 'one 200 a'])
  expect(await read(world, 'k', { VersionId: two.versionId })).toMatch(/^(NoSuchVersion|InvalidArgument) 40[04] a$/)
  await world.api().rules.resume({ id: 'r' })
  await world.settled()
  expect([await newestAt(world.s3.b, 'data', 'k'), await read(world, 'k')]).toEqual(['one', 'one 200 a'])
  const told = await world.api().activity.list({ ruleId: 'r', level: 'warning', before: null, limit: 10 })
  expect(told.filter(({ text }) => text.startsWith('Clients that read'))).toEqual([])
})

test('what is overwritten while a read asks its copies is read as it is then', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await world.settled()
  world.b.faults.add({ on: 'HeadObject', key: 'k', times: 1, do: { kind: 'latency', delayMs: 6_000 } })
  clearRequests(world)
  const reading = read(world, 'k')
  await eventually(() => expect(world.a.requests.count({ operation: 'GetObject', key: 'k', status: 200 })).toBe(1))
  await put(world, 'k', 'two')
  expect(await reading).toBe('two 200 a')
})

test('too few copies to tell what is newest: the client is told so, and is given nothing older', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await world.settled()
  await world.b.faults.goOffline()
  expect(await read(world, 'k')).toBe('ReadQuorumNotReached 503 a')
  expect(requests(world)[0]).toMatchObject({ status: 503, code: 'ReadQuorumNotReached' })
  await expect(world.client.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }))).rejects.toThrow(
    '1 of 3 copies answered, and this read needs 2: the newest version cannot be told, so none is given.',
  )
  await world.b.faults.goOnline()
  await eventually(async () => expect(await read(world, 'k')).toBe('one 200 a'), { withinMs: 30_000 })
})

test('with the source away the others answer, the newest of them first', async () => {
  const world = await worldWith()
  await put(world, 'k', 'one')
  await put(world, 'deleted', 'x')
  await world.client.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'deleted' }))
  await world.settled()
  // b/copy is late: the majority is a/data and b/data.
  world.b.faults.add({ on: 'PutObject', bucket: 'copy', do: { kind: 'slow-down' } })
  await put(world, 'k', 'two')
  await world.a.faults.goOffline()
  // The journal hears of a write that both sites have a moment after the client.
  await eventually(async () => expect(await read(world, 'k')).toBe('two 200 b'))
  expect({
    deleted: await read(world, 'deleted'),
    // The source may have it all the same.
    neverSeen: await read(world, 'never-seen'),
  }).toEqual({ deleted: 'NoSuchKey 404 b', neverSeen: 'ReadQuorumNotReached 503 a' })
})

test('a write that was answered with less than was promised is not hidden by copies that lack it', async () => {
  const world = await worldWith({ policy: 'all', onTimeout: 'degrade', timeoutMs: 500 })
  await put(world, 'k', 'one')
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'slow-down' } })
  await put(world, 'k', 'two')
  expect(await read(world, 'k')).toBe('two 200 a')
  await world.a.faults.goOffline()
  expect(await read(world, 'k')).toBe('ReadQuorumNotReached 503 a')
})

/** One pair, both ways. */
async function bothWays(ack: Ack): Promise<WorldBehind> {
  const world = await startWorld({
    a: { changeStream: 'none' },
    b: { changeStream: 'none' },
    rules: [
      { ...quorum, ack: { ...quorum.ack, ...ack } },
      {
        id: 'back',
        source: { site: 'b', bucket: 'data' },
        targets: [{ site: 'a', bucket: 'data' }],
        scanIntervalSeconds: 604_800,
      },
    ],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  return { ...world, client: gatewayClient(world.api()) }
}

test('both ways: what the other side has newer is read from there, and brought here', async () => {
  const world = await bothWays({ policy: 'async' })
  await put(world, 'k', 'here')
  await world.settled()
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'there' }))
  expect(await read(world, 'k')).toBe('there 200 b')
  await eventually(async () => expect(await newestAt(world.s3.a, 'data', 'k')).toBe('there'))
  await world.settled()
  expect(await read(world, 'k')).toBe('there 200 a')
  expect((await world.sides()).a).toHaveLength(2)
})

test('both ways: a version that is not yet here is read where it is, by its id there', async () => {
  const world = await bothWays({ reads: 'source' })
  await put(world, 'k', 'here')
  await world.settled()
  await world.api().rules.pause({ id: 'back' })
  const { VersionId } = await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'there' }))
  expect(await read(world, 'k', { VersionId })).toMatch(/^(NoSuchVersion|InvalidArgument) 40[04] a$/)
  world.api().rules.resync({ ruleId: 'back', prefix: '' })
  await eventually(async () => expect(await read(world, 'k', { VersionId })).toBe('there 200 b'))
  expect(await read(world, 'k')).toBe('here 200 a')
})

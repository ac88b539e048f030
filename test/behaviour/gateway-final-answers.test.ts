import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import type { RuleInput } from '../../shared/model/rule.ts'
import { clientKey, gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { head, versionsOf } from '../support/s3-acts.ts'
import { untilParked } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

type Ack = NonNullable<RuleInput['ack']>
type Policy = NonNullable<Ack['policy']>

interface Behind extends World {
  /** As a program has it that nobody set up: it repeats what it may repeat. */
  readonly client: S3Client
}

async function behind(ack: Ack, objectLock = false): Promise<Behind> {
  const world = await startWorld({
    objectLock,
    rules: [{ scanIntervalSeconds: 604_800, ack, versionDeletes: true, objectLock: 'replicate' }],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  const client = new S3Client({
    endpoint: gatewayUrl(world.api()),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...clientKey },
  })
  onTestFinished(() => client.destroy())
  return { ...world, client }
}

async function answerOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return 'success'
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)
  }
}

const key = Buffer.alloc(32, 'k')
const sealed = {
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
} as const

test.each(['one', 'majority', 'all'] satisfies Policy[])(
  'a write under a key that only its client has is refused before anything is stored: %s',
  async (policy) => {
    const world = await behind({ policy, timeoutMs: 5_000 })
    await world.put('open')
    await world.settled()
    const at = { Bucket: 'data', Key: 'sealed' }
    const heard = [
      await answerOf(world.client.send(new PutObjectCommand({ ...at, Body: 'x', ...sealed }))),
      await answerOf(world.client.send(new CopyObjectCommand({ ...at, CopySource: 'data/open', ...sealed }))),
      await answerOf(world.client.send(new CreateMultipartUploadCommand({ ...at, ...sealed }))),
    ]
    expect(heard).toEqual(['400 InvalidRequest', '400 InvalidRequest', '400 InvalidRequest'])
    const { Uploads = [] } = await world.s3.a.send(new ListMultipartUploadsCommand({ Bucket: 'data' }))
    expect(Uploads).toEqual([])
    const lines = [expect.stringMatching(/^open /)]
    expect(await world.sides()).toEqual({ a: lines, b: lines })
    expect(await world.failures()).toEqual([])
  },
)

test('a write under a key that only its client has is taken where nobody waits, and is in the failure list', async () => {
  const world = await behind({ policy: 'async' })
  await world.client.send(new PutObjectCommand({ Bucket: 'data', Key: 'sealed', Body: 'x', ...sealed }))
  const [row] = await untilParked(world, ['sealed'])
  expect(row!.fault.code).toBe('ENCRYPTION_KEY_NEEDED')
})

test.each([
  ['a target that may not be written to', { kind: 'deny' }, 'The access key may not do this'],
  ['tags that the target does not take', { kind: 'refuse', code: 'InvalidTag' }, 'this many tags'],
  ['metadata that the target does not take', { kind: 'refuse', code: 'MetadataTooLarge' }, 'metadata is larger'],
] as const)(
  'what a target refuses for good is told as such, with what is where, and is stored once: %s',
  async (_name, refusal, words) => {
    const world = await behind({ policy: 'all', timeoutMs: 30_000 })
    world.b.faults.add({ on: 'PutObject', key: 'k', do: refusal })
    const sent = world.client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'x' }))
    const refused = await sent.catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'ReplicationRefused', $metadata: { httpStatusCode: 409, attempts: 1 } })
    expect(String(refused)).toMatch(/Done at a\. .*not at b.*Repeating .* does not help/)
    expect(String(refused)).toContain(words)
    expect(await versionsOf({ site: world.a, bucket: 'data' }, 'k')).toHaveLength(1)
    expect(requests(world)[0]).toMatchObject({ status: 409, code: 'ReplicationRefused', acks: '1/2' })
  },
)

test('a write whose own rights keep it from being read at the source is told so for good, and stored once', async () => {
  const world = await behind({ policy: 'all', timeoutMs: 30_000 })
  world.a.faults.add({ on: 'GetObject', key: 'k', do: { kind: 'deny' } })
  world.a.faults.add({ on: 'HeadObject', key: 'k', do: { kind: 'deny' } })
  world.b.faults.add({ on: 'PutObject', key: 'k', do: { kind: 'deny' } })
  const sent = world.client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'x' }))
  expect(await answerOf(sent)).toBe('409 ReplicationRefused')
  expect(await versionsOf({ site: world.a, bucket: 'data' }, 'k')).toHaveLength(1)
})

const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000)

async function putRetained({ client }: Behind, Key: string, days = 10): Promise<string> {
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(days) } as const
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket: 'data', Key, Body: 'x', ...lock }))
  return VersionId!
}

const locksOf = async ({ s3 }: World, Key: string): Promise<readonly unknown[]> => {
  const heads = await Promise.all([head(s3.a, Key), head(s3.b, Key)])
  return heads.map(({ ObjectLockMode, ObjectLockRetainUntilDate }) => [
    ObjectLockMode,
    ObjectLockRetainUntilDate?.toISOString(),
  ])
}

test.each(['one', 'majority', 'all'] satisfies Policy[])(
  'a governance bypass is carried out at both sites, and nobody hears of a failure: %s',
  async (policy) => {
    const world = await behind({ policy, timeoutMs: 20_000 }, true)
    const bypass = { Bucket: 'data', BypassGovernanceRetention: true } as const
    const gone = await putRetained(world, 'gone')
    const among = await putRetained(world, 'among')
    await putRetained(world, 'shorter')
    await putRetained(world, 'lifted')
    const until = inDays(2)

    expect(
      await answerOf(world.client.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'gone', VersionId: gone }))),
    ).toBe('403 AccessDenied')
    await world.client.send(new DeleteObjectCommand({ ...bypass, Key: 'gone', VersionId: gone }))
    const Objects = [{ Key: 'among', VersionId: among }]
    const { Errors = [] } = await world.client.send(new DeleteObjectsCommand({ ...bypass, Delete: { Objects } }))
    expect(Errors).toEqual([])
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: until } as const
    await world.client.send(new PutObjectRetentionCommand({ ...bypass, Key: 'shorter', Retention }))
    await world.client.send(new PutObjectRetentionCommand({ ...bypass, Key: 'lifted', Retention: {} }))

    const lines = [expect.stringMatching(/^lifted /), expect.stringMatching(/^shorter /)]
    expect(await world.sides()).toEqual({ a: lines, b: lines })
    const shorter = ['GOVERNANCE', until.toISOString()]
    expect(await locksOf(world, 'shorter')).toEqual([shorter, shorter])
    const lifted = [undefined, undefined]
    expect(await locksOf(world, 'lifted')).toEqual([lifted, lifted])
    expect(await world.failures()).toEqual([])
  },
)

test('a governance bypass is remembered over a restart, and only for the versions that it was asked for', async () => {
  const world = await behind({ policy: 'async' }, true)
  const asked = await putRetained(world, 'asked')
  const other = await putRetained(world, 'other')
  await world.settled()
  const down = world.b.faults.add({ on: 'DeleteObject', key: 'asked', do: { kind: 'server-error' } })
  const at = { Bucket: 'data', BypassGovernanceRetention: true } as const
  await world.client.send(new DeleteObjectCommand({ ...at, Key: 'asked', VersionId: asked }))
  await world.stop()
  down.remove()
  await world.start()
  await world.settled()
  // Past the gateway: nobody there tells of a bypass, so the target's retention holds.
  await world.s3.a.send(new DeleteObjectCommand({ ...at, Key: 'other', VersionId: other }))
  const [row] = await untilParked(world, ['other'])
  expect(row!.fault.code).toBe('OBJECT_LOCKED')
  expect((await world.sides()).b).toEqual([expect.stringMatching(/^other /)])
})

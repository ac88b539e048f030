import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { gatewayRights } from '../../shared/model/gateway-rights.ts'
import { clientKey, gatewayClient, gatewayConfig, gatewayUrl, newKey } from '../support/gateway.ts'
import { presignedUrl } from '../support/gateway-presign.ts'
import { rawRequest, wholeAnswer } from '../support/gateway-raw.ts'
import { startWorld } from '../support/world.ts'

const everything = { rights: [...gatewayRights] }

/** `success`, or the S3 code and the message of the refusal. */
async function told(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return 'success'
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.name}: ${error.message}` : String(error)
  }
}

test.each([false, true])(
  'of a list of deletes a key deletes what it may, and each of the others is refused with the reason (quiet: %s)',
  async (quiet) => {
    const world = await startWorld({ config: { gateway: gatewayConfig }, rules: [{ scanIntervalSeconds: 604_800 }] })
    const old = await world.put('in/versioned')
    for (const key of ['in/a', 'in/versioned', 'out/k']) await world.put(key)
    await world.settled()
    world.a.requests.clear()
    const client = gatewayClient(world.api(), await newKey(world.api(), { rights: ['delete'], prefixes: ['in/'] }))
    const Objects = [{ Key: 'in/a' }, { Key: 'in/versioned', VersionId: old }, { Key: 'out/k' }]
    const answer = await client.send(new DeleteObjectsCommand({ Bucket: 'data', Delete: { Objects, Quiet: quiet } }))
    expect({
      deleted: answer.Deleted?.map(({ Key }) => Key) ?? [],
      refused: answer.Errors?.map(({ Key, VersionId, Code, Message }) => [Key, VersionId, Code, Message]),
    }).toEqual({
      deleted: quiet ? [] : ['in/a'],
      refused: [
        [
          'in/versioned',
          old,
          'AccessDenied',
          'This access key lacks the right to delete versions (deleteVersions). Ask the operator of the gateway for a key that has it.',
        ],
        ['out/k', undefined, 'AccessDenied', 'This access key reaches keys that begin with “in/” only.'],
      ],
    })
    await world.settled()
    const { a, b } = await world.sides()
    expect(b).toEqual(a)
    expect(a.filter((line) => line.includes('marker')).map((line) => line.split(' ')[0])).toEqual(['in/a'])
  },
)

test('a list of deletes of which a key may nothing is refused object by object, and no site hears of it', async () => {
  const world = await startWorld({ config: { gateway: gatewayConfig } })
  await world.settled()
  world.a.requests.clear()
  const client = gatewayClient(world.api(), await newKey(world.api(), { rights: ['read', 'write'] }))
  const Delete = { Objects: [{ Key: 'a' }, { Key: 'b', VersionId: 'v' }], Quiet: true }
  const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket: 'data', Delete }))
  expect(Errors?.map(({ Key, Code }) => `${Key} ${Code}`)).toEqual(['a AccessDenied', 'b AccessDenied'])
  expect(world.a.requests.count({ operation: 'DeleteObjects' })).toBe(0)
})

test('a key past its date is refused, in a header and in a presigned URL, and is told so', async () => {
  const expiresAt = Date.now() - 1000
  const keys = [{ ...clientKey, ...everything, expiresAt }]
  const world = await startWorld({ config: { gateway: { ...gatewayConfig, keys } } })
  await world.put('k')
  const url = gatewayUrl(world.api())
  const body = Buffer.alloc(0)
  const signed = await wholeAnswer({ url, key: 'k', method: 'GET', body })
  const presigned = await fetch(await presignedUrl(url, 'GET', '/data/k', Date.now()))
  const message = `This access key expired at ${new Date(expiresAt).toISOString()}. Ask the operator of the gateway for a new one.`
  expect(signed).toMatch(/^HTTP\/1\.1 403/)
  expect([presigned.status, signed.includes(message), (await presigned.text()).includes(message)]).toEqual([
    403,
    true,
    true,
  ])
})

test('who listens hears nothing more once the key is revoked', async () => {
  const world = await startWorld({ config: { gateway: gatewayConfig } })
  const key = await newKey(world.api(), { rights: ['read'] })
  const query = 'events=s3%3AObjectCreated%3A%2A&ping=1'
  const socket = rawRequest({
    url: gatewayUrl(world.api()),
    key: '',
    method: 'GET',
    query,
    body: Buffer.alloc(0),
    ...key,
  })
  let heard = ''
  const ended = new Promise((resolve) => socket.on('close', resolve))
  await new Promise<void>((resolve) =>
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString()
      if (heard.includes('Records')) resolve()
    }),
  )
  await world.api().gateway.keys.revoke({ accessKeyId: key.accessKeyId })
  await world.put('afterwards')
  await ended
  expect(heard).toContain('200 OK')
  expect(heard).not.toContain('afterwards')
})

test('a bucket that a rule reads from or writes to keeps what replication needs; others do as the right says', async () => {
  const world = await startWorld({
    buckets: ['data', 'copy', 'free'],
    rules: [
      { scanIntervalSeconds: 604_800 },
      { id: 'back', source: { site: 'b', bucket: 'copy' }, targets: [{ site: 'a', bucket: 'copy' }] },
    ],
    config: { gateway: gatewayConfig },
  })
  const client = gatewayClient(world.api(), await newKey(world.api(), everything))
  const suspend = (Bucket: string, Status: 'Suspended' | 'Enabled' = 'Suspended') =>
    told(client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } })))
  const lock = (Bucket: string) =>
    told(
      client.send(
        new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } }),
      ),
    )
  const remove = (Bucket: string) => told(client.send(new DeleteBucketCommand({ Bucket })))
  const because = (rule: string, bucket: string, what: string): string =>
    `InvalidBucketState: The rule ${rule} replicates ${bucket}, so ${what} through the gateway: that would break the ` +
    'replication. Remove the rule first, or ask the operator of the gateway to change the bucket at the site itself.'
  for (const [bucket, rule] of [
    ['data', 'r'],
    ['copy', 'back'],
  ] as const) {
    expect([await suspend(bucket), await suspend(bucket, 'Enabled'), await lock(bucket), await remove(bucket)]).toEqual(
      [
        because(rule, bucket, 'its versioning cannot be suspended'),
        'success',
        because(rule, bucket, 'its object lock cannot be changed'),
        because(rule, bucket, 'it cannot be deleted'),
      ],
    )
    const { Status } = await world.s3.a.send(new GetBucketVersioningCommand({ Bucket: bucket }))
    expect(Status).toBe('Enabled')
  }
  expect([await suspend('free'), await remove('free')]).toEqual(['success', 'success'])
  expect(await told(client.send(new CreateBucketCommand({ Bucket: 'new' })))).toBe('success')
})

test.each([
  '<VersioningConfiguration><Status>Enabled</Status><Status>Suspended</Status></VersioningConfiguration>',
  '<VersioningConfiguration><Status>suspended</Status></VersioningConfiguration>',
  '<VersioningConfiguration><Status>Enabled</Status><x><Status>Suspended</Status></x></VersioningConfiguration>',
  '<VersioningConfiguration><Status><![CDATA[Suspended]]></Status></VersioningConfiguration>',
  '<!DOCTYPE a><VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
])('no spelling of a document suspends the versioning of a replicated bucket: %s', async (document) => {
  const world = await startWorld({ config: { gateway: gatewayConfig } })
  const answer = await wholeAnswer({
    url: gatewayUrl(world.api()),
    key: '',
    query: 'versioning=',
    body: Buffer.from(document),
  })
  const { Status } = await world.s3.a.send(new GetBucketVersioningCommand({ Bucket: 'data' }))
  expect(Status).toBe('Enabled')
  expect(answer).toMatch(/^HTTP\/1\.1 (?:400|409|200)/)
})

import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { s3Client } from '../support/s3-site.ts'
import { ensureVersitygw, startVersitygwSite, type VersitygwSite } from '../support/versitygw.ts'
import { clientOf, createBucket, startWorld, type World } from '../support/world.ts'

const available = await ensureVersitygw()

/** A rule that answers when its target, which resolves keys as paths, has the write. */
async function worldWithFolder(): Promise<{ readonly world: World; readonly target: VersitygwSite }> {
  const target = await startVersitygwSite({ name: 'bergen' })
  onTestFinished(() => target.stop())
  await createBucket(s3Client(target), 'data')
  const world = await startWorld({
    stopped: true,
    rules: [{ scanIntervalSeconds: 604_800, ack: { policy: 'all', timeoutMs: 20_000 } }],
    config: { gateway: gatewayConfig },
  })
  await world.start({
    sites: [world.a, target].map(({ endpoint, accessKeyId, secretAccessKey }, index) => {
      const id = 'ab'[index]!
      return { id, name: `Site ${id}`, endpoint, credentials: { accessKeyId, secretAccessKey } }
    }),
  })
  return { world, target }
}

const put = (Key: string): PutObjectCommand =>
  new PutObjectCommand({ Bucket: 'data', Key, Body: `content of ${Key}`, ContentType: 'text/plain' })

test.skipIf(!available.ok)(
  'a synchronous write of a key that the target keeps under another name covers nothing there, and is refused',
  { timeout: 120_000 },
  async () => {
    const { world, target } = await worldWithFolder()
    const client = gatewayClient(world.api())
    // Whether a write may go to both sides at the same time is asked behind the back of the first.
    await eventually(async () => {
      await client.send(put('a/b'))
      const { Metadata = {} } = await s3Client(target).send(new GetObjectCommand({ Bucket: 'data', Key: 'a/b' }))
      expect(Metadata['lockstep-version']).toMatch(/^write-/)
    })
    const before = await s3Client(target).send(new ListObjectVersionsCommand({ Bucket: 'data' }))
    for (const Key of ['a//b', '/a/b']) {
      const answer = await client.send(put(Key)).then(
        () => 'success',
        (error: Error) => error.name,
      )
      expect(answer).toBe('ReplicationRefused')
    }
    const after = await s3Client(target).send(new ListObjectVersionsCommand({ Bucket: 'data' }))
    expect(after.Versions?.map(({ Key, VersionId }) => [Key, VersionId])).toEqual(
      before.Versions?.map(({ Key, VersionId }) => [Key, VersionId]),
    )
    expect((await world.failures()).map(({ key, fault }) => `${key}: ${fault?.code}`)).toEqual([
      'a//b: KEY_NOT_ALLOWED',
      '/a/b: KEY_NOT_ALLOWED',
    ])
    const source = await clientOf(world.a).send(new ListObjectVersionsCommand({ Bucket: 'data', Prefix: 'a//' }))
    expect(source.Versions).toHaveLength(1)
  },
)

import { join } from 'node:path'
import { CopyObjectCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { versionsByKey } from '../compare/list-versions.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('copies of replicas at real Ceph sites', ceph.reason)

const Bucket = 'data'
const key = { accessKeyId: 'CLIENT.MARKS', secretAccessKey: 'client/marks+secret' } as const

/** Ceph keeps the metadata of what it copies, marks and all. */
describe.skipIf(!ceph.ok)('between two real Ceph sites with rules both ways and policy all', () => {
  let dir: TempDir
  let sites: readonly CephSite[] = []
  let clients: readonly S3Client[] = []
  let lockstep: Lockstep
  let gateway: S3Client

  beforeAll(async () => {
    dir = await makeTempDir('marks')
    sites = await Promise.all(['a', 'b'].map((name) => startCephSite({ name, dir: join(dir.path, name) })))
    clients = sites.map((site) => s3Client(site))
    for (const client of clients) await makeBucket(client, Bucket)
    const at = (site: string) => ({ site, bucket: Bucket })
    const ack = { policy: 'all', timeoutMs: 20_000 } as const
    const more = { versionDeletes: true, scanIntervalSeconds: 5 }
    lockstep = await startLockstep({
      dir: join(dir.path, 'engine'),
      config: {
        version: 1,
        sites: [siteConfig('a', sites[0]!), siteConfig('b', sites[1]!)],
        rules: [
          { id: 'r', source: at('a'), targets: [at('b')], ack, ...more },
          { id: 'back', source: at('b'), targets: [at('a')], ...more },
        ],
        gateway: { site: 'a', listen: '127.0.0.1:0', keys: [key] },
      },
    })
    const endpoint = lockstep.ready.gateway!
    gateway = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: key, maxAttempts: 1 })
  })

  afterAll(async () => {
    await lockstep.stop()
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  const objectsAt = async (site: 0 | 1, wanted: string): Promise<readonly string[]> => {
    for await (const { key: found, versions } of versionsByKey({ site: sites[site]!, bucket: Bucket }, wanted))
      if (found === wanted) return versions.filter(({ kind }) => kind === 'object').map(({ versionId }) => versionId)
    return []
  }
  const put = (client: S3Client, Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/plain' }))
  const copy = (client: S3Client, Key: string, from: string) =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}` }))

  test('a client’s copy of a replica is acknowledged when the other site has it', { timeout: 120_000 }, async () => {
    await put(clients[1]!, 'of-b', 'written at b')
    await expect.poll(() => objectsAt(0, 'of-b'), { timeout: 40_000 }).toHaveLength(1)
    await lockstep.untilSettled(60)
    await copy(gateway, 'copy', 'of-b')
    expect(await objectsAt(1, 'copy')).toHaveLength(1)
    await copy(clients[0]!, 'direct', 'of-b')
    await expect.poll(() => objectsAt(1, 'direct'), { timeout: 40_000 }).toHaveLength(1)
  })

  test('a client’s copy at the target outlives its original', { timeout: 120_000 }, async () => {
    await put(gateway, 'key', 'first')
    await put(gateway, 'key', 'second')
    await copy(clients[1]!, 'mine', 'key')
    const [mine] = await objectsAt(1, 'mine')
    await put(gateway, 'mine', 'of the source')
    await put(gateway, 'key', 'third')
    for (const VersionId of await objectsAt(0, 'key'))
      await clients[0]!.send(new DeleteObjectCommand({ Bucket, Key: 'key', VersionId }))
    await expect.poll(() => objectsAt(1, 'key'), { timeout: 60_000 }).toEqual([])
    // “mine” was written at both sides: which of them lies on top is another matter, and is told.
    await lockstep.cli('wait', '--settled', '--timeout', '60')
    expect([await objectsAt(1, 'key'), await objectsAt(1, 'mine')]).toEqual([[], expect.arrayContaining([mine])])
  })
})

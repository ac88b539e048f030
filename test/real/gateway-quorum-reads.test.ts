import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { eventually } from '../support/eventually.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('reads by quorum between real sites', ceph.reason)

const bucket = 'quorum'
const key = { accessKeyId: 'CLIENT.QUORUM', secretAccessKey: 'client/quorum+secret' } as const

/** Policy async: a read asks both. No scan helps, and Ceph sends no events: only the gateway knows of changes. */
describe.skipIf(!ceph.ok)('reads by quorum between two real Ceph sites', () => {
  let dir: TempDir
  let sites: readonly CephSite[] = []
  let lockstep: Lockstep
  let source: S3Client
  let target: S3Client
  let client: S3Client

  beforeAll(async () => {
    dir = await makeTempDir('quorum')
    sites = await Promise.all(['source', 'target'].map((name) => startCephSite({ name, dir: join(dir.path, name) })))
    for (const site of sites) await makeBucket(s3Client(site), bucket)
    lockstep = await startLockstep({ dir: join(dir.path, 'engine'), config: configOf(sites) })
    // Before a target is known it cannot be read, and a quorum says so.
    await lockstep.api.wait.settled.query({ ruleId: null, timeoutMs: 60_000 })
    ;[source, target] = sites.map((site) => s3Client(site)) as [S3Client, S3Client]
    client = s3Client({ endpoint: lockstep.ready.gateway!, region: sites[0]!.region, ...key })
  })

  afterAll(async () => {
    await lockstep.stop()
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  const put = async (Key: string, Body: string): Promise<string> =>
    (await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))).VersionId!

  /** `two <version id>`, or what the client was refused with. */
  const read = async (Key: string, VersionId?: string): Promise<string> => {
    try {
      const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key, VersionId }))
      return `${await found.Body!.transformToString()} ${found.VersionId}`
    } catch (error) {
      return error instanceof S3ServiceException ? error.name : String(error)
    }
  }

  const inStep = (prefix: string): Promise<void> =>
    eventually(
      async () => {
        const [a, b] = sites.map((site) => ({ site, bucket }))
        expect((await compareBuckets(a!, b!, { prefix })).differences).toEqual([])
      },
      { withinMs: 60_000, everyMs: 500 },
    )

  const loseNewest = async (at: S3Client, Key: string): Promise<void> => {
    const { Versions = [], DeleteMarkers = [] } = await at.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }),
    )
    const newest = [...Versions, ...DeleteMarkers].find(({ IsLatest }) => IsLatest)
    await at.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId: newest!.VersionId }))
  }

  test('what is written and deleted is read as it was acknowledged, while the copies follow and after', async () => {
    const versionId = await put('k', 'one')
    expect(await read('k')).toBe(`one ${versionId}`)
    await inStep('k')
    expect(await read('k')).toBe(`one ${versionId}`)
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }))
    expect(await read('k')).toBe('NoSuchKey')
    await inStep('k')
    expect(await read('k')).toBe('NoSuchKey')
  })

  test('a source that was restored to older brings nothing back', async () => {
    const older = await put('restored/k', 'older')
    const newer = await put('restored/k', 'newer')
    await put('restored/deleted', 'x')
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'restored/deleted' }))
    await inStep('restored/')
    await loseNewest(source, 'restored/k')
    await loseNewest(source, 'restored/deleted')
    expect([
      await read('restored/k'),
      await read('restored/k', newer),
      await read('restored/k', older),
      await read('restored/deleted'),
    ]).toEqual([`newer ${newer}`, `newer ${newer}`, `older ${older}`, 'NoSuchKey'])
  })

  test('a target that was restored to older is repaired by a read', async () => {
    await put('stale/k', 'older')
    const newer = await put('stale/k', 'newer')
    await put('stale/deleted', 'x')
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'stale/deleted' }))
    await inStep('stale/')
    await loseNewest(target, 'stale/k')
    await loseNewest(target, 'stale/deleted')
    expect([await read('stale/k'), await read('stale/deleted')]).toEqual([`newer ${newer}`, 'NoSuchKey'])
    await inStep('stale/')
  })
})

function configOf(sites: readonly CephSite[]): Parameters<typeof startLockstep>[0]['config'] {
  return {
    version: 1,
    sites: [siteConfig('source', sites[0]!), siteConfig('target', sites[1]!)],
    rules: [
      {
        id: 'quorum',
        source: { site: 'source', bucket },
        targets: [{ site: 'target', bucket }],
        versionDeletes: true,
        deleteBrake: null,
        overwriteBrake: null,
        scanIntervalSeconds: 604_800,
        ack: { policy: 'async', reads: 'quorum' },
      },
    ],
    gateway: { site: 'source', listen: '127.0.0.1:0', keys: [key] },
  }
}

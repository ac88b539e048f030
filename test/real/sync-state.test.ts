import { join } from 'node:path'
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEngine } from '../../electron/engine/engine.ts'
import type { Engine } from '../../electron/engine/composition/options.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { configSchema } from '../../shared/model/config.ts'
import { makeBucket, setVersioning } from '../support/buckets.ts'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { putTags, remove, tagsOf, versionsOf } from '../support/s3-acts.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const vendors = [
  ['MinIO', await ensureMinio(), (name: string) => startMinioSite({ name })],
  ['Ceph', await ensureCeph(), (name: string, dir: string) => startCephSite({ name, dir })],
] as const
for (const [vendor, found] of vendors)
  if (!found.ok) reportSkipped(`bucket check and null versions at ${vendor}`, found.reason)

const bucket = 'data'
const denying = (action: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: action,
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  })
const rule = {
  id: 'r',
  source: { site: 'a', bucket },
  targets: [{ site: 'b', bucket }],
  scanIntervalSeconds: 5,
  versionDeletes: true,
  attributePass: { perSecond: 20 },
}

describe.each(vendors)('between two real sites of %s', (vendor, { ok }, start) => {
  let dir: TempDir
  let sites: readonly (SiteAccess & { stop(): Promise<unknown> })[] = []
  let engine: Engine | null = null
  beforeAll(async () => {
    dir = await makeTempDir('standing')
    if (ok) sites = await Promise.all(['a', 'b'].map((name) => start(name, join(dir.path, name))))
  }, 180_000)
  afterAll(async () => {
    await engine?.stop()
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  test.skipIf(!ok)(
    'null versions go, late tags follow, and a target that is suspended or made anew is noticed',
    async () => {
      const [a, b] = [sites[0]!, sites[1]!]
      const [source, target] = [s3Client(a), s3Client(b)]
      for (const client of [source, target]) await makeBucket(client, bucket)
      const config = { version: 1, sites: [siteConfig('a', a), siteConfig('b', b)], rules: [rule] } as const
      const running = (engine = await startEngine({
        dataDir: join(dir.path, 'data'),
        credentials: memoryCredentials(),
        config: configSchema.parse(config),
        environment: {},
        log: () => undefined,
        demo: null,
        version: 'test',
        bucketCheckMs: 500,
      }))
      const put = (Key: string, Body: string) => source.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
      const settled = () => running.api.wait.settled({ ruleId: null, timeoutMs: 60_000 })
      const state = () => running.api.rules.get({ id: 'r' }).links[0]!.state
      const drift = (): readonly string[] =>
        running.api.rules.get({ id: 'r' }).links[0]!.drift.map(({ what, at, reason }) => `${what} ${at.site} ${reason}`)
      const sizes = async (key: string): Promise<readonly number[]> =>
        (await versionsOf({ site: b, bucket }, key)).map(({ sizeBytes }) => sizeBytes)

      await put('key', 'first')
      await put('tagged', 'x')
      await settled()
      await setVersioning(source, bucket, 'Suspended')
      await expect.poll(drift, { timeout: 60_000 }).toEqual([expect.stringMatching(/^unversioned a /)])
      for (const body of ['null one', 'null two.']) {
        await put('key', body)
        await settled()
      }
      await expect.poll(() => sizes('key'), { timeout: 60_000 }).toEqual([9, 5])
      await remove(source, 'key', 'null')
      await expect.poll(() => sizes('key'), { timeout: 60_000 }).toEqual([5])

      await putTags(source, 'tagged', { late: 'yes' })
      await expect.poll(() => tagsOf(target, 'tagged'), { timeout: 60_000 }).toEqual({ late: 'yes' })

      await setVersioning(source, bucket, 'Enabled')
      await expect.poll(drift, { timeout: 60_000 }).toEqual([])

      // MinIO refuses its own root nothing.
      if (vendor === 'Ceph')
        for (const [denied, lost] of [
          ['s3:GetBucketVersioning', 's3:GetBucketVersioning'],
          ['s3:GetObject', 's3:GetObject'],
        ] as const) {
          await target.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: denying(denied) }))
          running.api.rules.lookAgain({ ruleId: 'r' })
          await expect
            .poll(drift, { timeout: 60_000 })
            .toEqual([expect.stringMatching(new RegExp(`^rights-lost b .*: ${lost} is refused`))])
          await target.send(new DeleteBucketPolicyCommand({ Bucket: bucket }))
          await expect.poll(drift, { timeout: 60_000 }).toEqual([])
        }

      await setVersioning(target, bucket, 'Suspended')
      await expect.poll(state, { timeout: 60_000 }).toMatchObject({ kind: 'held', by: { code: 'BUCKET_UNVERSIONED' } })
      await setVersioning(target, bucket, 'Enabled')
      await expect.poll(() => state().kind, { timeout: 60_000 }).toBe('in-step')

      for (const key of ['key', 'tagged'])
        for (const { versionId } of await versionsOf({ site: b, bucket }, key))
          await target.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
      await target.send(new DeleteBucketCommand({ Bucket: bucket }))
      await makeBucket(target, bucket)
      await expect
        .poll(
          async () =>
            (await running.api.activity.list({ ruleId: 'r', level: null, before: null, limit: 50 })).map(
              ({ text }) => text,
            ),
          {
            timeout: 60_000,
          },
        )
        .toContainEqual(expect.stringMatching(/b\/data was made anew|its buckets are as they should be/))
      await expect.poll(() => sizes('tagged'), { timeout: 60_000 }).toEqual([1])
    },
    300_000,
  )
})

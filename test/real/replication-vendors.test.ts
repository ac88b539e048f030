import { join } from 'node:path'
import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { pathSafeAwkwardKeys } from '../support/awkward-keys.ts'
import { makeBucket } from '../support/buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { ensureVersitygw, startVersitygwSite, type VersitygwSite } from '../support/versitygw.ts'
import { replicateAndCompare } from './scenario.ts'

const [ceph, minio, versitygw] = [await ensureCeph(), await ensureMinio(), await ensureVersitygw()]
const missing = [ceph, minio, versitygw].find((one) => !one.ok)
if (missing?.ok === false) reportSkipped('replication between sites of different vendors', missing.reason)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_262)

describe.skipIf(missing !== undefined)(`sites of different vendors (LOCKSTEP_SEED=${seed})`, () => {
  let dir: TempDir
  let oslo: CephSite
  let bergen: MinioSite
  let narvik: VersitygwSite
  beforeAll(async () => {
    dir = await makeTempDir('vendors')
    ;[oslo, bergen, narvik] = await Promise.all([
      startCephSite({ name: 'vendors', dir: join(dir.path, 'ceph') }),
      startMinioSite({ name: 'vendors' }),
      startVersitygwSite({ name: 'vendors' }),
    ])
  })
  afterAll(async () => {
    await Promise.all([oslo.stop(), bergen.stop(), narvik.stop()])
    await dir.remove()
  })

  // What MinIO takes of keys and tags is less than what the others do.
  const common = { seed, objects: 600, oddKeys: pathSafeAwkwardKeys, asciiTags: true }

  test('from Ceph to MinIO', async () => {
    await replicateAndCompare({ ...common, source: oslo, target: bergen, compare: {}, bucketPrefix: 'ceph-minio-' })
  })

  test('from MinIO to Ceph', async () => {
    await replicateAndCompare({ ...common, source: bergen, target: oslo, compare: {}, bucketPrefix: 'minio-ceph-' })
  })

  // Left out is what it lists wrongly (control characters) and what it does not give (tags of null versions): told of each.
  test('from versitygw to Ceph', async () => {
    await replicateAndCompare({
      ...common,
      oddKeys: pathSafeAwkwardKeys.filter((key) => !/\p{Cc}|\p{Cn}/u.test(key)),
      // What is written on a marker takes no tags and locks there (405); of a lock an older version tells nothing.
      lastOfKey: ['deleteMarker', 'retention', 'legalHold'],
      nullVersions: false,
      source: narvik,
      target: oslo,
      compare: { locks: 'asked' },
      bucketPrefix: 'versity-ceph-',
    })
  })

  test('a lock that versitygw keeps silent about, because the version is an older one, is missed by no comparison', async () => {
    const [client, bucket] = [s3Client(narvik), 'silent-locks']
    for (const site of [narvik, oslo]) await makeBucket(s3Client(site), bucket, { lock: true })
    const put = (Key: string, ObjectLockLegalHoldStatus?: 'ON') =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key, ObjectLockLegalHoldStatus }))
    await put('current', 'ON')
    await forEachAtMost(
      8,
      Array.from({ length: 100 }, (_, index) => `older-${index}`),
      async (key) => {
        await put(key, 'ON')
        await put(key)
      },
    )
    const rule = { id: 'silent', source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }] }
    const config = { version: 1, sites: [siteConfig('a', narvik), siteConfig('b', oslo)], rules: [rule] } as const
    const lockstep = await startLockstep({
      dir: join(dir.path, 'silent'),
      config: { ...config, sites: [...config.sites], rules: [rule] },
    })
    try {
      await lockstep.bringInStep(120)
      const sides = [narvik, oslo].map((site) => ({ site, bucket }))
      const { differences } = await compareBuckets(sides[0]!, sides[1]!, { locks: 'asked' })
      const report = z
        .object({ differences: z.array(z.object({ key: z.string() })) })
        .parse((await lockstep.cli('compare', 'silent', '--level', 'attributes')).json())
      const keysOf = (found: readonly { readonly key: string }[]): readonly string[] =>
        found.map(({ key }) => key).toSorted()
      expect(keysOf(report.differences)).toEqual(keysOf(differences))
    } finally {
      await lockstep.kill9()
    }
  })

  test('a key that MinIO keeps under another name is refused, and covers nothing there', async () => {
    const bucket = 'folded-keys'
    for (const site of [oslo, bergen]) await makeBucket(s3Client(site), bucket, {})
    for (const Key of ['lead', '/lead', '/alone'])
      await s3Client(oslo).send(new PutObjectCommand({ Bucket: bucket, Key, Body: `content of ${Key}` }))
    const rule = { id: 'folded', source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }] }
    const lockstep = await startLockstep({
      dir: join(dir.path, 'folded'),
      config: { version: 1, sites: [siteConfig('a', oslo), siteConfig('b', bergen)], rules: [rule] },
    })
    try {
      await lockstep.cli('wait', '--settled', '--timeout', '30')
      const { Versions = [], DeleteMarkers = [] } = await s3Client(bergen).send(
        new ListObjectVersionsCommand({ Bucket: bucket }),
      )
      expect(Versions.map(({ Key, Size }) => [Key, Size])).toEqual([['lead', 15]])
      expect(DeleteMarkers).toEqual([])
      const { rows } = await lockstep.api.failures.list.query({ limit: 10 })
      expect(rows.map(({ key, fault }) => `${key}: ${fault?.code}`).toSorted()).toEqual([
        '/alone: KEY_NOT_ALLOWED',
        '/lead: KEY_NOT_ALLOWED',
      ])
    } finally {
      await lockstep.kill9()
    }
  })
})

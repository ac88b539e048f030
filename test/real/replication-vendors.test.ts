import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { pathSafeAwkwardKeys } from '../support/awkward-keys.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { replicateAndCompare } from './scenario.ts'

const [ceph, minio] = [await ensureCeph(), await ensureMinio()]
const missing = [ceph, minio].find((one) => !one.ok)
if (missing?.ok === false) reportSkipped('replication between sites of different vendors', missing.reason)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_262)

describe.skipIf(missing !== undefined)(`sites of different vendors (LOCKSTEP_SEED=${seed})`, () => {
  let dir: TempDir
  let oslo: CephSite
  let bergen: MinioSite
  beforeAll(async () => {
    dir = await makeTempDir('vendors')
    ;[oslo, bergen] = await Promise.all([
      startCephSite({ name: 'vendors', dir: join(dir.path, 'ceph') }),
      startMinioSite({ name: 'vendors' }),
    ])
  })
  afterAll(async () => {
    await Promise.all([oslo.stop(), bergen.stop()])
    await dir.remove()
  })

  // What MinIO takes of keys and tags is less than what the others do.
  const common = { seed, objects: 1000, oddKeys: pathSafeAwkwardKeys, asciiTags: true }

  test('from Ceph to MinIO', async () => {
    await replicateAndCompare({ ...common, source: oslo, target: bergen, compare: {}, bucketPrefix: 'ceph-minio-' })
  })

  test('from MinIO to Ceph', async () => {
    await replicateAndCompare({ ...common, source: bergen, target: oslo, compare: {}, bucketPrefix: 'minio-ceph-' })
  })
})

import { afterAll, beforeAll, describe, test } from 'vitest'
import { pathSafeAwkwardKeys } from '../support/awkward-keys.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { replicateAndCompare, replicateBothWays } from './scenario.ts'

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('replication between real MinIO sites', minio.reason)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_261)

describe.skipIf(!minio.ok)(`two real MinIO sites (LOCKSTEP_SEED=${seed})`, () => {
  let a: MinioSite
  let b: MinioSite
  beforeAll(async () => {
    ;[a, b] = await Promise.all([startMinioSite({ name: 'one' }), startMinioSite({ name: 'two' })])
  })
  afterAll(async () => {
    await Promise.all([a.stop(), b.stop()])
  })

  test('the target adopts the source’s version ids, and 2,000 objects are equal on both sides', async () => {
    await replicateAndCompare({
      source: a,
      target: b,
      seed,
      objects: 2000,
      oddKeys: pathSafeAwkwardKeys,
      asciiTags: true,
      compare: { sameIds: true },
    })
  })

  test('two opposite rules come to rest, and no replica is sent back', async () => {
    await replicateBothWays(a, b, { sameIds: true })
  })
})

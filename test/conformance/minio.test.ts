import { describe } from 'vitest'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { minioDeviations } from './deviations.ts'
import { minioPromises } from './promises/all.ts'
import { holdToPromises } from './site-promise.ts'

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('S3 promises of a real MinIO', minio.reason)

describe.skipIf(!minio.ok)('a real site', () => {
  const start = async () => {
    const site = await startMinioSite({ name: 'conformance' })
    return { ...site, stop: () => site.stop() }
  }
  holdToPromises('MinIO', start, minioPromises, minioDeviations)
})

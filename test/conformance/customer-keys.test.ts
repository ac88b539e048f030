import { join } from 'node:path'
import { describe } from 'vitest'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { startSandbox } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'
import { cephKeyDeviations } from './deviations.ts'
import { customerKeyPromises } from './promises/customer-keys.ts'
import { holdToPromises } from './site-promise.ts'

holdToPromises(
  'sandbox',
  async () => {
    const site = await startSandbox()
    return { ...site, stop: () => site.close() }
  },
  customerKeyPromises,
)

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('clients’ keys at a real MinIO', minio.reason)
describe.skipIf(!minio.ok)('a real site with TLS', () => {
  holdToPromises('MinIO', () => startMinioSite({ name: 'keys', tls: true }), customerKeyPromises)
})

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('clients’ keys at a real Ceph', ceph.reason)
describe.skipIf(!ceph.ok)('a real site that takes keys without TLS', () => {
  const start = async () => {
    const dir = await makeTempDir('customer-keys')
    const site = await startCephSite({ name: 'keys', dir: join(dir.path, 'site') })
    const stop = async (): Promise<void> => {
      await site.stop()
      await dir.remove()
    }
    return { ...site, stop }
  }
  holdToPromises('Ceph RADOS Gateway', start, customerKeyPromises, cephKeyDeviations)
})

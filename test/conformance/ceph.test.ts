import { join } from 'node:path'
import { describe } from 'vitest'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { makeTempDir } from '../support/temp.ts'
import { cephDeviations } from './deviations.ts'
import { allPromises } from './promises/all.ts'
import { holdToPromises } from './site-promise.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('S3 promises of a real Ceph', ceph.reason)

describe.skipIf(!ceph.ok)('a real site', () => {
  const start = async () => {
    const dir = await makeTempDir('conformance-ceph')
    const site = await startCephSite({ name: 'conformance', dir: join(dir.path, 'site') })
    const stop = async (): Promise<void> => {
      await site.stop()
      await dir.remove()
    }
    return { ...site, stop }
  }
  holdToPromises('Ceph RADOS Gateway', start, allPromises, cephDeviations)
})

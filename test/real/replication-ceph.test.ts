import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { replicateAndCompare, replicateBothWays } from './scenario.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('replication between real Ceph sites', ceph.reason)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_260)

describe.skipIf(!ceph.ok)(`two real Ceph sites (LOCKSTEP_SEED=${seed})`, () => {
  let dir: TempDir
  const sites: CephSite[] = []
  const start = async (name: string, system: boolean): Promise<CephSite> => {
    const site = await startCephSite({ name, dir: join(dir.path, name), system })
    sites.push(site)
    return site
  }
  beforeAll(async () => {
    dir = await makeTempDir('ceph')
  })
  afterAll(async () => {
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  test('an ordinary user’s target mints ids of its own and is equal to its source all the same', async () => {
    const [source, target] = await Promise.all([start('minted-a', false), start('minted-b', false)])
    await replicateAndCompare({ source, target, seed, objects: 2000, compare: {} })
  })

  test('a system user’s target adopts the source’s version ids; changes come by bucket notifications', async () => {
    const [source, target] = await Promise.all([start('adopted-a', false), start('adopted-b', true)])
    await replicateAndCompare({ source, target, seed, objects: 1000, compare: { sameIds: true }, webhook: true })
  })

  test('two opposite rules come to rest, and no replica is sent back', async () => {
    const [a, b] = await Promise.all([start('both-a', false), start('both-b', false)])
    await replicateBothWays(a, b, {})
  })
})

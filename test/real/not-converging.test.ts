import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { versionsByKey } from '../compare/list-versions.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { makeBucket } from '../support/buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { eventually } from '../support/eventually.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('keys that do not converge between real Ceph sites', ceph.reason)

const bucket = 'both'
const rule = { id: 'r', source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }], scanIntervalSeconds: 5 }
const back = { ...rule, id: 'back', source: { site: 'b', bucket }, targets: [{ site: 'a', bucket }] }
const names = Array.from({ length: 40 }, (_, index) => `key-${index}`)

describe.skipIf(!ceph.ok)('two real Ceph sites under opposite rules', () => {
  let dir: TempDir
  let sites: readonly CephSite[] = []
  beforeAll(async () => {
    dir = await makeTempDir('apart')
    sites = await Promise.all(['a', 'b'].map((name) => startCephSite({ name, dir: join(dir.path, name) })))
  })
  afterAll(async () => {
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  test('are “not converging” over exactly the keys that differ, until these are written once more at one side', async () => {
    const [a, b] = sites
    const clients = sites.map((site) => s3Client(site))
    for (const client of clients) await makeBucket(client, bucket)
    const config = { version: 1, sites: [siteConfig('a', a!), siteConfig('b', b!)], rules: [rule, back] } as const
    const lockstep = await startLockstep({
      dir: dir.path,
      config: { ...config, sites: [...config.sites], rules: [...config.rules] },
    })
    const put = (side: number, Key: string, Body: string): Promise<unknown> =>
      clients[side]!.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
    const counts = async (): Promise<readonly (readonly [string, number])[]> =>
      (await lockstep.api.overview.get.query()).links.map(({ state, notConverging }) => [state.kind, notConverging])
    try {
      await forEachAtMost(10, names, async (key) => {
        await Promise.all([put(0, key, `a of ${key}`), put(1, key, `b of ${key}`)])
      })
      const settled = await lockstep.api.wait.settled.query({ ruleId: null, timeoutMs: 60_000 })
      const apart = await keysApart(sites)
      expect([apart.length > 0, settled.notConverging]).toEqual([true, apart.length])
      await eventually(async () =>
        expect(await counts()).toEqual([
          ['not-converging', apart.length],
          ['not-converging', apart.length],
        ]),
      )
      for (const key of apart) await put(0, key, `once more ${key}`)
      await eventually(
        async () =>
          expect(await counts()).toEqual([
            ['in-step', 0],
            ['in-step', 0],
          ]),
        { withinMs: 60_000 },
      )
      expect(await keysApart(sites)).toEqual([])
    } finally {
      await lockstep.kill9()
    }
  })
})

/** By the comparer's listing. */
async function keysApart(sites: readonly CephSite[]): Promise<readonly string[]> {
  const currents = await Promise.all(
    sites.map(async (site) => {
      const found = new Map<string, string>()
      for await (const { key, versions } of versionsByKey({ site, bucket }, '')) found.set(key, versions[0]!.etag)
      return found
    }),
  )
  return names.filter((key) => currents[0]!.get(key) !== currents[1]!.get(key))
}

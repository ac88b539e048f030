import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../electron/engine/base/clock.ts'
import { createBucketAs } from '../../electron/engine/site/buckets.ts'
import { probeTarget, vendorOf } from '../../electron/engine/site/capabilities.ts'
import { canaryPrefix } from '../../electron/engine/rule/canary-keys.ts'
import type { ObjectStore, VersionPage } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import type { SandboxIdentity } from '../../electron/engine/sandbox/exchange.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { keys, openSiteWorld, siteAt } from './site-world.ts'
import { plainVersion } from '../support/new-version.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

const ports = { clock: systemClock, random: Math.random }
const { signal } = new AbortController()
const none = { versioning: true, objectLock: false }

async function openBucket(
  identity: SandboxIdentity,
  wanted = none,
): Promise<{ readonly site: SandboxSite; readonly store: ObjectStore }> {
  const world = await openSiteWorld(systemClock)
  ended.push(() => world.end())
  const site = await world.sandbox('s', identity)
  const { credentials: _keys, ...plainSite } = siteAt('s', site.endpoint)
  const store = createStore({ site: plainSite, keys, sockets: 4 })
  ended.push(() => Promise.resolve(store.close()))
  await createBucketAs(store, 'photos', wanted)
  return { site, store }
}

const left = async (store: ObjectStore): Promise<readonly string[]> =>
  (await store.listVersions({ bucket: 'photos', prefix: '' })).entries.map(({ key }) => key)

test('a site that keeps chosen version ids is told from one that mints its own, and no canary stays', async () => {
  const adopting = await openBucket('adopts-minio')
  expect(await probeTarget(adopting.store, 'photos', ports, signal)).toEqual({
    identity: 'adopts-minio',
    ordersByMtime: true,
  })
  const minting = await openBucket('mints')
  expect(await probeTarget(minting.store, 'photos', ports, signal)).toEqual({
    identity: 'mints',
    ordersByMtime: false,
  })
  expect([await left(adopting.store), await left(minting.store)]).toEqual([[], []])
})

test('a bucket that leaves keys out of its listing, or lists them in another order, is no target, and no canary stays', async () => {
  const { store } = await openBucket('mints')
  const listing =
    (change: (page: VersionPage) => VersionPage): ObjectStore['listVersions'] =>
    async (request, options) => {
      const page = await store.listVersions(request, options)
      return request.limit === undefined ? page : change(page)
    }
  const lies: readonly (readonly [code: string, ObjectStore['listVersions']])[] = [
    [
      'LISTING_INCOMPLETE',
      listing((page) => ({ ...page, entries: page.entries.filter(({ key }) => !key.endsWith('/b')) })),
    ],
    ['LISTING_UNORDERED', listing((page) => ({ ...page, entries: page.entries.toReversed() }))],
    ['LISTING_INCOMPLETE', listing((page) => ({ ...page, next: null }))],
  ]
  for (const [code, listVersions] of lies) {
    await expect(probeTarget({ ...store, listVersions }, 'photos', ports, signal)).rejects.toMatchObject({
      fault: { code },
    })
    expect(await left(store)).toEqual([])
  }
})

test('the canary is removed when the probe fails half-way, and nothing else is', async () => {
  const { site, store } = await openBucket('mints')
  await store.put(plainVersion('photos', `${canaryPrefix}of-somebody-else`), { sizeBytes: 0, body: new Uint8Array() })
  site.faults.add({ on: 'PutObject', after: 1, do: { kind: 'server-error' } })
  await expect(probeTarget(store, 'photos', ports, signal)).rejects.toMatchObject({ fault: { code: 'SERVER_ERROR' } })
  expect(await left(store)).toEqual([`${canaryPrefix}of-somebody-else`])
})

test('the canary is removed when the probe is cancelled', async () => {
  const { site, store } = await openBucket('mints')
  const cancel = new AbortController()
  const late = site.faults.add({ on: 'ListObjectVersions', do: { kind: 'latency', delayMs: 100 } })
  const probing = probeTarget(store, 'photos', ports, cancel.signal)
  setTimeout(() => cancel.abort(new Error('enough')), 50)
  await expect(probing).rejects.toThrow('enough')
  late.remove()
  expect(await left(store)).toEqual([])
})

test('in a bucket with object lock the canary outlives its short retention and is removed then', async () => {
  const { store } = await openBucket('mints', { versioning: true, objectLock: true })
  expect((await probeTarget(store, 'photos', ports, signal)).identity).toBe('mints')
  expect(await left(store)).toEqual([])
})

test('a bucket without versioning is refused before anything is written', async () => {
  const { site, store } = await openBucket('mints', { versioning: false, objectLock: false })
  const puts = site.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 0 } })
  await expect(probeTarget(store, 'photos', ports, signal)).rejects.toMatchObject({
    fault: { code: 'BUCKET_UNVERSIONED' },
  })
  await expect(probeTarget(store, 'none', ports, signal)).rejects.toMatchObject({ fault: { code: 'BUCKET_MISSING' } })
  expect(puts.hits).toBe(0)
})

test('vendors are known by what they answer to an unsigned request', () => {
  const answer = (headers: Readonly<Record<string, string>>, text = ''): Parameters<typeof vendorOf>[0] => ({
    status: 403,
    headers,
    text,
  })
  expect(vendorOf(answer({ server: 'MinIO' }))).toBe('minio')
  expect(vendorOf(answer({ server: 'RustFS' }))).toBe('rustfs')
  expect(vendorOf(answer({ server: 'AmazonS3' }))).toBe('aws')
  expect(vendorOf(answer({ server: 'Ceph Object Gateway (squid)' }))).toBe('ceph')
  expect(vendorOf(answer({ server: 'Lockstep-Sandbox' }))).toBe('lockstep-sandbox')
  expect(vendorOf(answer({ 'x-amz-request-id': 'tx000002be61bf170d158a2-006b01032f-100c-default' }))).toBe('ceph')
  expect(vendorOf(answer({ server: 'nginx' }, '<Owner><ID>anonymous</ID></Owner>'))).toBe('ceph')
  expect(vendorOf(answer({ server: 'nginx' }))).toBe('other')
})

import { expect, onTestFinished, test } from 'vitest'
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { systemClock } from '../../electron/engine/base/clock.ts'
import { createBucketAs } from '../../electron/engine/site/buckets.ts'
import { canaryPrefix, isCanary } from '../../electron/engine/rule/canary-keys.ts'
import { probeProfile, type FoundProfile } from '../../electron/engine/site/profile/probe-profile.ts'
import type { NewVersion, ObjectStore, VersionEntry } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { siteFactIds, type SiteFactId } from '../../shared/model/site-facts.ts'
import { withCanary } from '../../electron/engine/site/canary.ts'
import { plainVersion } from '../support/new-version.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { sandboxForTest, sandboxKeys, type SandboxOptions } from '../support/sandbox.ts'
import { clientOf } from '../support/world.ts'
import { siteAt } from './site-world.ts'

const { signal } = new AbortController()
const ports = { clock: systemClock, random: Math.random }
const plain = { versioning: true, objectLock: false }

async function openBucket(options: SandboxOptions = {}, wanted = plain) {
  const site = await sandboxForTest(options)
  const { credentials: _keys, ...where } = siteAt('s', site.endpoint)
  const store = createStore({ site: where, keys: sandboxKeys, sockets: 4 })
  onTestFinished(() => store.close())
  await createBucketAs(store, 'photos', wanted)
  return { site, store }
}

const probe = (store: ObjectStore): Promise<FoundProfile> => probeProfile(store, 'photos', ports, signal)

/** Its answers alone; `?` where it is unknown. */
const answersOf = ({ facts }: FoundProfile): Record<string, string> =>
  Object.fromEntries(siteFactIds.map((id) => [id, facts[id]?.value ?? '?']))

const left = async (store: ObjectStore): Promise<readonly string[]> =>
  (await store.listVersions({ bucket: 'photos', prefix: '' })).entries.map(({ key }) => key)

const asS3 = {
  versioning: 'on',
  'version-ids': 'mints',
  'version-order': 'by-arrival',
  'listing-pages': 'in-order',
  'listing-markers': 'in-order',
  'nested-keys': 'kept',
  'double-slash': 'kept',
  'trailing-space': 'kept',
  'unicode-forms': 'kept',
  tags: 'any',
  'empty-metadata': 'kept',
  checksums: 'kept',
  'conditional-writes': 'honoured',
  'part-sizes': 'told',
  'object-lock': 'off',
  events: '?',
} as const satisfies Readonly<Record<SiteFactId, string>>

test('a site that does as S3 does is known for it, and nothing stays behind', async () => {
  const { store } = await openBucket()
  const found = await probe(store)
  expect(answersOf(found)).toEqual(asS3)
  expect([await left(store), found.left]).toEqual([[], null])
})

test('a site that keeps version ids and times, and refuses letters in tags, is known for it', async () => {
  const { store } = await openBucket({ identity: 'adopts-minio', tagText: 'ascii' })
  expect(answersOf(await probe(store))).toEqual({
    ...asS3,
    'version-ids': 'adopts-minio',
    'version-order': 'by-time',
    tags: 'narrow',
  })
})

test('without versioning what concerns versions is unknown, and all else is found out; suspended is told apart', async () => {
  const { site, store } = await openBucket({}, { versioning: false, objectLock: false })
  const without = { ...asS3, 'version-ids': '?', 'version-order': '?', 'listing-markers': '?' }
  expect(answersOf(await probe(store))).toEqual({ ...without, versioning: 'off' })
  const suspend = { Bucket: 'photos', VersioningConfiguration: { Status: 'Suspended' } } as const
  await clientOf(site).send(new PutBucketVersioningCommand(suspend))
  expect(answersOf(await probe(store))).toEqual({ ...without, versioning: 'suspended' })
  expect(await left(store)).toEqual([])
})

type Put = ObjectStore['put']
const changing =
  (store: ObjectStore, change: (version: NewVersion) => NewVersion): Put =>
  (version, body, options) =>
    store.put(change(version), body, options)
const refusing =
  (store: ObjectStore, is: (version: NewVersion) => boolean): Put =>
  (version, body, options) =>
    is(version)
      ? Promise.reject(new FaultError(fault('REQUEST_REFUSED', 'answered 400 InvalidArgument')))
      : store.put(version, body, options)
const withEntries =
  (store: ObjectStore, change: (entries: readonly VersionEntry[]) => readonly VersionEntry[]) =>
  async (...[request, options]: Parameters<ObjectStore['listVersions']>) => {
    const page = await store.listVersions(request, options)
    return request.limit === 1 ? { ...page, entries: change(page.entries) } : page
  }

/** As MinIO: a key is not listed as long as there is another one above it. */
const hidingNested =
  (store: ObjectStore): ObjectStore['listVersions'] =>
  async (request, options) => {
    const page = await store.listVersions({ ...request, limit: 1000, from: undefined }, options)
    const hides = ({ key }: VersionEntry): boolean =>
      page.entries.some((other) => key.startsWith(`${other.key}/`) && !other.deleteMarker)
    const entries = page.entries.filter((entry) => !hides(entry))
    const from = request.from?.versionIdMarker
    const first = from === undefined ? 0 : entries.findIndex(({ versionId }) => versionId === from) + 1
    const { limit = 1000 } = request
    const last = entries[first + limit - 1]
    const next =
      last === undefined || first + limit >= entries.length
        ? null
        : { keyMarker: last.key, versionIdMarker: last.versionId }
    return { entries: entries.slice(first, first + limit), next, folders: [] }
  }

/** What a site of the field does otherwise than S3, and the facts that show it. */
const oddities: readonly (readonly [
  name: string,
  Record<string, string>,
  (store: ObjectStore) => Partial<ObjectStore>,
])[] = [
  [
    'makes one slash of two',
    { 'double-slash': 'changed' },
    (store) => ({ put: changing(store, (one) => ({ ...one, key: one.key.replace('//', '/') })) }),
  ],
  [
    'cuts spaces off',
    { 'trailing-space': 'changed' },
    (store) => ({ put: changing(store, (one) => ({ ...one, key: one.key.trimEnd() })) }),
  ],
  [
    'writes accents in one way',
    { 'unicode-forms': 'changed' },
    (store) => ({ put: changing(store, (one) => ({ ...one, key: one.key.normalize('NFC') })) }),
  ],
  [
    'keeps nothing below a key',
    { 'nested-keys': 'refused' },
    (store) => ({ put: refusing(store, ({ key }) => key.endsWith('-c/1')) }),
  ],
  [
    'refuses two slashes',
    { 'double-slash': 'refused' },
    (store) => ({ put: refusing(store, ({ key }) => key.includes('//')) }),
  ],
  [
    'knows no tags',
    { tags: 'none' },
    (store) => ({ put: refusing(store, ({ tags }) => Object.keys(tags).length > 0) }),
  ],
  [
    'changes tags',
    { tags: 'changed' },
    (store) => ({
      put: changing(store, (one) => ({
        ...one,
        tags: Object.fromEntries(Object.entries(one.tags).map(([name, value]) => [name, value.replaceAll('é', 'e')])),
      })),
    }),
  ],
  [
    'drops metadata without a value',
    { 'empty-metadata': 'dropped' },
    (store) => ({ put: changing(store, (one) => ({ ...one, metadata: {} })) }),
  ],
  [
    'forgets checksums',
    { checksums: 'dropped' },
    (store) => ({ put: changing(store, (one) => ({ ...one, checksum: undefined })) }),
  ],
  [
    'writes over what is there',
    { 'conditional-writes': 'ignored' },
    (store) => ({
      put: (version, body, options = {}) => store.put(version, body, { ...options, ifAbsent: undefined }),
    }),
  ],
  [
    'does not tell its parts',
    { 'part-sizes': 'not-told' },
    (store) => ({
      head: async (ref, options) => {
        const head = await store.head(ref, options)
        return head && { ...head, partsCount: null }
      },
    }),
  ],
  [
    'lists folders before keys',
    { 'listing-pages': 'unordered' },
    (store) => {
      const turned: Readonly<Record<string, string>> = { '-c-1': '-c/1', '-c/1': '-c-1' }
      const swap = (entry: VersionEntry): VersionEntry => ({
        ...entry,
        key: entry.key.replace(/-c[-/]1$/, (name) => turned[name] ?? name),
      })
      return { listVersions: withEntries(store, (entries) => entries.map(swap)) }
    },
  ],
  [
    'leaves a key out where a page ends',
    { 'listing-pages': 'incomplete' },
    (store) => ({ listVersions: withEntries(store, (all) => all.filter(({ key }) => !key.endsWith('-c/1'))) }),
  ],
  [
    'leaves delete markers out where a page ends',
    { 'listing-markers': 'incomplete' },
    (store) => ({ listVersions: withEntries(store, (all) => all.filter((one) => !one.deleteMarker)) }),
  ],
  [
    'gives the first page for ever',
    { 'listing-pages': 'stuck', 'listing-markers': 'stuck' },
    (store) => ({
      listVersions: ({ from: _from, ...request }, options) => store.listVersions(request, options),
    }),
  ],
  [
    'keeps a key below another and lists it nowhere',
    { 'nested-keys': 'unlisted' },
    (store) => ({ listVersions: hidingNested(store) }),
  ],
  ['lists markers apart', { 'listing-markers': 'apart' }, () => ({ listingForm: () => 'apart' })],
]

test.each(oddities)(
  'a site that %s is known for that, and for nothing else; nothing stays behind',
  async (_, shown, odd) => {
    const { store } = await openBucket()
    const found = await probe({ ...store, ...odd(store) })
    expect(answersOf(found)).toEqual({ ...asS3, ...shown })
    expect(await left(store)).toEqual([])
  },
)

test('a right that is missing makes a fact unknown, never a no, and says which right it is', async () => {
  const { site, store } = await openBucket()
  site.faults.add({ on: ['GetObjectTagging', 'CreateMultipartUpload'], do: { kind: 'deny' } })
  const found = await probe(store)
  expect(answersOf(found)).toEqual({ ...asS3, tags: '?', 'part-sizes': '?' })
  expect(found.facts.tags?.why).toContain('s3:GetObjectTagging')
  expect(await left(store)).toEqual([])
})

test.each(['PutObject', 'DeleteObject', 'ListObjectVersions', 'GetObjectLockConfiguration'] as const)(
  'without the right to %s at most one object is written, and the reason stands at every fact that was to be tried',
  async (operation) => {
    const { site, store } = await openBucket()
    const denied = site.faults.add({ on: operation, do: { kind: 'deny' } })
    const found = await probe(store)
    denied.remove()
    const known = operation === 'GetObjectLockConfiguration' ? ['versioning'] : ['versioning', 'object-lock']
    expect(Object.entries(answersOf(found)).flatMap(([id, value]) => (value === '?' ? [] : [id]))).toEqual(known)
    expect(found.facts.tags?.why).toMatch(/s3:\w+/)
    expect((await left(store)).length).toBe(operation === 'DeleteObject' ? 1 : 0)
    expect(found.left === null).toBe(operation !== 'DeleteObject')
  },
)

test('a fault half way is thrown, and all canaries are removed', async () => {
  const { site, store } = await openBucket()
  const puts = site.requests
  site.faults.add({ on: 'PutObject', after: 12, times: 1, do: { kind: 'reset' } })
  await expect(probe(store)).rejects.toMatchObject({ fault: { code: 'CONNECTION_LOST' } })
  expect(puts.count({ operation: 'PutObject' })).toBeGreaterThan(12)
  expect(await left(store)).toEqual([])
})

test('what a killed engine left below another key, where a site lists only that other, is removed with it', async () => {
  const { store } = await openBucket()
  const key = `${canaryPrefix}11111111-2222-4333-8444-555555555555`
  const body = { sizeBytes: 1, body: Buffer.from('x') }
  for (const name of ['-c', '-c/1']) await store.put(plainVersion('photos', `${key}${name}`), body)
  const notes = new Set([key])
  const ofBucket = {
    keys: () => Promise.resolve([...notes]),
    planned: () => Promise.resolve(),
    gone: (one: string) => Promise.resolve(void notes.delete(one)),
  }
  const minio = { ...store, listVersions: hidingNested(store) }
  await withCanary(minio, 'photos', { ...ports, notes: ofBucket }, signal, () => Promise.resolve())
  expect([await left(store), notes.size]).toEqual([[], 0])
})

test('canaries carry no retention in a bucket with object lock', async () => {
  const { site, store } = await openBucket({}, { versioning: true, objectLock: true })
  const found = await probe(store)
  expect(answersOf(found)).toEqual({ ...asS3, 'object-lock': 'on' })
  expect(await left(store)).toEqual([])
  const deletes = site.requests.list({ operation: 'DeleteObject' })
  expect(deletes.filter(({ status }) => (status ?? 500) >= 300)).toEqual([])
})

test('whatever a probe writes is known as its own by its name, and nothing else is', async () => {
  const { site, store } = await openBucket()
  await probe(store)
  const written = keysWritten(site)
  expect(written.length).toBeGreaterThan(8)
  expect(written.filter((key) => !isCanary(key))).toEqual([])
  for (const key of written) {
    expect(isCanary(`${key}x`)).toBe(false)
    expect(isCanary(key.replace(canaryPrefix, `${canaryPrefix}x`))).toBe(false)
  }
})

const keysWritten = (site: SandboxSite): readonly string[] => [
  ...new Set(site.requests.list({ operation: 'PutObject' }).map(({ key }) => key)),
]

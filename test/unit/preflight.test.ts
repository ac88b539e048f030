import { afterEach, expect, test } from 'vitest'
import { checkIds, type CheckId, type CheckRun, type CheckStep } from '../../shared/model/check.ts'
import { systemClock } from '../../electron/engine/base/clock.ts'
import { createBucketAs } from '../../electron/engine/site/buckets.ts'
import { systemNetwork, type Network } from '../../electron/engine/site/network.ts'
import { createPreflight, type Preflight } from '../../electron/engine/site/preflight.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { eventually } from '../support/eventually.ts'
import { openSiteWorld, siteAt, type SiteWorld } from './site-world.ts'
import { plainVersion } from '../support/new-version.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

interface Pair extends SiteWorld {
  readonly preflight: Preflight
  readonly source: SandboxSite
  readonly target: SandboxSite
  /** Every state that was announced, in order. */
  readonly told: CheckRun[]
}

const input = { source: { site: 'a', bucket: 'photos' }, target: { site: 'b', bucket: 'photos' }, prefix: '' }
const versioned = { versioning: true, objectLock: false }

/** Two sites; the bucket is at the source, with three versions. */
async function openPair(network: Network = systemNetwork, wanted = versioned): Promise<Pair> {
  const world = await openSiteWorld(systemClock)
  ended.push(() => world.end())
  const [source, target] = [await world.sandbox('a', 'adopts-minio'), await world.sandbox('b')]
  await world.sites.create(siteAt('a', source.endpoint))
  await world.sites.create(siteAt('b', target.endpoint))
  const store = world.sites.store('a')
  await createBucketAs(store, 'photos', wanted)
  for (const key of ['x', 'y', 'y']) {
    await store.put(plainVersion('photos', key), { sizeBytes: 1_024, body: Buffer.alloc(1_024) })
  }
  const told: CheckRun[] = []
  const { sites, random } = world
  const onChange = (run: CheckRun): void => void told.push(run)
  const preflight = createPreflight({ sites, network, clock: systemClock, random, onChange })
  ended.push(() => preflight.stop())
  return { ...world, preflight, source, target, told }
}

const over = (pair: Pair, runId: string): Promise<CheckRun> =>
  eventually(() => {
    const run = pair.preflight.get(runId)
    expect(run.state).not.toBe('running')
    return run
  })

const check = (pair: Pair, of: typeof input = input): Promise<CheckRun> => over(pair, pair.preflight.start(of).id)
const stepOf = (run: CheckRun, id: CheckId): CheckStep => run.steps.find((step) => step.id === id)!
const inState = (run: CheckRun, state: CheckStep['state']): readonly CheckId[] =>
  run.steps.filter((step) => step.state === state).map(({ id }) => id)

test('two good sites pass, in the promised order, with the size of the first copy', async () => {
  const pair = await openPair()
  await createBucketAs(pair.sites.store('b'), 'photos', versioned)
  const run = await check(pair)
  expect(run).toMatchObject({ state: 'passed', estimate: { objects: 3, bytes: 3_072, complete: true } })
  expect(run.steps.map(({ id }) => id)).toEqual(checkIds)
  expect(inState(run, 'ok').length).toBe(checkIds.length - 2)
  expect(inState(run, 'skipped')).toEqual(['source-tls', 'target-tls'])
  expect(stepOf(run, 'first-copy').found).toBe('3 versions, 3.0 KiB.')
  expect(stepOf(run, 'identity').found).toContain('mints its own version ids')
  const begun = pair.told.flatMap(({ steps }) => steps.filter(({ state }) => state === 'running').map(({ id }) => id))
  expect([...new Set(begun)]).toEqual(checkIds)
  const { entries } = await pair.sites.store('b').listVersions({ bucket: 'photos', prefix: '' })
  expect(entries).toEqual([])
})

test('a missing target bucket is created like the source, and the checks go on from there', async () => {
  const pair = await openPair(systemNetwork, { versioning: true, objectLock: true })
  const run = await check(pair)
  expect(run.state).toBe('failed')
  expect(inState(run, 'failed')).toEqual(['target-bucket'])
  expect(stepOf(run, 'target-bucket')).toMatchObject({
    fault: { code: 'BUCKET_MISSING', site: 'b' },
    repair: 'Create bucket photos at Site B with versioning and object lock, like the source',
  })
  expect(stepOf(run, 'identity').found).toBe('Not tried: “Bucket at the target” must be mended first.')
  expect(stepOf(run, 'first-copy').state).toBe('ok')
  await pair.preflight.repair(run.id, 'target-bucket')
  expect((await over(pair, run.id)).state).toBe('passed')
  expect(await pair.sites.store('b').bucket('photos')).toMatchObject({ versioning: 'Enabled', objectLock: true })
})

test('versioning that is off is named with its bucket and site, and switched on when asked', async () => {
  const pair = await openPair()
  await createBucketAs(pair.sites.store('b'), 'photos', { versioning: false, objectLock: false })
  const run = await check(pair)
  expect(stepOf(run, 'target-versioning')).toMatchObject({
    state: 'failed',
    repair: 'Enable versioning on bucket photos at Site B',
  })
  await expect(pair.preflight.repair(run.id, 'source-dns')).rejects.toMatchObject({ fault: { code: 'CONFLICT' } })
  await pair.preflight.repair(run.id, 'target-versioning')
  expect((await over(pair, run.id)).state).toBe('passed')
})

test('a repair that fails says why, and can be tried again', async () => {
  const pair = await openPair()
  const run = await check(pair)
  const broken = pair.target.faults.add({ on: 'CreateBucket', do: { kind: 'deny' } })
  await pair.preflight.repair(run.id, 'target-bucket')
  const still = await over(pair, run.id)
  expect(stepOf(still, 'target-bucket')).toMatchObject({ state: 'failed', fault: { code: 'ACCESS_DENIED' } })
  expect(stepOf(still, 'target-bucket').repair).toContain('Create bucket photos')
  broken.remove()
  await pair.preflight.repair(run.id, 'target-bucket')
  expect((await over(pair, run.id)).state).toBe('passed')
})

test('a missing right is named in the words of policies', async () => {
  const pair = await openPair()
  await createBucketAs(pair.sites.store('b'), 'photos', versioned)
  pair.target.faults.add({ on: 'PutObjectTagging', do: { kind: 'deny' } })
  pair.source.faults.add({ on: 'GetObject', do: { kind: 'deny' } })
  const run = await check(pair)
  expect(stepOf(run, 'target-rights')).toMatchObject({
    state: 'failed',
    found: 'The key lacks s3:PutObjectVersionTagging on photos at Site B.',
    fault: { code: 'ACCESS_DENIED', site: 'b' },
  })
  expect(stepOf(run, 'source-rights').found).toBe('The key lacks s3:GetObjectVersion on photos at Site A.')
  expect(inState(run, 'skipped')).toEqual(['source-tls', 'target-tls', 'identity', 'same-site', 'first-copy'])
})

test('the right to delete versions is missed when the canary cannot be removed', async () => {
  const pair = await openPair()
  await createBucketAs(pair.sites.store('b'), 'photos', versioned)
  pair.target.faults.add({ on: 'DeleteObject', do: { kind: 'deny' } })
  const { found } = stepOf(await check(pair), 'target-rights')
  expect(found).toBe('The key lacks s3:DeleteObject and s3:DeleteObjectVersion on photos at Site B.')
})

test('two endpoints of one bucket are found out, by name and by canary', async () => {
  const pair = await openPair()
  const byName = await check(pair, { ...input, target: input.source })
  expect(stepOf(byName, 'same-site')).toMatchObject({ state: 'failed', fault: { code: 'CONFLICT' } })
  await pair.sites.update(siteAt('b', pair.source.endpoint.replace('127.0.0.1', 'localhost')))
  const byCanary = await check(pair)
  expect(stepOf(byCanary, 'same-site')).toMatchObject({ state: 'failed', fault: { code: 'CONFLICT' } })
  const otherBucket = { ...input, target: { site: 'a', bucket: 'copies' } }
  await createBucketAs(pair.sites.store('a'), 'copies', versioned)
  expect(stepOf(await check(pair, otherBucket), 'same-site').state).toBe('ok')
})

test('what is at the target already is told, and is no obstacle', async () => {
  const pair = await openPair()
  const store = pair.sites.store('b')
  await createBucketAs(store, 'photos', versioned)
  await store.put(plainVersion('photos', 'old'), { sizeBytes: 2, body: Buffer.from('hi') })
  await store.writeDeleteMarker({ bucket: 'photos', key: 'old' }, null)
  const run = await check(pair)
  expect(run.state).toBe('passed')
  expect(stepOf(run, 'target-content')).toMatchObject({ state: 'warning' })
  expect(stepOf(run, 'target-content').found).toContain('holds 1 version (2 bytes) and 1 delete marker already.')
})

test('a site that is down fails its connection only, and the other side is checked all the same', async () => {
  const pair = await openPair()
  await pair.target.faults.goOffline()
  const run = await check(pair)
  expect(inState(run, 'failed')).toEqual(['target-tcp'])
  expect(stepOf(run, 'target-tcp').fault?.code).toBe('CONNECT_REFUSED')
  expect(stepOf(run, 'source-versioning').state).toBe('ok')
  expect(stepOf(run, 'target-rights').found).toBe('Not tried: “Connection to the target” must be mended first.')
})

test('a clock that is off is a warning, and a failure once signatures are refused for it', async () => {
  const pair = await openPair()
  await createBucketAs(pair.sites.store('b'), 'photos', versioned)
  pair.target.faults.skewClock(-30_000)
  const off = await check(pair)
  expect(off.state).toBe('passed')
  expect(stepOf(off, 'target-clock')).toMatchObject({ state: 'warning' })
  expect(stepOf(off, 'target-clock').found).toMatch(/^This machine’s clock is (?:29|30|31) s ahead of the site’s/)
  pair.target.faults.skewClock(3_600_000)
  const far = await check(pair)
  expect(stepOf(far, 'target-clock').fault?.code).toBe('CLOCK_SKEW')
  expect(stepOf(far, 'target-sign-in').state).toBe('skipped')
})

test('cancelled checks stop, and leave no canary', async () => {
  const pair = await openPair()
  const store = pair.sites.store('b')
  await createBucketAs(store, 'photos', versioned)
  pair.target.faults.add({ on: 'GetObjectTagging', do: { kind: 'latency', delayMs: 10_000 } })
  const { id } = pair.preflight.start(input)
  await eventually(() => expect(pair.target.requests.count({ operation: 'GetObjectTagging' })).toBe(1))
  expect(pair.preflight.cancel(id).state).toBe('cancelled')
  await pair.preflight.stop()
  expect(inState(pair.preflight.get(id), 'running')).toEqual([])
  expect((await store.listVersions({ bucket: 'photos', prefix: '' })).entries).toEqual([])
})

const dayMs = 86_400_000

test('a certificate is judged by trust and by the days it has left', async () => {
  const trusted = { subject: 's3.example', issuer: 'Example CA', validUntil: Date.now() + 90.5 * dayMs, distrust: null }
  const found = async (certificate: typeof trusted | { distrust: string }, skipVerify = false): Promise<CheckStep> => {
    const network: Network = {
      ...systemNetwork,
      resolve: () => Promise.resolve(['192.0.2.7']),
      connect: () => Promise.resolve(),
      certificate: () => Promise.resolve({ ...trusted, ...certificate }),
    }
    const pair = await openPair(network)
    await pair.sites.update({ ...siteAt('b', 'https://s3.example'), tls: { insecureSkipVerify: skipVerify } })
    const { id } = pair.preflight.start(input)
    return eventually(() => {
      const step = stepOf(pair.preflight.get(id), 'target-tls')
      expect(step.found).not.toBe(null)
      pair.preflight.cancel(id)
      return step
    })
  }
  expect((await found(trusted)).found).toBe('Certificate for s3.example from Example CA, valid for 90 more days.')
  expect((await found({ ...trusted, validUntil: Date.now() + 3.5 * dayMs })).state).toBe('warning')
  expect(await found({ distrust: 'SELF_SIGNED_CERT_IN_CHAIN' })).toMatchObject({
    state: 'failed',
    fault: { code: 'TLS_FAILED' },
  })
  expect((await found({ distrust: 'SELF_SIGNED_CERT_IN_CHAIN' }, true)).state).toBe('warning')
})

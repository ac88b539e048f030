import { PutObjectCommand } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SiteAccess } from '../support/s3-site.ts'
import { hostileSource, type HostileSource, type Lies, type Refusal } from '../support/hostile-source.ts'
import { workerBetween, storeFor, type Worker } from '../support/replicate-world.ts'
import { versionsOf } from '../support/s3-acts.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { clientOf, createBucket } from '../support/world.ts'

interface Sides {
  readonly source: HostileSource
  readonly target: SiteAccess
  readonly worker: Worker
}

async function sides(): Promise<Sides> {
  const source = await hostileSource()
  const target = await sandboxForTest({ identity: 'mints' })
  await createBucket(clientOf(target), 'data')
  return { source, target, worker: workerBetween(source, target) }
}

/** Brings every version of the source to the target, and remembers the pairs. */
async function bringAll({ source, worker }: Sides): Promise<void> {
  for (const { key, versionId, body } of source.versions().toReversed()) {
    const operation = body === null ? 'deleteMarker' : 'put'
    expect(await worker.run({ key, versionId, operation })).toMatchObject({ kind: 'settled' })
  }
}

/** Versions that the source has, and whose replica is not at the target any more. */
async function lost({ source, target, worker }: Sides): Promise<readonly string[]> {
  const missing: string[] = []
  for (const [key, pairs] of worker.pairs) {
    const there = new Set((await versionsOf({ site: target, bucket: 'data' }, key)).map(({ versionId }) => versionId))
    for (const { sourceVersionId, targetVersionId } of pairs)
      if (source.has(key, sourceVersionId) && !there.has(targetVersionId)) missing.push(`${key} ${sourceVersionId}`)
  }
  return missing
}

const markersAt = async (target: SiteAccess, key: string): Promise<number> =>
  (await versionsOf({ site: target, bucket: 'data' }, key)).filter(({ kind }) => kind === 'marker').length

const purge = (versionId: string, key = 'a') => ({ key, versionId, operation: 'deleteVersion' }) as const

const keys = ['a', 'a-1', 'a.b', 'a/b', 'ab']
const refusal = fc.constantFrom<Refusal>('version', 'key', 'bucket', 'bare', 'page', 'denied', 'broken')
const orders = {
  right: undefined,
  backwards: <T>(entries: readonly T[]) => entries.toReversed(),
  turned: <T>(entries: readonly T[]) => [...entries.slice(1), ...entries.slice(0, 1)],
}

const lies = fc
  .record({
    hidden: fc.constantFrom('nothing', 'one key', 'odd versions', 'everything'),
    order: fc.constantFrom<keyof typeof orders>('right', 'backwards', 'turned'),
    strangersFirst: fc.nat({ max: 2 }),
    emptyFirst: fc.nat({ max: 2 }),
    repeats: fc.boolean(),
    pageSize: fc.integer({ min: 1, max: 5 }),
    absent: refusal,
    bucketGone: fc.boolean(),
  })
  .map(({ hidden, order, ...rest }): Lies => ({ ...rest, order: orders[order], hides: hides[hidden] }))

const hides: Readonly<Record<string, Lies['hides']>> = {
  'one key': (key) => key === 'a',
  'odd versions': (_, versionId) => /[13579]$/.test(versionId),
  everything: () => true,
}

const history = fc.array(
  fc.record({
    key: fc.constantFrom(...keys),
    body: fc.option(fc.constantFrom('x', 'y', 'zz'), { nil: null, freq: 4 }),
  }),
  { minLength: 1, maxLength: 8 },
)

test('a delete that found nothing at a source with versions hides nothing that others wrote at the target', async () => {
  const [source, target] = [await sandboxForTest({ identity: 'mints' }), await sandboxForTest({ identity: 'mints' })]
  for (const site of [source, target]) await createBucket(clientOf(site), 'data')
  await clientOf(target).send(new PutObjectCommand({ Bucket: 'data', Key: 'a', Body: 'theirs' }))
  // As MinIO answers: deleted, and no marker was made.
  await workerBetween(source, target).run({ key: 'a', versionId: null, operation: 'deleteMarker' })
  expect(await markersAt(target, 'a')).toBe(0)
})

describe('whatever a source’s listings show and however it refuses', () => {
  test(
    'no version that it still has is deleted at the target, and nothing gets a delete marker for it',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          history,
          fc.array(fc.tuple(lies, fc.nat(), fc.boolean()), { maxLength: 6 }),
          async (events, acts) => {
            const world = await sides()
            for (const { key, body } of events) world.source.add(key, body)
            await bringAll(world)
            const all = world.source.versions()
            for (const [lie, pick, deleted] of acts) {
              const { key, versionId } = all[pick % all.length]!
              if (deleted) world.source.remove(key, versionId)
              const has = world.source.versions().some((version) => version.key === key)
              const markers = await markersAt(world.target, key)
              world.source.lies = lie
              await world.worker.run(purge(versionId, key))
              await world.worker.run({ key, versionId: null, operation: 'deleteMarker' })
              if (has) expect(await markersAt(world.target, key)).toBeLessThanOrEqual(markers)
              expect(await lost(world)).toEqual([])
            }
          },
        ),
        { numRuns: 60, seed: 8 },
      )
    },
  )

  test('what is truly gone is deleted at the target once the source says so', async () => {
    const world = await sides()
    const first = world.source.add('a', 'one')
    world.source.add('a', 'two')
    for (let n = 0; n < 60; n++) world.source.add(`a${n}`, 'a longer key')
    await bringAll(world)
    world.source.remove('a', first)
    for (const lie of [{ strangersFirst: 1 }, { pageSize: 3 }, { absent: 'key' }] as const) {
      world.source.lies = lie
      expect(await world.worker.run(purge(first))).toMatchObject({ kind: 'settled' })
      expect(await versionsOf({ site: world.target, bucket: 'data' }, 'a')).toHaveLength(1)
    }
  })
})

describe('a version deleted at the source stays at the target', () => {
  test.each([
    ['a 404 without a word', 'bare', 'ABSENCE_UNPROVEN'],
    ['a proxy’s page', 'page', 'ABSENCE_UNPROVEN'],
    ['that there is no such bucket', 'bucket', 'BUCKET_MISSING'],
    ['that it may not be read', 'denied', 'ACCESS_DENIED'],
    ['an error of its own', 'broken', 'SERVER_ERROR'],
  ] as const)('while the source answers %s', async (_, absent, code) => {
    const world = await sides()
    const first = world.source.add('a', 'one')
    world.source.add('a', 'two')
    await bringAll(world)
    world.source.remove('a', first)
    world.source.lies = { absent }
    expect(await world.worker.run(purge(first))).toMatchObject({ kind: 'fault', fault: { code } })
    expect(await versionsOf({ site: world.target, bucket: 'data' }, 'a')).toHaveLength(2)
  })
})

test('a source that gives a version and does not list it is told, tried again, and holds nothing back for ever', async () => {
  const world = await sides()
  const first = world.source.add('a', 'one')
  await bringAll(world)
  world.source.lies = { hides: () => true }
  const faultOf = async (attempt: number) => world.worker.run({ ...purge(first), attempt })
  expect(await faultOf(1)).toMatchObject({ fault: { code: 'ABSENCE_UNPROVEN', retry: 'backoff', site: 's' } })
  expect(await faultOf(3)).toMatchObject({ fault: { code: 'ABSENCE_UNPROVEN', retry: 'never' } })
})

test.each([{ hides: () => true }, { strangersFirst: 2 }])(
  'a new version that a listing leaves out is not taken for one that went away',
  async (lie) => {
    const world = await sides()
    const first = world.source.add('a', 'one')
    world.source.lies = lie
    const put = { key: 'a', versionId: first, operation: 'put' } as const
    expect(await world.worker.run(put)).toMatchObject({ kind: 'settled', did: 'copied' })
  },
)

describe('a store tells whether a version is there', () => {
  test.each([
    ['one that is', {}, 'v1', 'present'],
    ['an empty one that is', {}, 'v2', 'present'],
    ['a delete marker that is', {}, 'v3', 'present'],
    ['one whose id is unknown', {}, 'v9', 'absent'],
    ['one of a key that is unknown', { absent: 'key' }, 'v9', 'absent'],
  ] as const)('%s', async (_, told, versionId, expected) => {
    const source = await hostileSource()
    source.add('a', 'one', 'v1')
    source.add('a', '', 'v2')
    source.add('a', null, 'v3')
    source.lies = told
    expect(await storeFor('s', source).presence({ bucket: 'data', key: 'a', versionId })).toBe(expected)
  })
})

test('a version that its source gives, and does not list yet, is copied at once, on top of those that are listed', async () => {
  const { source, target, worker } = await sides()
  const first = source.add('a', 'older')
  await worker.run({ key: 'a', versionId: first, operation: 'put' })
  const second = source.add('a', 'newest')
  source.lies = { hides: (_, versionId) => versionId === second }
  const put = { key: 'a', versionId: second, operation: 'put' } as const
  expect(await worker.run(put)).toMatchObject({ kind: 'settled', did: 'copied' })
  expect(await worker.run(put)).toMatchObject({ kind: 'settled', did: 'already-there' })
  const sizes = (await versionsOf({ site: target, bucket: 'data' }, 'a')).map(({ sizeBytes }) => sizeBytes)
  expect(sizes).toEqual([6, 5])
})

describe('a source that leaves a key out of a listing of more than one page', () => {
  /** In step with a key that ends in a marker, among others that begin with its name. */
  async function marked(others: readonly string[]): Promise<{ readonly world: Sides; readonly marker: string }> {
    const world = await sides()
    for (const other of others) world.source.add(other, 'x')
    world.source.add(others[0]!, null)
    world.source.add('a', 'content')
    const marker = world.source.add('a', null)
    await bringAll(world)
    return { world, marker }
  }

  test('deletes nothing by it, though it answers that its markers are not there', { timeout: 60_000 }, async () => {
    const { world, marker } = await marked(['a-1', 'a-2', 'a-3'])
    // As SeaweedFS does: it gives 404 for a marker that is there.
    world.source.lies = { form: { leavesOutAmongOthers: 'a' }, pageSize: 2, present: 'version' }
    expect(await world.worker.run(purge(marker))).toMatchObject({ kind: 'fault', fault: { code: 'ABSENCE_UNPROVEN' } })
    expect(await lost(world)).toEqual([])
  })

  test('deletes nothing by it where ListObjectsV2 shows more', { timeout: 60_000 }, async () => {
    const { world, marker } = await marked(['a-0', 'a-1', 'a-2', 'a-3', 'a/1', 'a/2'])
    world.source.lies = { form: { byFolder: true, leavesOutAmongOthers: 'a' }, pageSize: 3, present: 'version' }
    expect(await world.worker.run(purge(marker))).toMatchObject({ kind: 'fault', fault: { code: 'ABSENCE_UNPROVEN' } })
    expect(await lost(world)).toEqual([])
  })

  test(
    'a marker that is gone for good goes at the target too, where the site tells the truth of another',
    { timeout: 60_000 },
    async () => {
      const { world, marker } = await marked(['a-1', 'a-2', 'a-3'])
      world.source.remove('a', marker)
      world.source.lies = { form: {}, pageSize: 2 }
      expect(await world.worker.run(purge(marker))).toMatchObject({ kind: 'settled', did: 'purged' })
    },
  )
})

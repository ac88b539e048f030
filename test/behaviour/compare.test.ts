import { PutObjectCommand, PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { describe, expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import { compareLevels, type CompareLevel, type CompareReport } from '../../shared/model/compare.ts'
import { putTags, remove, versionsOf } from '../support/s3-acts.ts'
import { linkIdentity } from '../support/link-identity.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

async function compare(
  world: World,
  more: { readonly level?: CompareLevel; readonly prefix?: string } = {},
): Promise<CompareReport> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r', ...more }))
  const report = (): CompareReport | null => world.api().compare.report({ jobId: id })
  await expect.poll(() => report()?.endedAt ?? null, { timeout: 20_000 }).not.toBeNull()
  return report()!
}

const found = ({ differences }: CompareReport): readonly string[] =>
  differences.map(({ kind, key }) => `${kind} ${key}`).toSorted()

/** In step, then paused, so that what is planted stays. */
async function worldAtRest(options: WorldOptions, keys: readonly string[]): Promise<World> {
  const world = await startWorld({ rules: [{ versionDeletes: true }], ...options })
  for (const key of keys)
    for (const body of ['one', 'two']) await world.put(key, body, { Metadata: { a: '1' }, Tagging: 'a=1' })
  await remove(world.s3.a, keys[0]!)
  await world.settled(30_000)
  await world.api().rules.pause({ id: 'r' })
  return world
}

const target = (world: World) => ({ site: world.b, bucket: 'data' })

describe.each(['mints', 'adopts-minio'] as const)('with a target that %s', (identity) => {
  const sites = { a: { identity }, b: { identity } } as const

  test('equal sides are found equal at every level', async () => {
    const world = await worldAtRest(sites, ['gone', 'kept', 'ä ö/中'])
    for (const level of compareLevels) {
      expect(await compare(world, { level })).toMatchObject({
        verdict: 'equal',
        keys: 3,
        versions: 7,
        differences: [],
        fault: null,
      })
    }
  })

  test('a version that is missing, one too many and one in the way are found without reading a body', async () => {
    const world = await worldAtRest(sites, ['gone', 'missing', 'extra', 'covered', 'same'])
    const [latest] = await versionsOf(target(world), 'missing')
    await remove(world.s3.b, 'missing', latest!.versionId)
    await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'alien', Body: 'x' }))
    await remove(world.s3.b, 'covered')
    world.a.requests.clear()
    const report = await compare(world)
    expect(found(report)).toEqual([
      'extra-at-target alien',
      'extra-at-target covered',
      'missing-at-target missing',
      'not-latest covered',
    ])
    expect(report).toMatchObject({ verdict: 'different', differenceCount: 4, keys: 6 })
    expect(world.a.requests.count({ operation: 'GetObject' })).toBe(0)
    expect(found(await compare(world, { prefix: 'missing' }))).toEqual(['missing-at-target missing'])
  })

  test('tags and locks that differ are found by attributes, and not by listing', async () => {
    const world = await worldAtRest({ ...sites, objectLock: true }, ['gone', 'tags', 'held', 'same'])
    await putTags(world.s3.b, 'tags', { a: '2' })
    await world.s3.b.send(new PutObjectLegalHoldCommand({ Bucket: 'data', Key: 'held', LegalHold: { Status: 'ON' } }))
    expect(await compare(world)).toMatchObject({ verdict: 'equal' })
    const report = await compare(world, { level: 'attributes' })
    expect(found(report)).toEqual(['lock held', 'tags tags'])
    expect(report.differences.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining(['no lock at the source, legal hold at the target.']),
    )
  })
})

test('replicas that are not what they are taken for are found: other bytes, other metadata, another order', async () => {
  // Where a rule leads back neither order is the right one, so none is mended.
  const back = {
    id: 'back',
    enabled: false,
    source: { site: 'b', bucket: 'data' },
    targets: [{ site: 'a', bucket: 'data' }],
  }
  const world = await startWorld({ stopped: true, rules: [{}, back] })
  const ids = {
    bytes: await world.put('bytes', 'two'),
    metadata: await world.put('metadata', 'x', { Metadata: { a: '1' } }),
  }
  const [one, two] = [await world.put('order', 'one'), await world.put('order', 'two')]
  const putThere = async (Key: string, Body: string, Metadata = {}) =>
    (await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key, Body, Metadata }))).VersionId!
  const pairs = {
    bytes: [[ids.bytes, await putThere('bytes', 'TWO')]],
    metadata: [[ids.metadata, await putThere('metadata', 'x', { a: '2', b: '3' })]],
    order: [
      [two, await putThere('order', 'two')],
      [one, await putThere('order', 'one')],
    ],
  } as const
  const journal = openJournal({ dir: world.dataDir, now: Date.now })
  const end = (site: 'a' | 'b') => ({ site, bucket: 'data', endpoint: world[site].endpoint })
  await journal.records.openLink(linkIdentity('r/b/data', 'r', { source: end('a'), target: end('b') }))
  const task = { linkId: 'r/b/data', operation: 'put', sizeBytes: 1, changedAt: 0, absentSeenAt: 0 } as const
  for (const [key, known] of Object.entries(pairs)) {
    const [seq] = await journal.tasks.enqueue([{ ...task, key, versionId: null }])
    const learned = known.map(([sourceVersionId, targetVersionId]) => ({ sourceVersionId, targetVersionId }))
    await journal.tasks.settle({ seq: seq!, revision: 1, bytes: 0, learned, forgotten: [] })
  }
  await journal.close()
  await world.start()
  await world.settled()
  expect(found(await compare(world))).toEqual(['content bytes', 'not-latest order', 'order order'])
  const attributes = found(await compare(world, { level: 'attributes' }))
  expect(attributes).toEqual(expect.arrayContaining(['content bytes', 'metadata metadata', 'order order']))
})

test('a comparison whose site does not answer is unknown, and says why', async () => {
  const world = await worldAtRest({}, ['gone', 'key'])
  world.b.faults.add({ on: 'ListObjectVersions', do: { kind: 'deny' } })
  expect(await compare(world)).toMatchObject({ verdict: 'unknown', fault: { code: 'ACCESS_DENIED', site: 'b' } })
})

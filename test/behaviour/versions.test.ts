import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { failureFilter } from '../../shared/api/inputs.ts'
import type { SandboxOptions } from '../support/sandbox.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

type IdentityName = NonNullable<SandboxOptions['identity']>

const pairs: readonly { readonly from: IdentityName; readonly to: IdentityName }[] = [
  { from: 'mints', to: 'mints' },
  { from: 'adopts-minio', to: 'adopts-minio' },
  { from: 'mints', to: 'adopts-minio' },
  { from: 'adopts-minio', to: 'mints' },
]

describe.each(pairs)('from a site that $from to one that $to', ({ from, to }) => {
  const sites = { a: { identity: from }, b: { identity: to } } as const
  const sameIds = from === 'adopts-minio' && to === 'adopts-minio'

  test('every version and marker arrives in its place, those before the rule and those after', async () => {
    const world = await startWorld({ ...sites, stopped: true })
    for (const body of ['one', 'two']) await world.put('early', body)
    await remove(world.s3.a, 'early')
    await world.put('early', 'two')
    for (const key of ['marker only', 'twice gone']) await remove(world.s3.a, key)
    await remove(world.s3.a, 'twice gone')
    await world.start()
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    for (const body of ['three', 'three', 'four']) await world.put('early', body)
    await remove(world.s3.a, 'early')
    await remove(world.s3.a, 'early')
    await world.put('late', 'one')
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    expect(world.link()).toMatchObject({ backlogCount: 0, parked: 0, failing: 0 })
  })

  test('a version deleted for good is deleted at the target too, objects and markers alike', async () => {
    const world = await startWorld({ ...sites, rules: [{ versionDeletes: true }] })
    const ids = []
    for (const body of ['one', 'two', 'three', 'three']) ids.push(await world.put('key', body))
    const marker = await remove(world.s3.a, 'key')
    const only = await world.put('only', 'one version')
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    await remove(world.s3.a, 'key', ids[1])
    await remove(world.s3.a, 'key', ids[3])
    await remove(world.s3.a, 'key', marker)
    await remove(world.s3.a, 'only', only)
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    expect(await versionsOf({ site: world.b, bucket: 'data' }, 'key')).toHaveLength(2)
  })

  test('a version deleted while the engine was down is found by the scan', async () => {
    const world = await startWorld({ ...sites, rules: [{ versionDeletes: true }] })
    const ids = []
    for (const body of ['one', 'two', 'three']) ids.push(await world.put('key', body))
    const marker = await remove(world.s3.a, 'gone')
    expect(await differencesOnceSettled(world, { sameIds })).toEqual([])
    await world.stop()
    await remove(world.s3.a, 'key', ids[0])
    await remove(world.s3.a, 'key', ids[2])
    await remove(world.s3.a, 'gone', marker)
    // Replicas as young as the scan are left for the next one.
    await world.start()
    await expect.poll(() => differencesOnceSettled(world, { sameIds }), { timeout: 20_000 }).toEqual([])
  })
})

test.each(['while it runs', 'while it is down'])(
  'what others wrote at the target is not deleted with its twin at the source, and that is told: %s',
  async (when) => {
    const world = await startWorld({ rules: [{ versionDeletes: true, scanIntervalSeconds: 10 }] })
    // Something by which the source is known to be what it was.
    await world.put('other')
    await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'same' }))
    const twin = await world.put('key', 'same')
    expect(await differencesOnceSettled(world)).toEqual([])
    if (when === 'while it is down') await world.stop()
    await remove(world.s3.a, 'key', twin)
    if (when === 'while it is down') await world.start()
    const codes = async (): Promise<readonly string[]> => (await world.failures()).map(({ fault }) => fault.code)
    // What is as young as the scan is left for the next one.
    await expect.poll(codes, { timeout: 30_000 }).toEqual(['DELETE_UNPROVEN'])
    expect(world.link().state.kind).not.toBe('in-step')
    const [there] = await versionsOf({ site: world.b, bucket: 'data' }, 'key')
    await remove(world.s3.b, 'key', there!.versionId)
    // A scan may have it looked at once more just now: what a worker has, a retry leaves to it, and it may be set aside again.
    const leftAfterRetry = async (): Promise<readonly string[]> => {
      const left = await codes()
      if (left.length > 0) await world.api().failures.retry({ filter: failureFilter.parse({}) })
      return left
    }
    await expect.poll(leftAfterRetry, { timeout: 20_000 }).toEqual([])
    expect(await differencesOnceSettled(world)).toEqual([])
  },
)

test('a version deleted for good stays at the target under a rule that does not repeat version deletes', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: false }] })
  const first = await world.put('key', 'one')
  await world.put('key', 'two')
  await world.settled()
  await remove(world.s3.a, 'key', first)
  await world.settled()
  const { a, b } = await world.sides()
  expect([a.length, b.length]).toEqual([1, 2])
})

test('delete markers stay away under a rule that does not repeat them', async () => {
  const world = await startWorld({ rules: [{ deleteMarkers: false }] })
  await world.put('key', 'one')
  await remove(world.s3.a, 'key')
  await world.put('key', 'two')
  await remove(world.s3.a, 'key')
  await world.settled()
  expect((await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ kind }) => kind)).toEqual([
    'object',
    'object',
  ])
})

test('what is overwritten while it is copied arrives version by version', async () => {
  const world = await startWorld()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 60 } })
  for (let round = 0; round < 12; round++) {
    await world.put('busy', `round ${round}`)
    if (round % 4 === 3) await remove(world.s3.a, 'busy')
  }
  expect(await differencesOnceSettled(world)).toEqual([])
})

test.each(['mints', 'adopts-minio'] as const)(
  'a version that somebody else wrote at a target that %s is left alone',
  async (identity) => {
    const world = await startWorld({ a: { identity }, b: { identity }, rules: [{ versionDeletes: true }] })
    await world.put('key', 'one')
    await world.settled()
    for (const Key of ['own', 'key'])
      await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key, Body: 'of the target' }))
    await remove(world.s3.b, 'own marker')
    const scanned = () => world.api().wait.settled({ ruleId: null, timeoutMs: 20_000 })
    for (let scan = 0; scan < 3; scan++)
      expect(await scanned()).toMatchObject({ pending: 0, parked: 0, notConverging: 1 })
    expect((await world.sides()).b).toHaveLength(4)
  },
)

import { DeleteBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { versionsByKey } from '../compare/list-versions.ts'
import { makeBucket, setVersioning } from '../support/buckets.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { comeBack, goDark } from '../support/outage.ts'
import { ruleOf } from '../support/rule-of.ts'
import { remove } from '../support/s3-acts.ts'
import { untilBadge } from '../support/watch.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

/** A world in which something was copied, and whose buckets are asked for every now and then, also before they change. */
async function copiedWorld(options: WorldOptions = {}, bucketCheckMs = 300): Promise<World> {
  const world = await startWorld({ ...options, engine: { bucketCheckMs } })
  await world.put('before')
  await world.settled()
  await expect.poll(() => checked(world), { timeout: 10_000 }).toBe(true)
  return world
}

/** A round over the buckets has ended. */
const checked = (world: World): boolean => world.link().bucketsAskedAt !== null

async function dropBucket(client: S3Client, site: SandboxSite): Promise<void> {
  for await (const { key, versions } of versionsByKey({ site, bucket: 'data' }))
    for (const { versionId } of versions) await remove(client, key, versionId)
  await client.send(new DeleteBucketCommand({ Bucket: 'data' }))
}

const notes = async (world: World): Promise<readonly string[]> =>
  (await world.api().activity.list({ limit: 200, before: null, level: null, ruleId: null })).map(({ text }) => text)

const driftOf = (world: World): readonly (readonly string[])[] =>
  world.link().drift.map(({ what, at, reason, remedy }) => [what, at.site, `${reason} → ${remedy}`])

const versioningOf = (world: World, id: string): string | null | undefined =>
  world
    .api()
    .sites.list()
    .find((site) => site.id === id)?.profile?.facts.versioning.value

describe('with nothing to copy, it is noticed by the bucket check', () => {
  test('that a target keeps no versions any more: the rule stops, and goes on when it does again', async () => {
    const world = await copiedWorld()
    await setVersioning(world.s3.b, 'data', 'Suspended')
    await untilBadge(world, 'held', /Versioning is not enabled on data\. → Enable versioning/)
    for (const body of ['one', 'two']) await world.put('key', body)
    await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(2)
    expect((await world.sides()).b).toHaveLength(1)
    await setVersioning(world.s3.b, 'data', 'Enabled')
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('that a target was made anew without object lock, for a rule that repeats locks alone', async () => {
    // No scan between the two: it would fill the new bucket before the check, and rightly.
    const world = await copiedWorld({ objectLock: true, rules: [{ scanIntervalSeconds: 3600 }] })
    await dropBucket(world.s3.b, world.b)
    await makeBucket(world.s3.b, 'data')
    await untilBadge(world, 'held', /had object lock and has it no more\. → .*created/)
    // A restart changes nothing of it.
    await world.stop()
    await world.start()
    await world.put('free')
    await untilBadge(world, 'held', /object lock/)
    expect((await world.sides()).b).toEqual([])
    await world.api().rules.update({ ...ruleOf(world), objectLock: 'ignore' })
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('that a target lost its object lock while the engine was away: nothing is written there before its buckets are looked at', async () => {
    const world = await copiedWorld({ objectLock: true })
    await world.stop()
    await dropBucket(world.s3.b, world.b)
    await makeBucket(world.s3.b, 'data')
    await world.put('free')
    // Everything else of a start is quicker than the check.
    world.b.faults.add({ on: 'ListBuckets', do: { kind: 'latency', delayMs: 1500 } })
    world.b.requests.clear()
    await world.start()
    await untilBadge(world, 'held', /had object lock and has it no more/)
    expect(world.b.requests.list({ key: 'free' })).toEqual([])
  })

  test('that a bucket was made anew as it was: it is told, and filled again at once', async () => {
    const made = Date.now()
    const world = await copiedWorld({ rules: [{ scanIntervalSeconds: 3600 }] })
    // Sites tell the time of creation in whole seconds, and not in every answer alike.
    await expect.poll(() => Date.now() - made, { timeout: 10_000 }).toBeGreaterThan(4000)
    await dropBucket(world.s3.b, world.b)
    await makeBucket(world.s3.b, 'data')
    await expect.poll(async () => (await notes(world)).join('\n'), { timeout: 15_000 }).toMatch(/b\/data was made anew/)
    expect((await notes(world)).filter((text) => text.includes('was made anew'))).toHaveLength(1)
    await expect.poll(async () => (await world.sides()).b.length, { timeout: 15_000 }).toBe(1)
    // It is shown until a scan has looked at every key.
    await expect.poll(() => driftOf(world), { timeout: 15_000 }).toEqual([])
  })

  test('that a source keeps no versions any more: it is shown until it does again, told once, and copied as it comes', async () => {
    const world = await copiedWorld()
    await world.api().sites.profile({ id: 'a', bucket: 'data' })
    await setVersioning(world.s3.a, 'data', 'Suspended')
    await expect
      .poll(() => driftOf(world), { timeout: 15_000 })
      .toEqual([
        ['unversioned', 'a', expect.stringMatching(/Versioning is not enabled on a\/data .* → Enable versioning/)],
      ])
    expect(overallOf(world.api().overview.get()).sentence).toContain('1 changed bucket')
    await expect
      .poll(async () => (await notes(world)).join('\n'), { timeout: 15_000 })
      .toMatch(/Versioning is not enabled on a\/data/)
    await expect.poll(() => versioningOf(world, 'a')).toBe('suspended')
    await world.put('key')
    await world.settled()
    await setVersioning(world.s3.a, 'data', 'Enabled')
    await expect.poll(() => driftOf(world), { timeout: 15_000 }).toEqual([])
    await expect.poll(() => versioningOf(world, 'a')).toBe('on')
    const told = (await notes(world)).filter((text) =>
      /Versioning is not enabled on a\/data|is not as it was/.test(text),
    )
    expect(told).toHaveLength(1)
    expect(overallOf(world.api().overview.get())).toEqual({ tone: 'good', sentence: 'All in step' })
  })

  test.each([
    ['s3:GetBucketVersioning', ['GetBucketVersioning']],
    ['s3:GetBucketObjectLockConfiguration', ['GetObjectLockConfiguration']],
    ['s3:ListBucket', ['HeadBucket']],
    ['s3:GetObject', ['HeadObject', 'GetObject']],
  ] as const)('that the key lost %s: it is shown until it is granted again', async (right, operations) => {
    const world = await copiedWorld()
    expect(driftOf(world)).toEqual([])
    // What was to be read there before the first copy was nothing.
    const begun = Date.now()
    await expect.poll(() => world.link().bucketsAskedAt, { timeout: 15_000 }).toBeGreaterThan(begun)
    world.b.faults.add({ on: operations, do: { kind: 'deny' } })
    // Reading is asked at a slow pace, and where an operator wants to know.
    if (right === 's3:GetObject') void world.api().rules.lookAgain({ ruleId: 'r' })
    const words = expect.stringContaining(`${right} is refused there. → Grant ${right} on the bucket data`)
    await expect.poll(() => driftOf(world), { timeout: 15_000 }).toEqual([['rights-lost', 'b', words]])
    await expect.poll(async () => (await notes(world)).join('\n'), { timeout: 15_000 }).toContain(`Grant ${right}`)
    await world.stop()
    await world.start()
    await expect.poll(() => driftOf(world), { timeout: 15_000 }).toEqual([['rights-lost', 'b', words]])
    world.b.faults.clear()
    await expect.poll(() => driftOf(world), { timeout: 15_000 }).toEqual([])
    await world.put('after')
    await world.settled()
  })
})

test('what the key never could is no drift, and is named where the rule says what it asks of its buckets', async () => {
  const world = await startWorld({ stopped: true, engine: { bucketCheckMs: 300 } })
  world.a.faults.add({ on: 'GetBucketVersioning', do: { kind: 'deny' } })
  await world.start()
  await expect
    .poll(() => [driftOf(world), world.link().bucketsUntold], { timeout: 15_000 })
    .toEqual([[], ['s3:GetBucketVersioning on a/data']])
  world.a.faults.clear()
  await expect.poll(() => world.link().bucketsUntold, { timeout: 15_000 }).toEqual([])
})

test('a bucket that lost its versions during an outage gets nothing when its site is back', async () => {
  const world = await copiedWorld({}, 3_600_000)
  await setVersioning(world.s3.b, 'data', 'Suspended')
  await goDark(world, 'b')
  for (const body of ['one', 'two']) await world.put('key', body)
  await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(2)
  await comeBack(world, 'b')
  await untilBadge(world, 'held', /Versioning is not enabled/)
  expect((await world.sides()).b).toHaveLength(1)
})

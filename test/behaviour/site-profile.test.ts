import { PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { siteFactIds } from '../../shared/model/site-facts.ts'
import { eventually } from '../support/eventually.ts'
import { startWorld, type World } from '../support/world.ts'

const profileOf = (world: World, id: string) =>
  world
    .api()
    .sites.list()
    .find((site) => site.id === id)?.profile ?? null
const profile = (world: World, id: string, bucket: string | null = null) => world.api().sites.profile({ id, bucket })

const canaryPuts = ({ b }: World) =>
  b.requests.list({ operation: 'PutObject', bucket: 'data' }).filter(({ key }) => key.startsWith('.lockstep-canary/'))

test('a probe tells every fact with its time, and what it cost: as many requests as the site saw, and none in vain', async () => {
  const world = await startWorld({ buckets: ['data', 'other'] })
  await world.settled()
  const seen = () => world.b.requests.count({ bucket: 'other' })
  const before = seen()
  const { profile: found } = await profile(world, 'b', 'other')
  expect(found?.probe).toMatchObject({ bucket: 'other', requests: seen() - before, left: null })
  expect(siteFactIds.filter((id) => found?.facts[id].value === null)).toEqual([])
  expect(found?.facts.versioning).toMatchObject({ value: 'on', how: 'asked', bucket: 'other' })
  expect(found?.facts.events).toMatchObject({ value: 'listen', how: 'by-name', bucket: null })
  expect((await world.sides('other')).b).toEqual([])
})

test('canaries in a source are not replicated, listed or counted, and what a client writes meanwhile is', async () => {
  const world = await startWorld()
  await world.settled()
  await Promise.all([profile(world, 'a', 'data'), world.put('photo')])
  await world.settled()
  expect(await world.sides()).toEqual({ a: [expect.stringMatching(/^photo /)], b: [expect.stringMatching(/^photo /)] })
  const written = world.b.requests.list({ operation: 'PutObject' }).map(({ key }) => key)
  // The target's own canaries have none of these names.
  expect(written.filter((key) => /-(?:c|c-1|c\/1|slash\/\/b|space |accent-.+|once)$/.test(key))).toEqual([])
})

test('probed again, a site that became another is told of once in Activity, and the profile says what it is now', async () => {
  const world = await startWorld({ rules: [] })
  await profile(world, 'b', 'data')
  const suspend = { Bucket: 'data', VersioningConfiguration: { Status: 'Suspended' } } as const
  await world.s3.b.send(new PutBucketVersioningCommand(suspend))
  const told = async () =>
    (await world.api().activity.list({ ruleId: null, level: 'warning', before: null, limit: 100 })).filter(({ text }) =>
      text.includes('is not as it was'),
    )
  expect(await told()).toEqual([])
  await profile(world, 'b')
  await profile(world, 'b')
  expect((await told()).map(({ text }) => text)).toEqual([expect.stringContaining('Versioning: Suspended')])
  expect(profileOf(world, 'b')?.facts.versioning.value).toBe('suspended')
})

test('two who ask at the same time share one probe', async () => {
  const world = await startWorld({ rules: [] })
  await Promise.all([profile(world, 'b', 'data'), profile(world, 'b', 'data')])
  const once = canaryPuts(world).filter(({ key }) => key.endsWith('-once'))
  expect(once.map(({ status }) => status)).toEqual([200, 412])
})

test('a site that is paused, a bucket that is missing and a site that no rule writes to are refused, and nothing is kept of it', async () => {
  const world = await startWorld({ rules: [] })
  await expect(profile(world, 'b')).rejects.toMatchObject({ fault: { code: 'CONFIG_INVALID' } })
  await expect(profile(world, 'b', 'none')).rejects.toMatchObject({ fault: { code: 'BUCKET_MISSING' } })
  await world.api().sites.pause({ id: 'b' })
  await expect(profile(world, 'b', 'data')).rejects.toMatchObject({ fault: { code: 'CONFLICT' } })
  expect([profileOf(world, 'b')?.probe ?? null, canaryPuts(world)]).toEqual([null, []])
})

test('a fault half way leaves what was known as it was, and no canary', async () => {
  const world = await startWorld({ rules: [] })
  const { profile: before } = await profile(world, 'b', 'data')
  world.b.faults.add({ on: 'PutObject', after: 12, times: 1, do: { kind: 'reset' } })
  await expect(profile(world, 'b')).rejects.toMatchObject({ fault: { code: 'CONNECTION_LOST' } })
  expect(profileOf(world, 'b')).toEqual(before)
  expect((await world.sides()).b).toEqual([])
})

test.each(['first', 'second'])('at a %s start each target bucket is tried once', async (which) => {
  const world = await startWorld({ stopped: true })
  if (which === 'second') {
    await world.start()
    await world.settled()
    await world.stop()
    world.b.requests.clear()
  }
  // So that the site is seen to be online while its bucket is tried.
  world.b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 300 } })
  await world.start()
  await world.settled()
  await eventually(() =>
    expect(
      world
        .api()
        .sites.list()
        .every(({ health }) => health.state === 'online'),
    ).toBe(true),
  )
  const probes = new Set(canaryPuts(world).map(({ key }) => key.slice(0, '.lockstep-canary/'.length + 36)))
  expect(probes.size).toBe(1)
})

test('what a start finds out of version ids stands in the profile, also after another start; all else is not looked at yet', async () => {
  const world = await startWorld()
  await world.settled()
  await world.stop()
  await world.start()
  const known = profileOf(world, 'b')
  expect(known?.facts['version-ids']).toMatchObject({ value: 'mints', how: 'tried', bucket: 'data' })
  expect(known?.facts.tags).toMatchObject({ value: null, why: 'Not looked at yet.', asOf: null })
})

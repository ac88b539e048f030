import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { putTags, remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const keysAt = async (world: World): Promise<readonly string[]> => [
  ...new Set((await world.sides()).b.map((line) => line.slice(0, line.lastIndexOf(' ', line.lastIndexOf(' ') - 1)))),
]

test('only keys under the prefix and outside the excludes are copied, by scan and by event', async () => {
  const filter = { prefix: 'logs/', exclude: ['**/*.tmp', 'logs/secret/**', 'logs/?'] }
  const world = await startWorld({ stopped: true, rules: [{ filter }] })
  const keys = [
    'logs/a.log',
    'logs/deep/er/b',
    'logs/x',
    'logs/a.tmp',
    'logs/d/a.tmp',
    'logs/secret/c',
    'log',
    'other/a',
  ]
  for (const key of keys) await world.put(key)
  await world.start()
  await world.settled()
  expect(await keysAt(world)).toEqual(['logs/a.log', 'logs/deep/er/b'])
  for (const key of keys) await world.put(`${key}2`)
  await world.settled()
  expect(await keysAt(world)).toEqual([
    'logs/a.log',
    'logs/a.log2',
    'logs/a.tmp2',
    'logs/d/a.tmp2',
    'logs/deep/er/b',
    'logs/deep/er/b2',
    'logs/x2',
  ])
  world.b.requests.clear()
  await remove(world.s3.a, 'other/a')
  await world.settled()
  expect(world.b.requests.count({ operation: 'DeleteObject' })).toBe(0)
})

test('a tag filter takes the versions that carry all of its tags, and moves none of the others’ neighbours', async () => {
  const filter = { tags: { class: 'gold', site: 'b' } }
  const world = await startWorld({ rules: [{ filter, deleteMarkers: false }] })
  await world.put('key', 'one', { Tagging: 'class=gold&site=b&more=x' })
  await world.put('key', 'two', { Tagging: 'class=gold' })
  await world.put('key', 'three', { Tagging: 'site=b&class=gold' })
  await world.put('key', 'four')
  await world.put('key', 'five', { Tagging: 'site=b&class=gold' })
  await world.put('none', 'x')
  await world.settled()
  const sizes = (await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ sizeBytes }) => sizeBytes)
  expect(sizes).toEqual([4, 5, 3])
  await world.settled()
  expect(world.b.requests.count({ operation: 'PutObject', key: 'key' })).toBe(3)
  expect(await keysAt(world)).toEqual(['key'])
})

test('a version that gets the filter’s tags later is copied then', async () => {
  const world = await startWorld({ rules: [{ filter: { tags: { ready: 'yes' } }, deleteMarkers: false }] })
  await world.put('key', 'x')
  await world.settled()
  expect((await world.sides()).b).toEqual([])
  await putTags(world.s3.a, 'key', { ready: 'yes' })
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 15_000 }).toBe(1)
})

test.each(['mints', 'adopts-minio'] as const)(
  'without existing objects only what is written after the rule began goes to a target that %s',
  async (identity) => {
    const world = await startWorld({
      a: { identity },
      b: { identity },
      stopped: true,
      rules: [{ existingObjects: false }],
    })
    for (const body of ['old', 'older']) await world.put('key', body)
    await world.put('old only')
    await world.start()
    await world.settled()
    expect((await world.sides()).b).toEqual([])
    await world.put('key', 'new')
    await world.put('new only')
    await remove(world.s3.a, 'old only')
    await world.settled()
    expect((await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ sizeBytes }) => sizeBytes)).toEqual([3])
    expect((await versionsOf({ site: world.b, bucket: 'data' }, 'old only')).map(({ kind }) => kind)).toEqual([
      'marker',
    ])
  },
)

test('two rules with prefixes of their own share a bucket and do not meddle', async () => {
  const world = await startWorld({
    buckets: ['data', 'other'],
    rules: [
      { id: 'one', filter: { prefix: 'one/' } },
      { id: 'two', filter: { prefix: 'two/' }, targets: [{ site: 'b', bucket: 'other' }] },
    ],
  })
  for (const key of ['one/a', 'two/a', 'three/a']) await world.put(key)
  await world.settled()
  expect(await keysAt(world)).toEqual(['one/a'])
  expect(await versionsOf({ site: world.b, bucket: 'other' }, 'two/a')).toHaveLength(1)
  expect(await differencesOnceSettled(world, { prefix: 'one/' })).toEqual([])
})

import { expect, test } from 'vitest'
import { awkwardKeys } from '../support/awkward-keys.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

const keys = [...awkwardKeys, 'folder/', 'folder/empty', 'versions', 'uploads', '?versionId=null', 'a=b&c=d']

const nothing = new Uint8Array(0)

test.each(['mints', 'adopts-minio'] as const)(
  'any legal key arrives at a target that %s, as do empty objects and folder markers',
  async (identity) => {
    const world = await startWorld({ a: { identity }, b: { identity }, stopped: true })
    for (const key of keys) {
      await world.put(key, key.endsWith('/') || key.endsWith('empty') ? nothing : `content of ${key}`)
      await world.put(key, key.endsWith('/') ? nothing : 'newer')
    }
    for (const key of keys.filter((_, index) => index % 3 === 0)) await remove(world.s3.a, key)
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    expect((await world.sides()).b).toHaveLength(keys.length * 2 + Math.ceil(keys.length / 3))
  },
)

test('the event stream tells awkward keys right, without a scan', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  await expect
    .poll(() =>
      world
        .api()
        .rules.get({ id: 'r' })
        .feeds.some(({ kind, state }) => kind === 'listen' && state === 'live'),
    )
    .toBe(true)
  await world.settled()
  for (const key of keys) await world.put(key, 'by event')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 20_000 }).toBe(keys.length)
})

test('a key is never taken for another that begins with it', async () => {
  const world = await startWorld()
  const related = ['a', 'a/', 'a/b', 'a b', 'a-', 'aa', 'A']
  for (const key of related) for (const body of ['one', 'two']) await world.put(key, `${body} of ${key}`)
  await remove(world.s3.a, 'a')
  await world.settled()
  await remove(world.s3.a, 'a/')
  await world.put('a', 'three')
  expect(await differencesOnceSettled(world)).toEqual([])
})

import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { ruleOf } from '../support/rule-of.ts'
import { startWorld, type World } from '../support/world.ts'

const putAtB = (world: World, key: string, body: string): Promise<unknown> =>
  world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: body }))

const sizesAt = async (world: World, side: 'a' | 'b', key: string): Promise<readonly number[]> =>
  (await versionsOf({ site: world[side], bucket: 'data' }, key)).map(({ sizeBytes }) => sizeBytes)

const named = (world: World): readonly (readonly [string, readonly string[]])[] =>
  world
    .api()
    .rules.keys({ id: 'r' })
    .map(({ kind, keys }) => [kind, keys.map(({ key }) => key)])

const untilState = (world: World, kind: string): Promise<void> =>
  expect.poll(() => world.link().state.kind, { timeout: 25_000 }).toBe(kind)

describe.each(['mints', 'adopts-minio'] as const)(
  'at a target that %s, what others write on top of a replica',
  (identity) => {
    test('is found by a scan while the rule runs: the keys are named, the rule goes on, and covers or leaves them as it is told', async () => {
      const world = await startWorld({ a: { identity }, b: { identity } })
      for (const key of ['covered', 'kept', 'quiet']) await world.put(key, `of a: ${key}`)
      await world.settled()
      for (const key of ['covered', 'kept']) await putAtB(world, key, 'others')
      await untilState(world, 'not-converging')
      await expect.poll(() => named(world), { timeout: 15_000 }).toEqual([['covered', ['covered', 'kept']]])
      expect(world.link().state).toMatchObject({ byOthers: true, reason: expect.stringMatching(/^2 keys/) })
      await world.put('quiet', 'goes on')
      await expect.poll(() => sizesAt(world, 'b', 'quiet'), { timeout: 15_000 }).toEqual([7, 11])
      // A restart forgets nothing of it.
      await world.stop()
      await world.start()
      expect(world.link().notConverging).toBe(2)
      await world.api().rules.update({ ...ruleOf(world), filter: { prefix: '', exclude: ['kept'], tags: {} } })
      await world.api().rules.answer({ id: 'r', answer: 'cover' })
      if (identity === 'mints') {
        await expect.poll(() => sizesAt(world, 'b', 'covered'), { timeout: 25_000 }).toEqual([13, 6])
        await untilState(world, 'in-step')
      } else {
        // Where versions lie in the order of their times nothing can come on top: it is told for as long as it is so.
        await untilState(world, 'not-converging')
        await expect.poll(() => world.link().notConverging, { timeout: 15_000 }).toBe(1)
        expect(named(world)).toEqual([['covered', ['covered']]])
        await world.put('covered', 'written once more')
        await untilState(world, 'in-step')
      }
      expect(await sizesAt(world, 'b', 'kept')).toEqual([6, 10])
    })

    test('is no write of others where the rule brought it, and left it when its version went away at the source', async () => {
      const world = await startWorld({ a: { identity }, b: { identity } })
      await world.put('key', 'older')
      const newer = await world.put('key', 'newer one')
      await world.put('deleted')
      await remove(world.s3.a, 'deleted')
      await world.settled()
      await remove(world.s3.a, 'key', newer)
      const [marker] = await versionsOf({ site: world.a, bucket: 'data' }, 'deleted')
      await remove(world.s3.a, 'deleted', marker!.versionId)
      for (let scans = 0; scans < 2; scans++) await world.settled()
      expect(world.link()).toMatchObject({ state: { kind: 'in-step' }, notConverging: 0 })
    })
  },
)

test('a rule that covers brings its version on top by itself, and only once', async () => {
  const world = await startWorld({ rules: [{ onTargetWrites: 'cover' }] })
  await world.put('key', 'of a')
  await world.settled()
  await putAtB(world, 'key', 'others')
  await expect.poll(() => sizesAt(world, 'b', 'key'), { timeout: 25_000 }).toEqual([4, 6])
  await world.settled()
  await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('in-step')
  expect(await sizesAt(world, 'b', 'key')).toEqual([4, 6])
})

test('what others delete at the target is counted and named, and stops nothing', async () => {
  const world = await startWorld()
  await world.put('key')
  await world.settled()
  await world.s3.b.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'key' }))
  await untilState(world, 'not-converging')
  expect(named(world)).toEqual([['covered', ['key']]])
  const state = await world.api().wait.settled({ ruleId: null, timeoutMs: 5000 })
  expect(state).toMatchObject({ settled: false, notConverging: 1 })
})

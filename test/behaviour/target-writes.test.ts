import { rm } from 'node:fs/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { ruleOf } from '../support/rule-of.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { comeBack, goDark } from '../support/outage.ts'
import { startWorld, type World } from '../support/world.ts'

const putAtB = (world: World, key: string, body: string): Promise<unknown> =>
  world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: body }))

/** Stopped, with these keys named, and nothing more in them than there was. */
async function expectStopped(world: World, keys: readonly string[], at: readonly string[] | number): Promise<void> {
  await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('stopped')
  expect(world.link().state).toMatchObject({
    reason: expect.stringMatching(new RegExp(`^${keys.length} key`)),
    remedy: expect.stringMatching(/cover/),
  })
  const [found] = world.api().rules.keys({ id: 'r' })
  expect([found?.kind, found?.count, found?.keys.map(({ key }) => key)]).toEqual(['target-writes', keys.length, keys])
  for (const { source, target } of found!.keys) expect([source, target]).not.toContain(null)
  const { b } = await world.sides()
  expect(typeof at === 'number' ? b.length : b).toEqual(at)
}

const etagsAt = async (world: World, site: 'a' | 'b', key: string): Promise<readonly (string | null)[]> =>
  (await versionsOf({ site: world[site], bucket: 'data' }, key)).map((version) => version.etag)

describe.each(['mints', 'adopts-minio'] as const)('a one-way rule onto a target that %s', (identity) => {
  test('that is started over objects which others wrote there stops before it writes anything, and says which', async () => {
    const world = await startWorld({ b: { identity }, stopped: true })
    for (const key of ['one', 'two', 'only there']) await putAtB(world, key, `b of ${key}`)
    for (const key of ['one', 'two', 'only here']) await world.put(key, `a of ${key}`)
    await remove(world.s3.a, 'two')
    const { b: before } = await world.sides()
    await world.start()
    await expectStopped(world, ['one', 'two'], before)
    // A restart is no answer.
    await world.stop()
    await world.start()
    await expectStopped(world, ['one', 'two'], before)
    await world.api().rules.answer({ id: 'r', answer: 'cover' })
    await world.settled()
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('in-step')
    const { a, b } = await world.sides()
    // Covered, not deleted.
    expect(b.filter((line) => before.includes(line))).toEqual(before)
    expect(b.length).toBe(before.length + a.length)
  })

  test('that is resumed after clients went on at the target covers none of their writes', async () => {
    const world = await startWorld({ b: { identity } })
    for (const key of ['one', 'two', 'three']) await world.put(key, 'first')
    await world.settled()
    await world.api().rules.pause({ id: 'r' })
    for (const key of ['two', 'three']) await putAtB(world, key, `b of ${key}`)
    for (const key of ['one', 'two']) await world.put(key, `unsent ${key}`)
    const { b: before } = await world.sides()
    await world.api().rules.resume({ id: 'r' })
    // The key that nobody sent anything for is covered by nothing: it may stay as it is.
    await expectStopped(world, ['two'], before)
    await world.api().rules.answer({ id: 'r', answer: 'leaveOut' })
    // Until a scan has seen that theirs lies on top, nobody knows.
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('not-converging')
    expect(world.api().rules.keys({ id: 'r' })).toMatchObject([{ kind: 'covered', keys: [{ key: 'three' }] }])
    expect(ruleOf(world).filter.exclude).toEqual(['two'])
    const { b } = await world.sides()
    expect(b.filter((line) => line.startsWith('two'))).toEqual(before.filter((line) => line.startsWith('two')))
    expect(b.filter((line) => line.startsWith('one'))).toHaveLength(2)
  })

  test('whose source was away covers none of what clients wrote at the target meanwhile', async () => {
    const world = await startWorld({ b: { identity }, engine: { longOutageMs: 0 } })
    await world.put('key', 'first')
    await world.settled()
    await goDark(world, 'b')
    await world.put('key', 'unsent')
    await goDark(world, 'a')
    await comeBack(world, 'b')
    await putAtB(world, 'key', 'newer at b')
    await comeBack(world, 'a')
    if (identity === 'mints') return expectStopped(world, ['key'], 2)
    // Where versions lie in the order of their times, the unsent one comes to lie below, and nothing is covered.
    // A scan may find that theirs lies on top: that is told, and is no rest.
    const there = async (): Promise<readonly (number | null)[]> =>
      (await versionsOf({ site: world.b, bucket: 'data' }, 'key')).map(({ sizeBytes }) => sizeBytes)
    await expect.poll(there, { timeout: 40_000 }).toEqual(['newer at b', 'unsent', 'first'].map(({ length }) => length))
  })

  test('starts at once over copies that another tool made, and removes none of them', async () => {
    const world = await startWorld({ b: { identity }, stopped: true })
    for (const key of ['one', 'two']) {
      await world.put(key, 'older')
      await world.put(key, `content of ${key}`)
      await putAtB(world, key, `content of ${key}`)
    }
    await world.start()
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('in-step')
    await world.put('one', 'newer')
    await world.settled()
    for (const key of ['one', 'two']) {
      const [ours, theirs] = [await etagsAt(world, 'a', key), await etagsAt(world, 'b', key)]
      expect(theirs.slice(0, ours.length)).toEqual(ours)
      // What must lie below it was brought beneath a second copy; the tool's own is not Lockstep's to remove.
      expect(theirs.slice(ours.length)).toEqual(identity === 'mints' ? [ours.at(-2)] : [])
    }
  })

  test('starts at once over its own copies after the journal was lost', async () => {
    const world = await startWorld({ b: { identity } })
    for (const body of ['older', 'newer', 'newest']) {
      await world.put('key', body)
      await world.settled()
    }
    await world.stop()
    await rm(world.dataDir, { recursive: true })
    await world.start()
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('in-step')
    expect(await etagsAt(world, 'b', 'key')).toEqual(await etagsAt(world, 'a', 'key'))
  })

  test('with the declared answer “cover” is not kept back', async () => {
    const world = await startWorld({ b: { identity }, stopped: true, rules: [{ onTargetWrites: 'cover' }] })
    await world.put('key', 'a')
    await putAtB(world, 'key', 'b')
    await world.start()
    if (identity === 'mints') await world.settled()
    // Where versions lie in the order of their times the earlier one comes to lie below, and that is told.
    else await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('not-converging')
    expect((await world.sides()).b).toHaveLength(2)
  })
})

import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const brake = { count: 5, share: 0.3, windowMs: 600_000 }

async function worldOfTwenty(): Promise<World> {
  const world = await startWorld({ rules: [{ deleteBrake: brake, scanIntervalSeconds: 5 }] })
  for (let index = 0; index < 5; index++) await world.put(`key ${index}`)
  await world.settled()
  return world
}

const markersAt = async (world: World): Promise<number> =>
  (await world.sides()).b.filter((line) => line.endsWith('marker')).length

test.each([
  ['while the engine listens', true],
  ['while the engine is down', false],
] as const)(
  'a burst of deletes %s pauses the rule, says how many, and waits until it is resumed',
  async (_when, running) => {
    const world = await worldOfTwenty()
    if (!running) await world.stop()
    for (let index = 0; index < 20; index++) await remove(world.s3.a, `key ${index}`)
    if (!running) await world.start()
    await expect.poll(() => world.link().state.kind, { timeout: 15_000 }).toBe('paused')
    const { paused } = world.api().rules.get({ id: 'r' })
    expect(paused).toMatchObject({
      by: 'brake',
      reason: expect.stringMatching(/^\d+ of \d+ changes within 10 minutes were deletes\.$/),
    })
    expect(await markersAt(world)).toBeLessThanOrEqual(brake.count)
    expect(world.api().activity.list({ ruleId: 'r', level: 'warning', before: null, limit: 10 })[0]?.text).toContain(
      'brake',
    )
    await world.stop()
    await world.start()
    expect(world.link().state).toMatchObject({ kind: 'paused', by: 'brake' })
    await world.api().rules.resume({ id: 'r' })
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await markersAt(world)).toBe(20)
  },
)

test('deletes among many other changes do not trip the brake', async () => {
  const world = await worldOfTwenty()
  for (let index = 0; index < 10; index++) {
    for (const body of ['one', 'two']) await world.put(`other ${index}`, body)
    await remove(world.s3.a, `other ${index}`)
  }
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.link().state.kind).toBe('in-step')
})

import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { ruleOf } from '../support/rule-of.ts'
import { startWorld, type World } from '../support/world.ts'

const asPaused = {
  'a rule': {
    pause: (world: World) => world.api().rules.pause({ id: 'r' }),
    resume: (world: World) => world.api().rules.resume({ id: 'r' }),
    by: 'operator',
  },
  'its source site': {
    pause: (world: World) => world.api().sites.pause({ id: 'a' }),
    resume: (world: World) => world.api().sites.resume({ id: 'a' }),
    by: 'site',
  },
  'its target site': {
    pause: (world: World) => world.api().sites.pause({ id: 'b' }),
    resume: (world: World) => world.api().sites.resume({ id: 'b' }),
    by: 'site',
  },
} as const

test.each(Object.entries(asPaused))(
  'while %s is paused changes gather, also over a restart, and resume lets them through',
  async (_what, { pause, resume, by }) => {
    const world = await startWorld()
    await world.put('key', 'one')
    await world.settled()
    await pause(world)
    expect(world.link().state).toMatchObject({ kind: 'paused', by })
    world.b.requests.clear()
    for (const body of ['two', 'three']) await world.put('key', body)
    await remove(world.s3.a, 'key')
    await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(3)
    await world.stop()
    await world.start()
    await expect.poll(() => world.link().state, { timeout: 5_000 }).toMatchObject({ kind: 'paused', by })
    expect((await world.sides()).b).toHaveLength(1)
    await resume(world)
    expect(await differencesOnceSettled(world)).toEqual([])
  },
)

test('a disabled rule notices nothing, and catches up once it is enabled', async () => {
  const world = await startWorld()
  await world.put('key', 'one')
  await world.settled()
  const rule = ruleOf(world)
  await world.api().rules.update({ ...rule, enabled: false })
  expect(world.link().state.kind).toBe('disabled')
  await world.put('key', 'two')
  await world.api().rules.update({ ...rule, enabled: true })
  expect(await differencesOnceSettled(world)).toEqual([])
})

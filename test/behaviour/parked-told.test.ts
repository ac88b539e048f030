import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { failures, retryAll } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const told = async (world: World): Promise<readonly string[]> => {
  const all = await world.api().activity.list({ ruleId: null, level: null, before: null, limit: 500 })
  return all.filter(({ subject }) => subject === 'task').map(({ level, text }) => `${level}: ${text}`)
}

test('a target that refuses many objects for one cause is told once in Activity, and once when all are there', async () => {
  const world = await startWorld()
  await world.settled()
  const denied = world.b.faults.add({ on: 'PutObject', key: /^many/, do: { kind: 'deny' } })
  await Promise.all(Array.from({ length: 40 }, (_, at) => world.put(`many-${at}`)))
  await expect.poll(() => world.link().parked, { timeout: 30_000 }).toBe(40)
  await expect.poll(() => told(world), { timeout: 20_000 }).toHaveLength(1)
  expect((await told(world))[0]).toMatch(
    /^error: Items are set aside at Site B\. The access key may not do this\. \d+ items? needs? attention so far: rule r\.$/,
  )
  const [first] = await world.api().activity.list({ ruleId: 'r', level: 'error', before: null, limit: 1 })
  expect(first).toMatchObject({ siteId: 'b', fault: { code: 'ACCESS_DENIED' } })
  // Tried once more in vain: the same cause.
  await retryAll(world)
  await expect
    .poll(async () => (await failures(world)).every(({ attempts, state }) => attempts === 2 && state === 'parked'), {
      timeout: 20_000,
    })
    .toBe(true)
  await world.stop()
  await world.start()
  denied.remove()
  await retryAll(world)
  expect(await differencesOnceSettled(world)).toEqual([])
  await expect.poll(() => told(world), { timeout: 20_000 }).toHaveLength(2)
  expect((await told(world))[0]).toBe(
    'info: No item is set aside any more by this: Items are set aside at Site B. The access key may not do this. 40 items were.',
  )
})

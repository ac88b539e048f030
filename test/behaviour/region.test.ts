import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { failures } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const told = async (world: World): Promise<readonly string[]> =>
  (await world.api().activity.list({ ruleId: null, level: 'warning', before: null, limit: 100 }))
    .map(({ text }) => text)
    .filter((text) => text.includes('region'))

const site = (world: World) =>
  world
    .api()
    .sites.list()
    .find(({ id }) => id === 'b')!

test('a site that expects another region than it is set to is written all the same, and the right one is told and kept at a word', async () => {
  const world = await startWorld({ b: { region: 'eu-test-1' }, stopped: true })
  await world.put('small')
  await world.put('large', new Uint8Array(9 * 1024 * 1024))
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
  expect(site(world)).toMatchObject({ region: 'us-east-1', signsFor: 'eu-test-1' })
  expect(await told(world)).toEqual([
    'Site B expects region eu-test-1, and is set to us-east-1: Lockstep signs as the site says. Take it over under Sites, or by: lockstep region b eu-test-1.',
  ])
  await world.api().sites.setRegion({ id: 'b', region: 'eu-test-1' })
  await world.put('more')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(site(world)).toMatchObject({ region: 'eu-test-1', signsFor: null })
})

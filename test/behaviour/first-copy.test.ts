import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { startWorld } from '../support/world.ts'

test('what is there already arrives, all versions in order, delete markers among them', async () => {
  const world = await startWorld({ stopped: true })
  for (const body of ['one', 'two', 'three']) await world.put('notes', body)
  await world.put('gone', 'for a while')
  await world.s3.a.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'gone' }))
  await world.start()
  await world.settled()
  const { a, b } = await world.sides()
  expect(b).toEqual(a)
  expect(a).toHaveLength(5)
  expect(world.link()).toMatchObject({ state: { kind: 'in-step' }, backlogCount: 0, parked: 0 })
})

test('a change that comes later arrives by the event stream, without waiting for a scan', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  await world.settled()
  await expect
    .poll(
      () =>
        world
          .api()
          .rules.get({ id: 'r' })
          .feeds.map((feed) => `${feed.kind} ${feed.state}`),
      { timeout: 15_000 },
    )
    .toContain('listen live')
  await world.put('later', 'hello')
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(1)
})

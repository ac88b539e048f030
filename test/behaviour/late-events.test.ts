import { describe, expect, test } from 'vitest'
import { differences } from '../support/in-step.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** As MinIO posts them. */
async function post(world: World, eventName: string, versionId: string): Promise<void> {
  const object = { key: 'key', versionId, size: 5 }
  const body = JSON.stringify({ Records: [{ eventName, s3: { bucket: { name: 'data' }, object } }] })
  const answer = await fetch(`${world.engine().webhookUrl}/a`, { method: 'POST', body })
  expect(answer.status).toBe(200)
}

/** The events of one version, each true of some moment, in the order in which they are told. */
const orders = [
  ['ObjectRemoved:Delete', 'ObjectCreated:Put'],
  ['ObjectRemoved:Delete', 'ObjectCreated:PutTagging'],
  ['ObjectCreated:Put', 'ObjectRemoved:Delete'],
  ['ObjectRemoved:Delete', 'ObjectCreated:Put', 'ObjectRemoved:Delete', 'ObjectCreated:PutRetention'],
]

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  const start = async (): Promise<World> => {
    const world = await startWorld({
      a: { identity: 'adopts-minio', changeStream: 'none' },
      b: { identity },
      // Nothing but the events below tells.
      rules: [{ versionDeletes: true, scanIntervalSeconds: 604_800 }],
      config: { notifications: { listen: '127.0.0.1:0' } },
    })
    await world.put('key', 'elder')
    await world.settled()
    return world
  }

  test.each(orders.map((events) => [events.join(', '), events] as const))(
    'a version that was deleted for good goes, though its events come as %s',
    async (_, events) => {
      const world = await start()
      const version = await world.put('key', 'young')
      await world.settled()
      await world.api().rules.pause({ id: 'r' })
      await remove(world.s3.a, 'key', version)
      for (const event of events) await post(world, event, version)
      await world.api().rules.resume({ id: 'r' })
      await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(0)
      expect(await differences(world)).toEqual([])
    },
  )

  test('a version that is there comes, though an event says that it was deleted for good', async () => {
    const world = await start()
    await world.api().rules.pause({ id: 'r' })
    const version = await world.put('key', 'young')
    for (const event of ['ObjectRemoved:Delete', 'ObjectCreated:Put']) await post(world, event, version)
    await world.api().rules.resume({ id: 'r' })
    await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(0)
    expect(await differences(world)).toEqual([])
    expect(await versionsOf({ site: world.b, bucket: 'data' }, 'key')).toHaveLength(2)
  })
})

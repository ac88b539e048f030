import { request } from 'node:http'
import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { badge, untilBadge } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

test('a full disk stops the engine with the reason, refuses what is pushed, and a restart with room takes up everything', async () => {
  const world = await startWorld({
    config: { notifications: { listen: '127.0.0.1:0' } },
    rules: [{ scanIntervalSeconds: 604_800 }],
    engine: { journalLimits: { maxPages: 90 } },
    stopped: true,
  })
  await world.start()
  await world.settled()
  await world.b.faults.goOffline()
  const name = 'n'.repeat(900)
  for (let batch = 0; batch < 40 && !badge(world).text.includes('journal'); batch++)
    await Promise.all(Array.from({ length: 20 }, (_, at) => world.put(`${name}-${batch}-${at}`)))
  await untilBadge(world, 'held', /The journal could not be written: .*full.* → Free space .* then restart/)
  const url = world.engine().webhookUrl!
  expect(await push(`${url}/a`, eventOf('late'))).toBe(503)
  await world.b.faults.goOnline()
  const told = world.log.filter((line) => line.includes('JOURNAL_UNWRITABLE'))
  expect(told.length).toBeGreaterThan(0)
  await world.stop()
  await world.put('after')
  await world.start({}, { journalLimits: {} })
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.link()).toMatchObject({ parked: 0, failing: 0, backlogCount: 0 })
})

const eventOf = (key: string): string =>
  JSON.stringify({
    Records: [
      {
        eventName: 's3:ObjectCreated:Put',
        eventTime: new Date().toISOString(),
        s3: { bucket: { name: 'data' }, object: { key, size: 1, eTag: 'x', versionId: 'v' } },
      },
    ],
  })

/** Status of the answer to a notification. */
function push(url: string, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('error', reject).end(text)
  })
}

import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { createBucket, startWorld } from '../support/world.ts'

test('an overwrite is acknowledged when its own bytes are at the target, not those that it overwrote', async () => {
  const world = await startWorld({
    buckets: [],
    stopped: true,
    rules: [{ ack: { policy: 'all', timeoutMs: 20_000 } }],
    config: { gateway: gatewayConfig },
  })
  await world.s3.a.send(new CreateBucketCommand({ Bucket: 'data' }))
  await createBucket(world.s3.b, 'data')
  await world.start()
  await world.settled()
  const client = gatewayClient(world.api())
  const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body }))
  world.b.faults.add({ on: 'PutObject', key: 'key', do: { kind: 'latency', delayMs: 700 } })
  const first = put('first')
  await expect.poll(() => world.b.requests.count({ operation: 'PutObject', key: 'key' }), { interval: 5 }).toBe(1)
  await put('second')
  const { Body } = await world.s3.b.send(new GetObjectCommand({ Bucket: 'data', Key: 'key' }))
  expect(await Body!.transformToString()).toBe('second')
  await first
})

test('of the writes that meet a journal filling up, those acknowledged are in it', async () => {
  const world = await startWorld({
    rules: [{ scanIntervalSeconds: 604_800 }],
    config: { gateway: gatewayConfig },
    engine: { journalLimits: { maxPages: 90 } },
  })
  await world.settled()
  const { linkId } = world.link()
  await world.b.faults.goOffline()
  // No event may journal what the gateway did not.
  world.a.faults.add({ on: 'ListenNotification', do: { kind: 'deny' } })
  const client = gatewayClient(world.api())
  const acknowledged: string[] = []
  const put = (Key: string): Promise<boolean> =>
    client.send(new PutObjectCommand({ Bucket: 'data', Key, Body: 'x' })).then(
      () => acknowledged.push(Key) > 0,
      () => false,
    )
  const name = 'n'.repeat(900)
  for (let batch = 0, going = true; batch < 40 && going; batch++) {
    const ends = await Promise.all(Array.from({ length: 20 }, (_, at) => put(`${name}-${batch}-${at}`)))
    going = ends.every(Boolean)
  }
  await world.stop()
  const journal = openJournal({ dir: world.dataDir, now: Date.now })
  const forgotten = acknowledged.filter((key) => journal.atOnce.unsettled(linkId, key, 1).length === 0)
  await journal.close()
  expect(acknowledged.length).toBeGreaterThan(0)
  expect(forgotten).toEqual([])
})

import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { findDoubled } from '../compare/compare-buckets.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test('a write whose answer was lost is not done again, be it an object, a marker or a version delete', async () => {
    const world = await startWorld({
      a: { identity },
      b: { identity },
      stopped: true,
      rules: [{ versionDeletes: true }],
    })
    for (const body of ['same', 'same', 'other', 'same']) await world.put('key', body)
    await remove(world.s3.a, 'key')
    await remove(world.s3.a, 'key')
    const doomed = await world.put('doomed', 'x')
    world.b.faults.add({ on: ['PutObject', 'DeleteObject'], key: 'key', times: 9, do: { kind: 'lose-answer' } })
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    world.b.faults.add({ on: 'DeleteObject', key: 'doomed', times: 1, do: { kind: 'lose-answer' } })
    await remove(world.s3.a, 'doomed', doomed)
    await remove(world.s3.a, 'key')
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await findDoubled({ site: world.b, bucket: 'data' })).toEqual([])
  })

  test('an engine that is stopped amid its work and started again leaves no second copy', async () => {
    const world = await startWorld({ a: { identity }, b: { identity }, stopped: true })
    for (let index = 0; index < 40; index++) {
      await world.put(`key ${index % 8}`, `content ${index % 3}`)
      if (index % 9 === 0) await remove(world.s3.a, `key ${index % 8}`)
    }
    world.b.faults.add({ on: ['PutObject', 'DeleteObject'], key: /^key/, do: { kind: 'latency', delayMs: 50 } })
    for (let round = 1; round <= 4; round++) {
      world.b.requests.clear()
      await world.start()
      const written = (): number =>
        world.b.requests.list().filter(({ key, operation }) => key.startsWith('key') && operation === 'PutObject')
          .length
      await expect.poll(written, { timeout: 15_000, interval: 5 }).toBeGreaterThan(2)
      await world.stop()
    }
    world.b.faults.clear()
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await findDoubled({ site: world.b, bucket: 'data' })).toEqual([])
  })
})

test('what another tool copied before is recognised by its content, and not copied again', async () => {
  const world = await startWorld({ stopped: true })
  for (const body of ['one', 'two']) await world.put('key', body)
  for (const Body of ['one', 'two']) await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body }))
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.b.requests.count({ operation: 'PutObject', key: 'key' })).toBe(2)
})

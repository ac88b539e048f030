import { expect, test } from 'vitest'
import { retryInput } from '../../shared/api/inputs.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'
import { eventually } from '../support/eventually.ts'

test('a client’s delete at the target is not taken for a marker that an attempt never came to write again', async () => {
  const world = await startWorld({
    a: { changeStream: 'none' },
    rules: [{ versionDeletes: true, deleteBrake: null, onTargetWrites: 'cover', scanIntervalSeconds: 3600 }],
    engine: { retry: { baseDelayMs: 600_000, maxDelayMs: 600_000 } },
  })
  const at = { site: world.b, bucket: 'data' }
  await world.settled()
  // The object is refused at the target and listed; its delete marker came.
  const refused = world.b.faults.add({ on: 'PutObject', key: 'k', do: { kind: 'deny' } })
  await world.put('k', 'one')
  const marker = await remove(world.s3.a, 'k')
  await world.settled()
  expect((await versionsOf(at, 'k')).map(({ kind }) => kind)).toEqual(['marker'])
  refused.remove()
  // The cause is mended, the operator retries; the object arrives, its answer is lost.
  world.b.faults.add({ on: 'PutObject', key: 'k', times: 1, do: { kind: 'lose-answer' } })
  await world.api().failures.retry(retryInput.parse({ filter: {} }))
  await eventually(async () => {
    expect((await versionsOf(at, 'k')).map(({ kind }) => kind)).toEqual(['object', 'marker'])
    expect((await world.failures())[0]?.nextAttemptAt ?? 0).toBeGreaterThan(Date.now())
  })
  // A client at the target sees an object there that it does not want, and deletes it.
  const foreign = await remove(world.s3.b, 'k')
  await world.api().failures.retry(retryInput.parse({ filter: {} }))
  await world.settled()
  // At the source the delete is taken back.
  await remove(world.s3.a, 'k', marker)
  await world.settled().catch(() => undefined)
  expect((await versionsOf(at, 'k')).map(({ versionId }) => versionId)).toContain(foreign)
})

import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { versionsOf, remove } from '../support/s3-acts.ts'
import { failures, retryAll, untilBadge, untilParked } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

test('a version delete that the target’s retention forbids is parked, and done when the retention has run out', async () => {
  const world = await startWorld({ objectLock: true, rules: [{ versionDeletes: true }] })
  const id = await world.put('deed', 'x')
  await world.settled()
  const [replica] = await versionsOf({ site: world.b, bucket: 'data' }, 'deed')
  const until = new Date(Date.now() + 8_000)
  await world.s3.b.send(
    new PutObjectRetentionCommand({
      Bucket: 'data',
      Key: 'deed',
      VersionId: replica!.versionId,
      Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until },
    }),
  )
  await remove(world.s3.a, 'deed', id)
  const [row] = await untilParked(world, ['deed'])
  expect(row).toMatchObject({ operation: 'deleteVersion', versionId: id, attempts: 1, nextAttemptAt: null })
  expect(row!.fault).toMatchObject({ code: 'OBJECT_LOCKED', site: 'b', retry: 'never' })
  expect(row!.fault.message).toMatch(/^DeleteObject data\/deed: /)
  await untilBadge(world, 'failing', /1 item needs attention.* → Wait until the retention ends/)
  expect((await world.sides()).b).toHaveLength(1)
  await expect.poll(() => Date.now(), { timeout: 15_000 }).toBeGreaterThan(until.getTime())
  await retryAll(world)
  await expect.poll(async () => (await world.sides()).b, { timeout: 10_000 }).toEqual([])
  await expect.poll(() => failures(world)).toEqual([])
})

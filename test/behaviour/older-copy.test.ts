import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startWorld } from '../support/world.ts'

const keys = Array.from({ length: 12 }, (_, at) => `key-${at}`)

test('an older copy of the data directory is put back: what waited in it and was copied since is not written again on top', async () => {
  const world = await startWorld({ a: { identity: 'mints' }, b: { identity: 'mints' } })
  await world.api().rules.pause({ id: 'r' })
  await world.stop()
  // No event tells of them: a scan sees that the target has none.
  for (const key of keys) await world.put(key, 'first')
  await world.start()
  await eventually(() => expect(world.link().backlogCount).toBe(keys.length))
  await world.stop()
  const copy = join(world.dataDir, '../copy')
  await cp(world.dataDir, copy, { recursive: true })

  await world.start()
  await world.api().rules.resume({ id: 'r' })
  await world.settled()
  for (const key of keys.slice(0, 6)) await world.put(key, 'second')
  for (const key of keys.slice(6, 9)) await world.s3.a.send(new DeleteObjectCommand({ Bucket: 'data', Key: key }))
  await world.settled()
  const before = await world.sides()
  expect(before.b).toEqual(before.a)
  await world.stop()

  await rm(world.dataDir, { recursive: true })
  await cp(copy, world.dataDir, { recursive: true })
  await world.start()
  await world.api().rules.resume({ id: 'r' })
  await world.settled()
  expect((await world.sides()).b).toEqual(before.b)
})

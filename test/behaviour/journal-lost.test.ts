import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

const identities = ['mints', 'adopts-minio'] as const

test.each(identities.flatMap((a) => identities.map((b) => [a, b] as const)))(
  'nothing that is at its source is taken for gone when the journal was lost, from a source that %s to a target that %s',
  async (a, b) => {
    const rules = [{ versionDeletes: true, scanIntervalSeconds: 5 }]
    const world = await startWorld({ a: { identity: a }, b: { identity: b }, rules })
    for (const key of ['one', 'two']) for (const body of ['older', 'newer', 'newest']) await world.put(key, body)
    await remove(world.s3.a, 'two')
    await world.settled()
    await world.stop()
    await rm(world.dataDir, { recursive: true })
    world.b.requests.clear()
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await world.failures()).toEqual([])
    const deletes = world.b.requests.list().filter(({ operation }) => operation === 'DeleteObject')
    expect(deletes.filter(({ key }) => !key.startsWith('.lockstep-canary/'))).toEqual([])
  },
)

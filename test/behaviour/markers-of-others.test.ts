import { describe, expect, test } from 'vitest'
import { retryInput } from '../../shared/api/inputs.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** Nothing at such a site tells whose a delete marker is: neither its id, which the site chose, nor anything else of it. */
const kinds = ['as-ceph', 'as-minio'] as const
type Kind = (typeof kinds)[number]

const rule = { versionDeletes: true, deleteBrake: null, overwriteBrake: null, onTargetWrites: 'cover' } as const
const key = 'key'
const slowly = { timeout: 20_000 }

const start = async (plainMarkers: Kind, rules: readonly object[] = [rule]): Promise<World> => {
  const world = await startWorld({ b: { plainMarkers }, rules })
  await world.put(key)
  await world.settled()
  return world
}
const atTarget = async (world: World): Promise<readonly string[]> =>
  (await versionsOf({ site: world.b, bucket: 'data' }, key)).map(({ versionId }) => versionId)
const restart = async (world: World): Promise<void> => {
  await world.stop()
  await world.start()
}
async function retryAll(world: World): Promise<void> {
  if ((await world.failures()).length > 0) await world.api().failures.retry(retryInput.parse({ filter: {} }))
}
const quiet = (world: World) => world.api().wait.settled({ ruleId: null, timeoutMs: 30_000 })

/** Pauses the rule until `act` is over; what was under way has ended by then. */
async function whilePaused<T>(world: World, act: () => Promise<T>): Promise<T> {
  await world.api().rules.pause({ id: 'r' })
  await expect.poll(() => world.link().inFlight, slowly).toBe(0)
  const result = await act()
  await world.api().rules.resume({ id: 'r' })
  return result
}

/** The source's delete is refused by the target and set aside, and a client deletes the key there. A late event may take it up again. */
async function deleteRefused(world: World): Promise<{ readonly marker: string; readonly foreign: string }> {
  const denied = world.b.faults.add({ on: 'DeleteObject', key, do: { kind: 'deny' } })
  const marker = await remove(world.s3.a, key)
  await expect.poll(() => world.failures(), slowly).toMatchObject([{ state: 'parked', versionId: marker }])
  return whilePaused(world, async () => {
    denied.remove()
    return { marker, foreign: await remove(world.s3.b, key) }
  })
}

/** A delete at the source, another of a client at the target, and what lies between them; at the end the rule has met both. */
const histories = {
  'the rule was paused': (world: World) =>
    whilePaused(world, async () => ({ marker: await remove(world.s3.a, key), foreign: await remove(world.s3.b, key) })),

  'the rule was paused and the engine started again': async (world: World) => {
    await world.api().rules.pause({ id: 'r' })
    const [marker, foreign] = [await remove(world.s3.a, key), await remove(world.s3.b, key)]
    await expect.poll(() => world.link().backlogCount, slowly).toBe(1)
    await restart(world)
    await world.api().rules.resume({ id: 'r' })
    return { marker, foreign }
  },

  'the target had refused the source’s delete': async (world: World) => {
    const { marker, foreign } = await deleteRefused(world)
    await retryAll(world)
    return { marker, foreign }
  },

  'the target had refused the source’s delete, and the engine was started again': async (world: World) => {
    const { marker, foreign } = await deleteRefused(world)
    await restart(world)
    await retryAll(world)
    return { marker, foreign }
  },

  'the target had refused the source’s delete, and a later version came first': async (world: World) => {
    const { marker, foreign } = await deleteRefused(world)
    await world.put(key, 'later')
    await expect.poll(() => atTarget(world), slowly).toHaveLength(3)
    await retryAll(world)
    return { marker, foreign }
  },

  'no connection to the target could be had': async (world: World) => {
    await world.b.faults.goOffline()
    const marker = await remove(world.s3.a, key)
    await expect.poll(() => world.failures(), slowly).toHaveLength(1)
    return whilePaused(world, async () => {
      await world.b.faults.goOnline()
      return { marker, foreign: await remove(world.s3.b, key) }
    })
  },

  'the target failed to list the key': async (world: World) => {
    const failing = world.b.faults.add({ on: 'ListObjectVersions', do: { kind: 'server-error' } })
    const marker = await remove(world.s3.a, key)
    await expect.poll(() => world.failures(), slowly).toHaveLength(1)
    return whilePaused(world, async () => {
      failing.remove()
      return { marker, foreign: await remove(world.s3.b, key) }
    })
  },

  'the target answered with an error that does not say whether it was done': async (world: World) => {
    const failing = world.b.faults.add({ on: 'DeleteObject', key, do: { kind: 'server-error' } })
    const marker = await remove(world.s3.a, key)
    await expect.poll(() => world.failures(), slowly).toHaveLength(1)
    return whilePaused(world, async () => {
      failing.remove()
      return { marker, foreign: await remove(world.s3.b, key) }
    })
  },

  'the source’s delete was to be written once more, on top, and was refused': async (world: World) => {
    const refused = world.b.faults.add({ on: 'PutObject', key, do: { kind: 'deny' } })
    await world.put(key, 'two')
    await expect.poll(() => world.failures(), slowly).toMatchObject([{ state: 'parked' }])
    const marker = await remove(world.s3.a, key)
    await expect.poll(() => atTarget(world), slowly).toHaveLength(2)
    await quiet(world)
    refused.remove()
    // The object arrives, above its marker, which is to follow.
    const denied = world.b.faults.add({ on: 'DeleteObject', key, do: { kind: 'deny' } })
    await retryAll(world)
    await expect.poll(() => world.failures(), slowly).toMatchObject([{ state: 'parked', versionId: marker }])
    const foreign = await whilePaused(world, async () => {
      denied.remove()
      return remove(world.s3.b, key)
    })
    await retryAll(world)
    return { marker, foreign }
  },
} satisfies Record<string, (world: World) => Promise<{ readonly marker: string; readonly foreign: string }>>

describe.each(kinds)('at a target that mints ids and keeps plain deletes %s', (kind) => {
  test.each(Object.entries(histories))(
    'a client’s delete stays when the source takes its own back, and that is listed: %s',
    async (_, history) => {
      const world = await start(kind)
      const { marker, foreign } = await history(world)
      expect(foreign).not.toBe('null')
      await quiet(world)
      await remove(world.s3.a, key, marker)
      await expect
        .poll(async () => (await world.failures()).map(({ fault, versionId }) => [fault.code, versionId]), slowly)
        .toEqual([['DELETE_UNPROVEN', marker]])
      expect(await atTarget(world)).toContain(foreign)
    },
  )

  test('where a rule leads back, a client’s delete stays when that of the other side is taken back', async () => {
    const back = {
      ...rule,
      id: 'back',
      source: { site: 'b', bucket: 'data' },
      targets: [{ site: 'a', bucket: 'data' }],
    }
    const world = await start(kind, [rule, back])
    for (const id of ['r', 'back']) await world.api().rules.pause({ id })
    const [marker, foreign] = [await remove(world.s3.a, key), await remove(world.s3.b, key)]
    for (const id of ['r', 'back']) await expect.poll(() => world.link(id).backlogCount, slowly).toBe(1)
    await restart(world)
    for (const id of ['r', 'back']) await world.api().rules.resume({ id })
    await quiet(world)
    await remove(world.s3.a, key, marker)
    await quiet(world)
    expect(await atTarget(world)).toContain(foreign)
  })

  test('a marker that was written once more goes when it is taken back, though nobody heard that its former went', async () => {
    const world = await start(kind)
    const refused = world.b.faults.add({ on: 'PutObject', key, do: { kind: 'deny' } })
    await world.put(key, 'two')
    await expect.poll(() => world.failures(), slowly).toMatchObject([{ state: 'parked' }])
    const marker = await remove(world.s3.a, key)
    await expect.poll(() => atTarget(world), slowly).toHaveLength(2)
    await quiet(world)
    refused.remove()
    const unheard = world.b.faults.add({ on: 'DeleteObject', key, after: 1, times: 1, do: { kind: 'lose-answer' } })
    await retryAll(world)
    await expect.poll(() => unheard.hits, slowly).toBe(1)
    await quiet(world)
    await remove(world.s3.a, key, marker)
    await quiet(world)
    expect([await world.failures(), (await world.sides()).b]).toEqual([[], (await world.sides()).a])
  })

  test('an object’s permanent delete of which nobody heard is done, though a client deleted the key meanwhile', async () => {
    const world = await start(kind)
    const [replica] = await atTarget(world)
    const [object] = await versionsOf({ site: world.a, bucket: 'data' }, key)
    await world.put(key, 'younger')
    await world.settled()
    world.b.faults.add({ on: 'DeleteObject', key, times: 1, do: { kind: 'late-answer', delayMs: 120_000 } })
    await remove(world.s3.a, key, object!.versionId)
    await expect.poll(() => atTarget(world), slowly).not.toContain(replica)
    await world.stop()
    world.b.faults.clear()
    const foreign = await remove(world.s3.b, key)
    await world.start()
    // What the client deleted there covers what the source shows, and that is told of the key.
    expect(await quiet(world)).toMatchObject({ pending: 0, parked: 0, held: [] })
    expect(await atTarget(world)).toContain(foreign)
  })
})

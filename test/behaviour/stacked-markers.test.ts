import { describe, expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

describe.each([
  { plainMarkers: 'as-aws', identity: 'mints' },
  { plainMarkers: 'as-ceph', identity: 'mints' },
  { plainMarkers: 'as-minio', identity: 'mints' },
  // MinIO adopts UUIDs; of a source with ids of another form (AWS, versitygw, SeaweedFS) it mints.
  { plainMarkers: 'as-minio', identity: 'adopts-minio' },
] as const)('at a target that treats plain deletes $plainMarkers and $identity', (site) => {
  test('delete markers that lie on each other, or on nothing, arrive', async () => {
    const world = await startWorld({ b: site, stopped: true, rules: [{ versionDeletes: true }] })
    await world.put('twice deleted')
    for (let time = 0; time < 3; time++) await remove(world.s3.a, 'twice deleted')
    await remove(world.s3.a, 'never was')
    const between = await world.put('lost its middle', 'one')
    await remove(world.s3.a, 'lost its middle')
    await remove(world.s3.a, 'lost its middle', between)
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
    await world.put('lost its middle', 'two')
    await remove(world.s3.a, 'lost its middle')
    await remove(world.s3.a, 'twice deleted')
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await world.failures()).toEqual([])
  })

  test('answers lost on the way leave no placeholder and no second marker', async () => {
    const world = await startWorld({ b: site, stopped: true })
    await world.put('key')
    for (let time = 0; time < 3; time++) await remove(world.s3.a, 'key')
    world.b.faults.add({ on: ['PutObject', 'DeleteObject'], key: 'key', times: 8, do: { kind: 'lose-answer' } })
    await world.start()
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('an answer that was lost leaves no placeholder of a key that the target had lost a version of before', async () => {
    const world = await startWorld({ b: site, rules: [{ versionDeletes: true }] })
    await world.put('key')
    const between = await world.put('key', 'goes away')
    await world.settled()
    await remove(world.s3.a, 'key')
    await world.settled()
    // The delete is carried out, and nobody hears of it.
    world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: { kind: 'lose-answer' } })
    await remove(world.s3.a, 'key', between)
    expect(await differencesOnceSettled(world)).toEqual([])
    // The second marker on top of the first needs a placeholder, and its own answer is lost.
    world.b.faults.add({ on: 'DeleteObject', key: 'key', times: 1, do: { kind: 'lose-answer' } })
    await remove(world.s3.a, 'key')
    expect(await differencesOnceSettled(world)).toEqual([])
  })

  test('an opposite rule brings neither a marker nor a placeholder back', async () => {
    const opposite = { source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }
    const world = await startWorld({
      b: site,
      rules: [{ versionDeletes: true }, { id: 'back', versionDeletes: true, ...opposite }],
    })
    await world.put('key')
    await world.settled()
    // Whatever is written between two markers stays for a while, and the other rule sees it.
    world.b.faults.add({ on: 'DeleteObject', key: 'key', after: 2, times: 4, do: { kind: 'server-error' } })
    for (let time = 0; time < 3; time++) await remove(world.s3.a, 'key')
    expect(await differencesOnceSettled(world)).toEqual([])
    expect((await world.sides()).a).toHaveLength(4)
    expect(world.a.requests.list({ key: 'key' }).filter(({ operation }) => operation === 'PutObject')).toHaveLength(1)
  })
})

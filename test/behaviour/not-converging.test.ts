import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { differences } from '../support/in-step.ts'
import { ruleOf } from '../support/rule-of.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const back = { id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }
const names = Array.from({ length: 20 }, (_, index) => `key ${String(index).padStart(2, '0')}`)

const putAtB = (world: World, key: string, body: string): Promise<unknown> =>
  world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: body }))

/** By the comparer's own listing, not by the engine's. */
async function keysApart(world: World): Promise<readonly string[]> {
  const apart = await Promise.all(
    names.map(async (key) => {
      const sides = await Promise.all([world.a, world.b].map((site) => versionsOf({ site, bucket: 'data' }, key)))
      const [a, b] = sides.map(([current]) => (current?.kind === 'object' ? current.etag : null))
      return a === b ? [] : [key]
    }),
  )
  return apart.flat()
}

const wait = (world: World) => world.api().wait.settled({ ruleId: null, timeoutMs: 30_000 })

/** Every place that says how a link stands. */
async function told(world: World) {
  const api = world.api()
  const metric = async (name: string): Promise<readonly string[]> =>
    (await api.metrics.text())
      .split('\n')
      .filter((line) => line.startsWith(`lockstep_link_${name}{`))
      .map((line) => line.slice(line.lastIndexOf(' ') + 1))
  return {
    states: api.overview.get().links.map(({ state }) => state.kind),
    counts: api.overview.get().links.map(({ notConverging }) => notConverging),
    named: ['r', 'back'].map((id) => api.rules.keys({ id }).flatMap(({ keys }) => keys.map(({ key }) => key))),
    metric: await metric('not_converging_count'),
    inStep: await metric('in_step'),
  }
}

const saying = (apart: readonly string[]) => ({
  states: ['not-converging', 'not-converging'],
  counts: [apart.length, apart.length],
  named: [apart, apart],
  metric: [String(apart.length), String(apart.length)],
  inStep: ['0', '0'],
})

describe.each([
  { a: 'mints', b: 'mints' },
  { a: 'adopts-minio', b: 'adopts-minio' },
] as const)('an opposite pair between a site that $a and one that $b', ({ a, b }) => {
  const sites = { a: { identity: a }, b: { identity: b } } as const

  test('is “not converging” over exactly the keys whose sides differ, also after a restart, until they are equal', async () => {
    const world = await startWorld({ ...sites, rules: [{}, back] })
    await world.settled()
    await Promise.all(names.flatMap((key) => [world.put(key, `a of ${key}`), putAtB(world, key, `b of ${key}`)]))
    const first = await wait(world)
    const apart = await keysApart(world)
    expect(first).toMatchObject({ settled: apart.length === 0, pending: 0, parked: 0, notConverging: apart.length })
    if (apart.length > 0) {
      await expect.poll(() => told(world)).toEqual(saying(apart))
      await world.stop()
      await world.start()
      for (const { state } of world.api().overview.get().links) expect(state.kind).not.toBe('in-step')
      await wait(world)
      await expect.poll(() => told(world)).toEqual(saying(apart))
    }
    for (const key of apart) await world.put(key, `once more ${key}`)
    await world.settled(40_000)
    await expect.poll(async () => (await told(world)).states, { timeout: 20_000 }).toEqual(['in-step', 'in-step'])
    expect([await keysApart(world), (await told(world)).counts, (await told(world)).inStep]).toEqual([
      [],
      [0, 0],
      ['1', '1'],
    ])
  })

  test('that is made over two buckets which differ finds every such key by its scan', async () => {
    const world = await startWorld({ ...sites, rules: [{ enabled: false }, { ...back, enabled: false }] })
    for (const key of names) {
      await world.put(key, `a of ${key}`)
      await putAtB(world, key, `b of ${key}`)
    }
    for (const id of ['r', 'back']) await world.api().rules.update({ ...ruleOf(world, id), enabled: true })
    const state = await wait(world)
    expect(state.notConverging).toBe((await keysApart(world)).length)
    // With one direction alone nothing could converge: what others wrote at the target is another question, and counted anew.
    await world.api().rules.update({ ...ruleOf(world, 'back'), enabled: false })
    const kinds = world.api().rules.keys({ id: 'r' })
    expect(kinds.map(({ kind }) => kind)).not.toContain('not-converging')
  })

  test('stays “in step” over keys that only one side writes at a time', async () => {
    const world = await startWorld({ ...sites, rules: [{}, back] })
    for (let turn = 0; turn < 3; turn++) {
      await world.put('shared', `a ${turn}`)
      await world.settled()
      await putAtB(world, 'shared', `b ${turn}`)
      await world.settled()
    }
    await remove(world.s3.b, 'shared')
    await world.settled()
    expect(await told(world)).toMatchObject({ states: ['in-step', 'in-step'], counts: [0, 0], named: [[], []] })
    expect(await differences(world)).toEqual([])
  })
})

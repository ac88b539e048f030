import { expect, test } from 'vitest'
import type { ScanReason, ScanResult } from '../../electron/engine/scan/port.ts'
import { World } from './scan-world.ts'

/** A world in step, with so many keys of two versions each, and what a scan of it keeps of its doubts. */
function inStep(keys: number, adopts = false) {
  const world = new World({ adopts, pageSize: 3, rule: { versionDeletes: true } })
  for (let n = 0; n < keys; n++) for (const content of ['1', '2']) world.source.add(`k${n}`, content, 0)
  for (const versions of world.source.keys.values()) for (const one of versions.toReversed()) world.replicate(one, true)
  world.clock.wind(60_000)
  let isDoubted = false
  const doubt = {
    read: async () => isDoubted,
    write: (now: boolean) => {
      isDoubted = now
      return Promise.resolve()
    },
  }
  const replicas = { sharesIds: () => adopts, passedOver: () => undefined, isReplica: () => Promise.resolve(true) }
  return {
    world,
    scan: async (reason: ScanReason = 'interval', prefix = ''): Promise<ScanResult & { readonly gone: number }> => {
      world.queued = []
      const signal = new AbortController().signal
      const result = await world.scanner({ doubt, replicas }).run({ reason, prefix, signal })
      return { ...result, gone: world.queued.filter(({ operation }) => operation === 'deleteVersion').length }
    },
  }
}

/** The side keeps its sorted listing until something is removed by the usual way. */
const listAnew = (world: World): void => world.source.remove('', '')

function empty(world: World): void {
  world.source.keys.clear()
  listAnew(world)
}

test.each([true, false])(
  'a source that has nothing of what was copied proves no version gone (ids kept: %s)',
  async (adopts) => {
    const { world, scan } = inStep(5, adopts)
    empty(world)
    expect(await scan()).toMatchObject({ gone: 0, doubt: { code: 'SOURCE_UNRECOGNIZED', site: 's' } })
  },
)

test('nor does one that got something new since, however often it is scanned', async () => {
  const { world, scan } = inStep(5)
  empty(world)
  await scan()
  world.source.add('new', 'x', world.clock.now())
  world.replicate(world.source.versions('new')[0]!, true)
  for (let again = 0; again < 2; again++) expect((await scan()).gone).toBe(0)
  expect((await scan()).doubt).toBeDefined()
})

test('one that is back with all that it had is believed again', async () => {
  const { world, scan } = inStep(5)
  const had = new Map(world.source.keys)
  empty(world)
  await scan()
  for (const [key, versions] of had) world.source.keys.set(key, versions)
  listAnew(world)
  expect((await scan()).doubt).toBeUndefined()
  const [, first] = world.source.versions('k1')
  world.source.remove('k1', first!.versionId)
  expect(await scan()).toMatchObject({ gone: 1 })
})

test('an operator who asks for a full pass confirms that it was emptied on purpose', async () => {
  const { world, scan } = inStep(5)
  empty(world)
  expect((await scan('resync')).gone).toBe(0)
  const confirmed = await scan('resync')
  expect([confirmed.gone, confirmed.doubt]).toEqual([10, undefined])
})

test('a source that still has one version of what was copied is believed about all others, wherever that lies', async () => {
  for (const kept of ['k0', 'k4']) {
    const { world, scan } = inStep(5)
    for (const key of world.source.keys.keys()) if (key !== kept) world.source.keys.delete(key)
    listAnew(world)
    expect(await scan()).toMatchObject({ gone: 8 })
  }
})

test('a scan of a part that has nothing left concludes nothing, and doubts nothing', async () => {
  const { world, scan } = inStep(5)
  world.source.keys.delete('k3')
  listAnew(world)
  const part = await scan('gap', 'k3')
  expect([part.gone, part.doubt]).toEqual([0, undefined])
  expect((await scan()).gone).toBe(2)
})

test.each([true, false])(
  'a source without versions is known by the content of what it still has (ids kept: %s)',
  async (adopts) => {
    const { world, scan } = inStep(0, adopts)
    for (const key of ['kept', 'lost']) {
      world.source.add(key, '1', 0, 'null')
      world.replicate(world.source.versions(key)[0]!, true)
    }
    world.clock.wind(60_000)
    world.source.remove('lost', 'null')
    await scan()
    expect(world.queued).toMatchObject([{ key: 'lost', operation: 'deleteMarker' }])
  },
)

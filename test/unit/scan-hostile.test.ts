import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ListRequest, VersionPage } from '../../electron/engine/store/port.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { World } from './scan-world.ts'

const never = new AbortController().signal

/** In step, and old enough that anything the source lacks would be taken for deleted. */
function inStep(keys: readonly string[]): World {
  const world = new World({ pageSize: 3, rule: { versionDeletes: true } })
  for (const key of keys) for (const content of ['1', '2']) world.source.add(key, content, 0)
  for (const versions of world.source.keys.values()) for (const one of versions.toReversed()) world.replicate(one, true)
  world.clock.wind(60_000)
  return world
}

type Lie = (page: VersionPage, request: ListRequest) => VersionPage

async function scanned(world: World, lie: Lie): Promise<string> {
  const list = (site: string, request: ListRequest): Promise<VersionPage> => {
    const page = (site === 's' ? world.source : world.target).list(request)
    return Promise.resolve(site === 's' && request.current === undefined ? lie(page, request) : page)
  }
  try {
    await world.scanner({ list }).run({ reason: 'interval', signal: never })
    return 'ended'
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code
    throw error
  }
}

describe('a source that lists otherwise than in key order is told, and shows nothing missing', () => {
  const lies: readonly (readonly [string, Lie])[] = [
    ['pages that go backwards', (page) => ({ ...page, entries: page.entries.toReversed() })],
    [
      'a page that begins with keys of the one before',
      (page, { from }) =>
        from === undefined ? page : { ...page, entries: [{ ...page.entries[0]!, key: 'a' }, ...page.entries] },
    ],
    [
      'a marker that leads back',
      (page, { from }) => (from === undefined ? page : { ...page, next: { keyMarker: 'a' } }),
    ],
    [
      'empty pages without an end',
      (page, { from }) => ({
        ...page,
        entries: [],
        next: { keyMarker: 'k', versionIdMarker: `${from?.versionIdMarker ?? ''}x` },
      }),
    ],
  ]
  test.each(lies)('%s', async (_, lie) => {
    const world = inStep(['a', 'b', 'c', 'd', 'e'])
    expect(await scanned(world, lie)).toBe('LISTING_UNORDERED')
  })
})

test('however the pages of a source are mixed, a scan either says so or takes no version for missing', async () => {
  const keys = ['a', 'a-1', 'a/b', 'ab', 'b', 'c']
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(keys, { minLength: keys.length }), async (order) => {
      const world = inStep(keys)
      const entries = order.flatMap((key) => world.source.versions(key))
      const lie: Lie = (_, { from }) => {
        const at = Number(from?.versionIdMarker ?? 0)
        const page = entries.slice(at, at + 4)
        const more = at + 4 < entries.length
        return {
          entries: page,
          folders: [],
          next: more ? { keyMarker: page.at(-1)!.key, versionIdMarker: String(at + 4) } : null,
        }
      }
      const end = await scanned(world, lie)
      const isSorted = order.every((key, index) => key === keys[index])
      // Keys that come too early were left out before: whichever is noticed first.
      expect(isSorted ? ['ended'] : ['LISTING_UNORDERED', 'LISTING_INCOMPLETE']).toContain(end)
    }),
    { numRuns: 200 },
  )
})

test('a key whose order the source does not tell is looked at by a worker, and holds no other key back', async () => {
  const world = new World({ rule: { versionDeletes: true } })
  for (const key of ['a', 'b', 'c']) {
    world.source.add(key, '1', 0)
    world.source.add(key, null, 0)
  }
  for (const version of world.source.versions('b').toReversed()) world.replicate(version, true)
  world.target.sink('b')
  world.clock.wind(60_000)
  const list = (site: string, request: ListRequest): Promise<VersionPage> =>
    Promise.resolve(site === 's' ? { ...world.source.list(request), undecided: ['b'] } : world.target.list(request))
  await world.scanner({ list }).run({ reason: 'interval', signal: never })
  expect(world.queued.map(({ key, versionId, absentSeenAt }) => [key, versionId, absentSeenAt > 0])).toEqual([
    ['a', 's1', true],
    ['a', 's2', true],
    ['b', 's4', false],
    ['c', 's5', true],
    ['c', 's6', true],
  ])
})

test('a source that leaves keys out is told, its checkpoint forgotten, and every later scan looks at all of it until it is mended', async () => {
  const world = inStep(Array.from({ length: 400 }, (_, index) => `k${String(index).padStart(3, '0')}`))
  let isMended = false
  let lastScan = 1
  const list = (site: string, request: ListRequest): Promise<VersionPage> => {
    const page = (site === 's' ? world.source : world.target).list(request)
    const isWhole = site !== 's' || request.current === true || isMended
    return Promise.resolve(isWhole ? page : { ...page, entries: page.entries.filter(({ key }) => key !== 'k200') })
  }
  const scanner = world.scanner({
    list,
    lastScan: { read: async () => lastScan, write: (at) => Promise.resolve(void (lastScan = at)) },
  })
  const end = (): Promise<string> =>
    scanner.run({ reason: 'interval', signal: never }).then(
      () => 'ended',
      (error: unknown) => (error instanceof FaultError ? error.fault.code : 'other'),
    )
  const ends: string[] = []
  // Scans that came after a first one check a sixteenth of the pages each, another each time.
  for (let turn = 0; turn < 16; turn++) {
    world.queued = []
    ends.push(await end())
    // What a worker would only have been asked to prove is not even asked any more.
    if (ends.includes('LISTING_INCOMPLETE')) expect(world.queued).toEqual([])
  }
  const first = ends.indexOf('LISTING_INCOMPLETE')
  expect(first).toBeGreaterThanOrEqual(0)
  expect(new Set(ends.slice(first))).toEqual(new Set(['LISTING_INCOMPLETE']))
  expect(world.checkpoint).toBeNull()
  isMended = true
  expect(await end()).toBe('ended')
})

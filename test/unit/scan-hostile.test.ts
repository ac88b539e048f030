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
    return Promise.resolve(site === 's' ? lie(page, request) : page)
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
      expect(end).toBe(isSorted ? 'ended' : 'LISTING_UNORDERED')
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

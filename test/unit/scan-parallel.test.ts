import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import type { Span } from '../../electron/engine/scan/checkpoint.ts'
import { splitKey } from '../../electron/engine/scan/split-key.ts'
import type { ScannerOptions } from '../../electron/engine/scan/port.ts'
import { FaultError, fault } from '../../shared/model/fault.ts'
import { World } from './scan-world.ts'

const never = new AbortController().signal
type Later = <T>(answer: () => T) => Promise<T>

/** The scanner's way to the world's sites, where each answer comes when `later` lets it. */
const asked = (world: World, later: Later): Pick<ScannerOptions, 'list'> => ({
  list: (site, request) => later(() => (site === 's' ? world.source : world.target).list(request)),
})

/** Sites that say nothing of their folders. */
const flat = (world: World): Pick<ScannerOptions, 'list'> => ({
  list: (site, request) =>
    request.delimiter === undefined
      ? Promise.resolve((site === 's' ? world.source : world.target).list(request))
      : Promise.resolve({ entries: [], next: null, folders: [] }),
})

const tasksByKey = (world: World): Record<string, readonly (string | null)[]> =>
  Object.fromEntries(
    [...Map.groupBy(world.queued, ({ key }) => key)].map(([key, tasks]) => [key, tasks.map((task) => task.versionId)]),
  )

const part = fc.constantFrom('a', 'b', 'z', 'é', '\u{1F600}', '\uFF01', '')
const key = fc
  .array(part, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((joined) => joined !== '')
const keys = fc.array(fc.record({ key, versions: fc.integer({ min: 1, max: 3 }), there: fc.boolean() }), {
  minLength: 20,
  maxLength: 120,
})

function build(all: readonly { key: string; versions: number; there: boolean }[], world: World): void {
  for (const { key: name, versions, there } of all) {
    for (let i = 0; i < versions; i++) {
      world.source.add(name, `${i}`, world.clock.now())
      if (there) world.replicate(world.source.versions(name)[0]!, true)
    }
  }
}

/** `folders` folders of `each` keys, none of them at the target. */
const folders = (world: World, count: number, each: number): void => {
  for (let i = 0; i < count * each; i++) {
    world.source.add(`tree/${String(i % count).padStart(3, '0')}/${String(i).padStart(6, '0')}`, 'x', 0)
  }
}

describe('a scan that reads several folders at a time', () => {
  test('finds what one that reads them in order finds, and looks at each key once, whichever answer comes first', async () => {
    const options = fc.record({ pageSize: fc.integer({ min: 1, max: 3 }), prefix: fc.constantFrom('', 'a', 'a/') })
    await fc.assert(
      fc.asyncProperty(keys, options, fc.scheduler(), async (all, { pageSize, prefix }, order) => {
        const world = new World({ pageSize, rule: { filter: { prefix, exclude: [], tags: {} } } })
        build(all, world)
        const { keys: count } = await world.scanner(flat(world)).run({ reason: 'interval', signal: never })
        const wanted = tasksByKey(world)
        world.queued = []
        const later: Later = (answer) => order.schedule(Promise.resolve()).then(answer)
        const run = world.scanner(asked(world, later)).run({ reason: 'interval', signal: never })
        const result = await order.waitFor(run)
        expect(tasksByKey(world)).toEqual(wanted)
        expect(result.keys).toBe(count)
      }),
      { numRuns: 200 },
    )
  })

  test('goes on after a fault without losing a key or counting one twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 12, max: 90 }), fc.scheduler(), async (faultAt, order) => {
        const world = new World({ pageSize: 5 })
        folders(world, 10, 40)
        let answers = 0
        const later: Later = (answer) =>
          order.schedule(Promise.resolve()).then(() => {
            world.clock.wind(1000)
            if (++answers === faultAt) throw new FaultError(fault('SERVER_ERROR', 'ListObjectVersions: 500'))
            return answer()
          })
        const first = world.scanner(asked(world, later)).run({ reason: 'start', signal: never })
        await order.waitFor(
          first.then(
            () => undefined,
            () => undefined,
          ),
        )
        const result = await world.scanner().run({ reason: 'start', signal: never })
        expect(new Set(world.queued.map((task) => task.key)).size).toBe(400)
        expect(result.keys).toBe(400)
      }),
      { numRuns: 25 },
    )
  })

  test('never leaves a key out of its checkpoint whose task is not durable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (order) => {
        const world = new World({ pageSize: 5 })
        folders(world, 10, 40)
        const later: Later = (answer) =>
          order.schedule(Promise.resolve()).then(() => {
            world.clock.wind(1000)
            return answer()
          })
        const forgotten: string[] = []
        const covered = ({ after, until }: Span, name: string): boolean =>
          (after === null || after < name) && (until === null || name <= until)
        const scanner = world.scanner({
          ...asked(world, later),
          enqueue: (tasks) => later(() => void world.queued.push(...tasks)),
          checkpoint: {
            read: async () => null,
            write: (value) => {
              const durable = new Set(world.queued.map((task) => task.key))
              const spans = value?.spans ?? []
              const lost = [...world.source.keys.keys()].filter(
                (name) => !durable.has(name) && !spans.some((span) => covered(span, name)),
              )
              forgotten.push(...lost)
              return Promise.resolve()
            },
          },
        })
        await order.waitFor(scanner.run({ reason: 'start', signal: never }))
        expect(forgotten).toEqual([])
      }),
      { numRuns: 25 },
    )
  })

  test('has four listings of the source under way at once, and asks nothing more of a small bucket', async () => {
    const most = async (count: number, each: number): Promise<{ atOnce: number; questions: number }> => {
      const world = new World({ pageSize: 10 })
      folders(world, count, each)
      let atOnce = 0
      let underWay = 0
      let questions = 0
      const scanner = world.scanner({
        list: async (site, request) => {
          const isPage = site === 's' && request.delimiter === undefined && request.current === undefined
          if (request.delimiter !== undefined) questions += 1
          else if (isPage) atOnce = Math.max(atOnce, ++underWay)
          await new Promise(setImmediate)
          if (isPage) underWay -= 1
          return (site === 's' ? world.source : world.target).list(request)
        },
      })
      await scanner.run({ reason: 'interval', signal: never })
      expect(new Set(world.queued.map((task) => task.key)).size).toBe(count * each)
      return { atOnce, questions }
    }
    expect((await most(40, 25)).atOnce).toBe(4)
    expect(await most(5, 10)).toEqual({ atOnce: 1, questions: 0 })
  })

  test('goes on alone where the site refuses to list folders', async () => {
    const world = new World({ pageSize: 5 })
    folders(world, 10, 20)
    const scanner = world.scanner({
      list: (site, request) =>
        request.delimiter === undefined
          ? flat(world).list(site, request, never)
          : Promise.reject(new FaultError(fault('ACCESS_DENIED', 'ListObjectVersions: 403'))),
    })
    expect(await scanner.run({ reason: 'interval', signal: never })).toMatchObject({ keys: 200, differences: 200 })
  })

  test('ends whole: nothing is asked or journaled after an abort', async () => {
    const world = new World({ pageSize: 5 })
    folders(world, 20, 40)
    const stop = new AbortController()
    let questions = 0
    const scanner = world.scanner({
      ...asked(world, async (answer) => {
        questions += 1
        await new Promise(setImmediate)
        return answer()
      }),
    })
    const run = scanner.run({
      reason: 'start',
      signal: stop.signal,
      onProgress: ({ keys: seen }) => seen > 200 && stop.abort(new Error('enough')),
    })
    await expect(run).rejects.toThrow('enough')
    const before = { questions, queued: world.queued.length }
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect({ questions, queued: world.queued.length }).toEqual(before)
  })
})

describe('where the rest of a listing is cut in two', () => {
  const tree: Readonly<Record<string, readonly string[]>> = {
    '': ['data/', 'logs/'],
    'data/': ['data/2024/', 'data/2025/', 'data/2026/'],
    'logs/': ['logs/a/', 'logs/b/'],
  }
  const cut = (after: string, until: string | null, prefix = '', more = false): Promise<string | null> =>
    splitKey({ after, until }, prefix, (level) =>
      Promise.resolve({ folders: tree[level] ?? [], next: more ? { keyMarker: 'more' } : null }),
    )

  test('at the outermost folders ahead, in their middle', async () => {
    expect(await cut('data/2024/x', null)).toBe('logs/')
    expect(await cut('data/2024/x', null, 'data/')).toBe('data/2026/')
    expect(await cut('data/2024/x', 'logs/')).toBe('data/2026/')
  })

  test('at the last known one where the site has more', async () => {
    expect(await cut('data/', null, 'data/', true)).toBe('data/2026/')
  })

  test('nowhere, where no folder lies between here and the end', async () => {
    expect(await cut('logs/b/x', null)).toBeNull()
    expect(await cut('data/2026/x', 'logs/')).toBeNull()
    expect(await cut('readme', null)).toBeNull()
  })
})

import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { compareKeys } from '../../electron/engine/base/key-order.ts'
import { align } from '../../electron/engine/replicate/versions/align.ts'
import type { ListRequest, VersionEntry, VersionPage } from '../../electron/engine/store/port.ts'
import { FaultError, fault } from '../../shared/model/fault.ts'
import { World, type Side } from './scan-world.ts'

const never = new AbortController().signal
const brief = (tasks: Readonly<World['queued']>) =>
  tasks.map((task) => `${task.operation} ${task.key} ${task.versionId}${task.absentSeenAt > 0 ? ' fresh' : ''}`)

/** One version of a random history: which key, what content (null: a delete marker), and what the target has of it. */
const event = fc.record({
  key: fc.constantFrom('a', 'a/b', 'ab', 'é', '\u{1F600}', '\uFF01', 'z'),
  content: fc.option(fc.constantFrom('x', 'y', 'zz'), { nil: null, freq: 3 }),
  null: fc.boolean(),
  at: fc.constantFrom('nothing', 'known', 'unknown', 'foreign-too', 'known-below'),
})
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

function build(events: readonly Event[], world: World, useNull: boolean): void {
  for (const { key, content, null: isNull } of events) {
    world.clock.wind(1)
    world.source.add(key, content, world.clock.now(), useNull && isNull ? 'null' : undefined)
  }
  const seen = new Map<string, number>()
  for (const { key, at, content } of events) {
    const nth = seen.get(key) ?? 0
    seen.set(key, nth + 1)
    const version = world.source.versions(key).toReversed()[nth]
    if (version === undefined || at === 'nothing') continue
    if (at === 'foreign-too') world.target.add(key, `foreign ${content}`, world.clock.now())
    world.replicate(version, at !== 'unknown')
    if (at === 'known-below' && !useNull) world.target.sink(key)
  }
}

const leftOver = (world: World) =>
  [...world.source.keys].flatMap(([key, versions]) => {
    const target = world.target.versions(key)
    const { pairs, missing } = align(versions, target, world.pairs.get(key) ?? [])
    // Look-alikes that changed places are in order for whoever reads them.
    const ours = pairs.map(([version]) => version.etag)
    const theirs = pairs.map(([, replica]) => replica).sort((a, b) => target.indexOf(b) - target.indexOf(a))
    const inOrder = theirs.every(({ etag }, index) => etag === ours[index])
    return [...missing.map((entry) => `${key} ${entry.versionId}`), ...(inOrder ? [] : [`${key} disorder`])]
  })

const worlds = fc.record({ adopts: fc.boolean(), pageSize: fc.integer({ min: 1, max: 6 }) })

describe('a merge scan', () => {
  test('brings any target that lags behind in step with its source, in order, and is quiet afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), worlds, async (events, options) => {
        const world = new World(options)
        build(events, world, false)
        for (const task of await world.scan()) world.apply(task)
        expect(leftOver(world)).toEqual([])
        expect(brief(await world.scan())).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  test('leaves nothing missing where null versions were overwritten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 20 }), worlds, async (events, options) => {
        const world = new World(options)
        build(events, world, true)
        for (const task of await world.scan()) world.apply(task)
        for (const task of await world.scan()) world.apply(task)
        expect(leftOver(world).filter((line) => !line.endsWith('disorder'))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('never calls a version absent that the target may have, or that must go below another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), worlds, async (events, options) => {
        const world = new World(options)
        build(events, world, false)
        for (const task of await world.scan()) {
          if (task.absentSeenAt === 0) continue
          const target = world.target.versions(task.key)
          const source = world.source.versions(task.key)
          const { pairs, extra } = align(source, target, world.pairs.get(task.key) ?? [])
          const place = source.findIndex((entry) => entry.versionId === task.versionId)
          expect(extra).toEqual([])
          expect(pairs.every(([entry]) => source.indexOf(entry) > place)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('keys are compared by their UTF-8 bytes, beyond the basic plane too', () => {
  const unit = fc.constantFrom('a', 'b', '/', 'é', '\uD7FF', '\uE000', '\uFFFD', '\u{10000}', '\u{10FFFF}')
  const key = fc.string({ unit, maxLength: 6 })
  fc.assert(
    fc.property(key, key, (a, b) => Math.sign(compareKeys(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b))),
    { numRuns: 2000 },
  )
})

test('versions of a key go out oldest first, fresh when the target has nothing unexplained', async () => {
  const world = new World({ pageSize: 2 })
  for (const content of ['1', '2', null, '3']) world.source.add('k', content, world.clock.now())
  world.source.add('seen', '1', 0)
  world.target.add('seen', 'of somebody else', 0)
  expect(brief(await world.scan())).toEqual([
    'put k s1 fresh',
    'put k s2 fresh',
    'deleteMarker k s3 fresh',
    'put k s4 fresh',
    'put seen s5',
  ])
})

test('a version that the journal knows as copied is looked at, however surely the listing lacks it', async () => {
  const world = new World()
  for (const key of ['copied', 'new']) world.source.add(key, '1', 0)
  world.replicate(world.source.versions('copied')[0]!, true)
  world.target.keys.delete('copied')
  await world.scan()
  expect(brief(world.queued)).toEqual(['put copied s1', 'put new s2 fresh'])
})

test('where ids are shared, a look-alike that is not younger is looked at, for it may be of a version that is gone', async () => {
  const world = new World({ adopts: true, rule: { versionDeletes: true } })
  world.source.add('kept', 'x', 0)
  world.replicate(world.source.versions('kept')[0]!, true)
  for (const key of ['copied by another tool', 'of one that is gone']) world.source.add(key, 'same', 10_000)
  world.target.add('copied by another tool', 'same', 20_000)
  world.target.add('of one that is gone', 'same', 9000)
  const replicas = { sharesIds: () => true, passedOver: () => undefined, isReplica: () => Promise.resolve(true) }
  await world.scanner({ replicas }).run({ reason: 'interval', signal: new AbortController().signal })
  expect(brief(world.queued)).toEqual(['put of one that is gone s3', 'deleteVersion of one that is gone t2'])
})

test('the absence of a version is dated by the page of the target that shows it', async () => {
  const world = new World({ pageSize: 1 })
  world.source.add('b', '1', 0)
  world.target.add('a', 'extra', 0)
  world.target.add('c', 'extra', 0)
  const asked = new Map<string, number>()
  const list: Parameters<World['scanner']>[0] = {
    list: (site, request) => {
      world.clock.wind(10)
      const page = (site === 's' ? world.source : world.target).list(request)
      for (const entry of page.entries) asked.set(`${site}/${entry.key}`, world.clock.now())
      return Promise.resolve(page)
    },
  }
  await world.scanner(list).run({ reason: 'interval', signal: never })
  expect(world.queued[0]!.absentSeenAt).toBeLessThanOrEqual(asked.get('t/c')!)
  expect(world.queued[0]!.absentSeenAt).toBeGreaterThanOrEqual(asked.get('t/a')!)
})

test('and where a site goes on with the listing that it began, as MinIO does, by when that was', async () => {
  const world = new World({ pageSize: 1 })
  world.source.add('c', '1', 0)
  for (const key of ['a', 'b', 'd']) world.target.add(key, 'extra', 0)
  let copiedAt = 0
  let snapshot: readonly VersionPage[] | null = null
  const target = (request: ListRequest): VersionPage => {
    snapshot ??= pagesOf(world.target)
    const page = snapshot[Number(request.from?.cursor ?? 0)]!
    if (page.entries[0]?.key === 'b') {
      copiedAt = world.clock.now()
      world.target.add('c', '1', copiedAt)
    }
    return page
  }
  const list: Parameters<World['scanner']>[0] = {
    list: (site, request) => {
      world.clock.wind(10)
      return Promise.resolve(site === 's' ? world.source.list(request) : target(request))
    },
  }
  await world.scanner(list).run({ reason: 'interval', signal: never })
  expect(brief(world.queued)).toEqual(['put c s1 fresh'])
  expect(world.queued[0]!.absentSeenAt).toBeLessThan(copiedAt)
})

/** One entry each; a cursor leads to the next. */
const pagesOf = (side: Side): readonly VersionPage[] =>
  [...side.keys.values()].flat().map((entry, at, all) => ({
    entries: [entry],
    next: at + 1 === all.length ? null : { keyMarker: entry.key, cursor: String(at + 1) },
    folders: [],
  }))

describe('a rule’s switches', () => {
  test('markers off: markers are left out, the versions around them are not', async () => {
    const world = new World({ rule: { deleteMarkers: false } })
    for (const content of ['1', null, '2']) world.source.add('k', content, 0)
    expect(brief(await world.scan())).toEqual(['put k s1 fresh', 'put k s3 fresh'])
  })

  test('without existing objects only versions from the rule’s start on are copied', async () => {
    const world = new World({ rule: { existingObjects: false }, ruleStartedAt: 100 })
    world.source.add('k', 'old', 99)
    world.source.add('k', 'new', 100)
    expect(brief(await world.scan())).toEqual(['put k s2 fresh'])
  })

  test('prefix and excludes bound what is listed and what is copied', async () => {
    const world = new World({ rule: { filter: { prefix: 'in/', exclude: ['**.tmp'], tags: {} } } })
    for (const key of ['in/1', 'in/2.tmp', 'out/1']) world.source.add(key, '1', 0)
    expect(brief(await world.scan())).toEqual(['put in/1 s1 fresh'])
    expect(new Set(world.source.asked.map((request) => request.prefix))).toEqual(new Set(['in/']))
  })

  test.each([0, 60_000])('version deletes are repeated only for replicas that are known, %d ms old', async (ageMs) => {
    const world = new World({ rule: { versionDeletes: true } })
    const id = world.source.add('k', '1', 0)
    world.replicate(world.source.versions('k')[0]!, true)
    world.target.add('foreign', 'x', 0)
    world.source.remove('k', id)
    world.clock.wind(ageMs)
    const tasks = await world.scan()
    expect(brief(tasks)).toEqual([`deleteVersion k ${id}`])
    world.apply(tasks[0]!)
    expect(world.target.versions('k')).toEqual([])
  })

  test('what is written and copied after the source’s page was read is not taken for gone', async () => {
    const world = new World({ rule: { versionDeletes: true } })
    world.source.add('k', '1', 0)
    world.replicate(world.source.versions('k')[0]!, true)
    let between = (): void => {
      world.source.add('k', '2', world.clock.now())
      world.replicate(world.source.versions('k')[0]!, true)
      between = () => undefined
    }
    const list: Parameters<World['scanner']>[0] = {
      list: (site, request) => {
        const page = (site === 's' ? world.source : world.target).list(request)
        if (site === 's') between()
        return Promise.resolve(page)
      },
    }
    await world.scanner(list).run({ reason: 'interval', signal: never })
    expect([world.target.versions('k').length, brief(world.queued)]).toEqual([2, []])
  })

  test('metadata is suspected when the source is newer than its replica by more than the clocks allow', async () => {
    const world = new World()
    const id = world.source.add('k', '1', 0)
    world.replicate(world.source.versions('k')[0]!, true)
    const touched: VersionEntry = { ...world.source.versions('k')[0]!, modifiedAt: world.clock.now() + 1500 }
    world.source.keys.set('k', [touched])
    expect(brief(await world.scan())).toEqual([`metadata k ${id}`])
    await world.scanner({ skewMs: () => 1000 }).run({ reason: 'interval', signal: never })
    expect(world.queued).toHaveLength(1)
  })
})

describe('a scan that is cut short', () => {
  const filled = (): World => {
    const world = new World({ pageSize: 1000 })
    for (let i = 0; i < 25_000; i++) world.source.add(`k${String(i).padStart(6, '0')}`, 'x', 0)
    return world
  }
  const failing = (world: World, calls: number): Parameters<World['scanner']>[0] => ({
    list: (site, request) => {
      if (site === 's' && request.delimiter === undefined && request.current === undefined && calls-- === 0) {
        throw new FaultError(fault('BUCKET_MISSING', 'ListObjectVersions: there is no such bucket'))
      }
      return Promise.resolve((site === 's' ? world.source : world.target).list(request))
    },
  })

  test('throws the fault, and goes on at its checkpoint without losing a key', async () => {
    const world = filled()
    const scanner = world.scanner(failing(world, 18))
    await expect(scanner.run({ reason: 'start', signal: never })).rejects.toMatchObject({
      fault: { code: 'BUCKET_MISSING' },
    })
    expect(world.checkpoint).toMatchObject({ prefix: '' })
    const cut = world.queued.length
    const result = await world.scanner().run({ reason: 'start', signal: never })
    expect({ resumed: result.resumed, keys: result.keys, cutShort: cut > 5000 && cut < 25_000 }).toEqual({
      resumed: true,
      keys: 25_000,
      cutShort: true,
    })
    expect(new Set(world.queued.map((task) => task.key)).size).toBe(25_000)
    expect(world.checkpoint).toBeNull()
  })

  test('never left a checkpoint behind a difference that was not journaled', async () => {
    const world = new World({ pageSize: 10 })
    for (let i = 0; i < 300; i++) world.source.add(`k${String(i).padStart(3, '0')}`, 'x', 0)
    let pages = 0
    const slow: Parameters<World['scanner']>[0] = {
      list: (site, request) => {
        world.clock.wind(3000)
        if (++pages > 20) throw new FaultError(fault('SERVER_ERROR', 'ListObjectVersions: 500'))
        return Promise.resolve((site === 's' ? world.source : world.target).list(request))
      },
    }
    await expect(world.scanner(slow).run({ reason: 'start', signal: never })).rejects.toThrow('500')
    expect(world.checkpoint).toMatchObject({ spans: [{ after: expect.stringMatching(/^k/) as string }] })
    await world.scanner().run({ reason: 'start', signal: never })
    expect(new Set(world.queued.map((task) => task.key)).size).toBe(300)
  })

  test('by its signal rejects with the signal’s reason', async () => {
    const world = filled()
    const stop = new AbortController()
    const run = world
      .scanner()
      .run({ reason: 'start', signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) })
    await expect(run).rejects.toThrow('enough')
  })
})

test('a scan waits while the link’s backlog is above its limit', async () => {
  const world = new World({ pageSize: 1000 })
  for (let i = 0; i < 3000; i++) world.source.add(`k${i}`, 'x', 0)
  let backlog = 11
  const scanner = world.scanner({ backlogCount: () => backlog, backlogLimit: 10 })
  const run = scanner.run({ reason: 'start', signal: never })
  for (let i = 0; i < 50; i++) await Promise.resolve()
  expect(world.queued).toEqual([])
  backlog = 0
  world.clock.wind(1000)
  await run
  expect(world.queued).toHaveLength(3000)
})

test('a version parked with a fault is taken up again by a resync only', async () => {
  const world = new World()
  world.source.add('k', '1', 0)
  const scanner = world.scanner({ isParked: (key, versionId) => key === 'k' && versionId === 's1' })
  await scanner.run({ reason: 'interval', signal: never })
  expect(world.queued).toEqual([])
  await scanner.run({ reason: 'resync', prefix: 'k', signal: never })
  expect(brief(world.queued)).toEqual(['put k s1 fresh'])
})

test('a listing that goes backwards is refused, for the merge would see absences that are none', async () => {
  const world = new World()
  for (const key of ['a', 'b', 'c']) world.source.add(key, '1', 0)
  const backwards: Parameters<World['scanner']>[0] = {
    list: (site, request) => {
      const page = (site === 's' ? world.source : world.target).list(request)
      return Promise.resolve({ ...page, entries: page.entries.toReversed() })
    },
  }
  const run = world.scanner(backwards).run({ reason: 'start', signal: never })
  await expect(run).rejects.toMatchObject({ fault: { code: 'LISTING_UNORDERED' } })
})

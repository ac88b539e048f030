import { test, expect, describe } from 'vitest'
import * as fc from 'fast-check'
import { ruleSchema, type RuleInput } from '../../shared/model/rule.ts'
import { decide, indexRules } from '../../electron/engine/rule/decide.ts'
import { LiveKeys } from '../../electron/engine/brake/live-keys.ts'
import { tripsOn } from '../../electron/engine/brake/overwrite-brake.ts'
import { releasedBrake, stepBrake, type BrakeEvent } from '../../electron/engine/brake/delete-brake.ts'
import { matchesGlob } from '../../electron/engine/rule/glob.ts'
import { linksOf } from '../../electron/engine/rule/link.ts'
import { matchesTags } from '../../electron/engine/rule/match.ts'
import { refusalOf, validateRules } from '../../electron/engine/rule/validate.ts'

const rule = (more: Partial<RuleInput> = {}) =>
  ruleSchema.parse({
    id: 'r1',
    source: { site: 'a', bucket: 'photos' },
    targets: [{ site: 'b', bucket: 'photos' }],
    ...more,
  })

describe('exclude globs', () => {
  test.each([
    ['*.tmp', 'a.tmp', true],
    ['*.tmp', 'x/a.tmp', false],
    ['**.tmp', 'x/y/a.tmp', true],
    ['**/*.tmp', 'a.tmp', false],
    ['logs/**', 'logs/', true],
    ['logs/**', 'logs', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a?c', 'a😀c', true],
    ['a*b*c', 'aXbYbZc', true],
    ['**/x*y/**z', 'p/q/xry/xaby/1/z', true],
    ['(a|b)+.[x]', '(a|b)+.[x]', true],
    ['', '', true],
    ['', 'a', false],
  ])('%s on %s is %s', (glob, key, expected) => {
    expect(matchesGlob(glob, key)).toBe(expected)
  })

  test('agree with a regular expression on any small pattern and key', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '**', '?')
    const regexOf = (glob: string): RegExp =>
      new RegExp(`^${glob.replace(/\*\*|\*|\?/g, (w) => (w === '**' ? '.*' : w === '*' ? '[^/]*' : '[^/]'))}$`, 's')
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 7 }).map((p) => p.join('').replaceAll(/\*{3,}/g, '**')),
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 }),
        (glob, key) => matchesGlob(glob, key) === regexOf(glob).test(key),
      ),
      { numRuns: 3000 },
    )
  })

  test('a hostile pattern ends in time', () => {
    const started = performance.now()
    expect(matchesGlob('**a**a**a**a**a**a**a**a**b', 'a'.repeat(1024))).toBe(false)
    expect(performance.now() - started).toBeLessThan(200)
  })
})

test('a change goes to every link of every enabled rule that covers it and wants it', () => {
  const targets = ['b', 'c'].map((site) => ({ site, bucket: 'photos' }))
  const rules = [
    rule({ targets, versionDeletes: true }),
    rule({ id: 'r2', filter: { prefix: 'raw/', exclude: ['**.tmp'] }, deleteMarkers: false, metadata: false }),
    rule({ id: 'off', enabled: false }),
    rule({ id: 'other', source: { site: 'a', bucket: 'papers' } }),
  ]
  const index = indexRules(rules)
  const linksFor = (key: string, operation: 'put' | 'metadata' | 'deleteMarker' | 'deleteVersion') =>
    decide(index, { site: 'a', bucket: 'photos' }, { key, operation }).map((link) => link.linkId)
  const first = ['r1/b/photos', 'r1/c/photos']
  expect({
    covered: linksFor('raw/1', 'put'),
    excluded: linksFor('raw/x/1.tmp', 'put'),
    outside: linksFor('jpg/1', 'put'),
    marker: linksFor('raw/1', 'deleteMarker'),
    metadata: linksFor('raw/1', 'metadata'),
    purge: linksFor('raw/1', 'deleteVersion'),
    nobody: decide(index, { site: 'b', bucket: 'photos' }, { key: 'raw/1', operation: 'put' }),
  }).toEqual({
    covered: [...first, 'r2/b/photos'],
    excluded: first,
    outside: first,
    marker: first,
    metadata: first,
    purge: first,
    nobody: [],
  })
})

test('a link keeps its id when targets change places', () => {
  const b = { site: 'b', bucket: 'x-1' }
  const c = { site: 'c', bucket: 'x-1' }
  const ids = (targets: RuleInput['targets']) => linksOf(rule({ targets })).map((link) => link.linkId)
  expect(ids([b, c])).toEqual(ids([c, b]).toReversed())
})

test('all tags of a filter must be on the version', () => {
  const filter = { tags: { team: 'web', keep: 'yes' } }
  expect([
    matchesTags(filter, { team: 'web', keep: 'yes', more: '1' }),
    matchesTags(filter, { team: 'web' }),
    matchesTags({ tags: {} }, {}),
    matchesTags({ tags: { constructor: 'x' } }, {}),
  ]).toEqual([true, false, true, false])
})

describe('a set of rules', () => {
  const sites = ['a', 'b', 'c'].map((id) => ({ id, endpoint: `https://${id}.example.org` }))
  const found = (rules: Parameters<typeof validateRules>[0], at = sites) =>
    validateRules(rules, at).map(({ level, path, value }) => `${level} ${path} ${value}`)

  test('that is sound has nothing to say', () => {
    expect(
      found([
        rule(),
        rule({
          id: 'r2',
          filter: { prefix: 'x/' },
          source: { site: 'c', bucket: 'other' },
          targets: [{ site: 'b', bucket: 'other' }],
        }),
      ]),
    ).toEqual([])
  })

  test('is refused with path, value and remedy for each error', () => {
    const rules = [
      rule({ filter: { tags: { team: 'web' } } }),
      rule({ targets: [{ site: 'nowhere', bucket: 'photos' }] }),
      rule({ id: 'self', targets: [{ site: 'a', bucket: 'photos' }] }),
    ]
    expect(found(rules)).toEqual([
      'error rules.1.id r1',
      'error rules.1.targets.0.site nowhere',
      'error rules.0.filter.tags team',
      'error rules.2.targets.0 https://a.example.org/photos',
    ])
    expect(refusalOf(validateRules(rules, sites))?.message).toContain('rules.1.targets.0.site: “nowhere”')
  })

  test('knows one endpoint under two names', () => {
    const twice = [...sites, { id: 'alias', endpoint: 'https://a.example.org:443/' }]
    expect(found([rule({ targets: [{ site: 'alias', bucket: 'photos' }] })], twice)).toHaveLength(1)
  })

  test('may not copy the same keys the same way twice', () => {
    const r2 = rule({ id: 'r2', filter: { prefix: 'raw/' } })
    const apart = rule({ id: 'r3', filter: { prefix: 'jpg/', exclude: ['**.tmp'] } })
    expect(found([rule(), r2])).toEqual(['error rules.1.targets.0 https://b.example.org/photos'])
    expect(found([r2, apart])).toEqual([])
    expect(found([rule(), apart])).toEqual(['warning rules.1.targets.0 https://b.example.org/photos'])
  })

  test('is warned of two sources for one target, and told of chains and two-way pairs', () => {
    const other = rule({ id: 'r2', source: { site: 'c', bucket: 'photos' } })
    const from = { source: { site: 'b', bucket: 'photos' } }
    const back = rule({ id: 'back', ...from, targets: [{ site: 'a', bucket: 'photos' }] })
    const on = rule({ id: 'on', ...from, targets: [{ site: 'c', bucket: 'photos' }] })
    expect(found([rule(), other])).toEqual(['warning rules.1.targets.0 https://b.example.org/photos'])
    expect(found([rule(), back])).toEqual([
      'warning rules.0.targets.0 https://b.example.org/photos',
      'warning rules.1.targets.0 https://a.example.org/photos',
    ])
    expect(found([rule(), { ...back, enabled: false }])).toEqual([])
    expect(found([on, rule()])).toEqual(['note rules.0.targets.0 https://c.example.org/photos'])
  })
})

describe('the delete brake', () => {
  const brake = { count: 10, share: 0.5, windowMs: 1000, bucketShare: 1 }
  const run = (events: readonly BrakeEvent[]) => events.reduce((s, e) => stepBrake(s, e, brake), releasedBrake)
  const changes = (at: number, deletes: number, others = 0): BrakeEvent => ({ type: 'changes', at, deletes, others })

  test('trips when both number and share are exceeded in the window, and stays so until released', () => {
    expect(run([changes(0, 10)]).trip).toBeNull()
    expect(run([changes(0, 6), changes(900, 5)]).trip).toEqual({ at: 900, deletes: 11, changes: 11, from: 0, of: null })
    expect(run([changes(0, 6), changes(2000, 5)]).trip).toBeNull()
    expect(run([changes(0, 11, 11)]).trip).toBeNull()
    expect(run([changes(0, 11), changes(9000, 0, 100)]).trip).not.toBeNull()
    expect(run([changes(0, 11), { type: 'release' }, changes(1, 10)]).trip).toBeNull()
  })

  test('trips when the bucket lost more than its share of what it held, however few that are, and not on a handful', () => {
    const small = { count: 1000, share: 0.5, windowMs: 1000, bucketShare: 0.5 }
    const from = (live: number, events: readonly BrakeEvent[]) =>
      events.reduce((s, e) => stepBrake(s, e, small), stepBrake(releasedBrake, scanned(live), small)).trip
    const scanned = (live: number): BrakeEvent => ({ type: 'scanned', held: { live, versions: live } })
    const brought: BrakeEvent = { type: 'brought', live: 1 }
    expect(from(300, [changes(0, 150)])).toBeNull()
    expect(from(300, [changes(0, 100), changes(500, 51)])?.of).toEqual({ what: 'objects', count: 300 })
    expect(from(4, [changes(0, 4)])).toBeNull()
    // Other changes hide nothing, and a scan in the middle makes nothing small again.
    expect(from(300, [changes(0, 0, 5000), changes(100, 151)])).not.toBeNull()
    expect(from(300, [changes(0, 100), scanned(200), changes(500, 40)])).toBeNull()
    expect(from(300, [changes(0, 100), scanned(200), changes(500, 60)])).not.toBeNull()
    // A burst spread over several windows meets what the windows before have left.
    expect(from(300, [changes(0, 140), changes(2000, 100)])).not.toBeNull()
    // What comes and goes leaves the bucket as full as it was.
    const churn = Array.from({ length: 400 }, (_, at) => [brought, changes(at, 1, 1)]).flat()
    expect(from(30, churn)).toBeNull()
  })

  test('never trips on a count or share within its limits, and remembers a bounded number of slots', () => {
    const event = fc.record({ step: fc.nat(400), deletes: fc.nat(6), others: fc.nat(6) })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (steps) => {
        let at = 0
        let state = releasedBrake
        for (const step of steps) {
          at += step.step
          state = stepBrake(state, changes(at, step.deletes, step.others), brake)
          expect(state.slots.length).toBeLessThanOrEqual(52)
          if (state.trip !== null) expect(state.trip.deletes).toBeGreaterThan(Math.max(10, state.trip.changes / 2))
        }
      }),
    )
  })
})

test('the brake for overwrites needs more than ten, and more than its number or its share of the bucket', () => {
  const brake = { count: 100, bucketShare: 0.25, windowMs: 1000 }
  const trips = (hits: number, live: number | null): boolean =>
    tripsOn([{ startsAt: 0, hits, purges: 0, others: 9000, from: 0, held: null }], live, brake)
  expect([trips(10, 10), trips(11, 44), trips(11, 43), trips(0, 0)]).toEqual([false, false, true, false])
  expect([trips(100, 1e6), trips(101, 1e6), trips(100, null), trips(101, null)]).toEqual([false, true, false, true])
})

test('a key that is written and deleted again and again leaves a bucket as full as it was, whenever its copies come', () => {
  const act = fc.constantFrom('write', 'delete', 'copy')
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), act)), fc.subarray(['a', 'b', 'c']), (acts, held) => {
      const keys = new LiveKeys()
      const source = new Set(held)
      const target = new Set(held)
      const waiting: (readonly [string, string])[] = []
      let live = held.length
      const copy = ([key, what]: readonly [string, string]): void => {
        if (what === 'write') live += keys.copied(key, !target.has(key)) ?? 0
        if (what === 'write') target.add(key)
        else target.delete(key)
      }
      for (const [key, what] of acts) {
        if (what === 'copy') {
          const next = waiting.shift()
          if (next !== undefined) copy(next)
        } else if (what === 'write' || source.has(key)) {
          live += what === 'write' ? keys.written(key) : keys.deleted(key)
          if (what === 'write') source.add(key)
          else source.delete(key)
          waiting.push([key, what])
        }
      }
      waiting.forEach(copy)
      expect(live).toBe(source.size)
    }),
  )
})

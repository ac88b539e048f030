import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ruleSchema, type Rule, type RuleInput } from '../../shared/model/rule.ts'
import { heldRules, refusalOf, validateRules } from '../../electron/engine/rule/validate.ts'

const sites = ['a', 'b', 'c', 'd'].map((id) => ({ id, endpoint: `https://${id}.example.org` }))
/** A second name for the endpoint of a. */
const alias = { id: 'alias', endpoint: 'https://a.example.org/' }
const all = [...sites, alias]

const at = (site: string) => ({ site, bucket: 'photos' })
let count = 0
const way = (from: string, to: string, more: Partial<RuleInput> = {}): Rule =>
  ruleSchema.parse({
    id: `${from}-${to.toLowerCase()}-${++count}`,
    source: at(from),
    targets: to.split('').map((site) => at(site === 'A' ? 'alias' : site)),
    ...more,
  })

const refusal = (rules: readonly Rule[]): string | null => refusalOf(validateRules(rules, all))?.message ?? null
const under = (prefix: string, exclude: string[] = []): Partial<RuleInput> => ({ filter: { prefix, exclude } })

describe('rules that bring the same keys round', () => {
  test.each([
    ['a ring of three', [way('a', 'b'), way('b', 'c'), way('c', 'a')], /a ring.*20 of 20 keys/],
    ['a ring through two names of one endpoint', [way('a', 'b'), way('b', 'c'), way('c', 'A')], /a ring/],
    ['a ring of four', [way('a', 'b'), way('b', 'c'), way('c', 'd'), way('d', 'a')], /between 4 buckets/],
    ['a star of one rule with two targets', [way('a', 'bc'), way('b', 'a'), way('c', 'a')], /share a bucket.*1,662/],
    ['a mesh', [way('a', 'bc'), way('b', 'ac'), way('c', 'ab')], /a mesh.*17 of 30 acknowledged writes/],
    [
      'a ring whose prefixes all overlap',
      [way('a', 'b', under('x/')), way('b', 'c'), way('c', 'a', under('x/y/'))],
      /ring/,
    ],
    ['a ring that a glob may keep apart', [way('a', 'b', under('', ['*.tmp'])), way('b', 'c'), way('c', 'a')], /ring/],
  ])('are refused as %s, with what would be lost and what to do', (_name, rules, why) => {
    const said = refusal(rules)
    expect(said).toMatch(why)
    expect(said).toContain('Keep one opposite pair')
    expect([...heldRules(rules, all).keys()].toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
  })

  test.each([
    ['an opposite pair', [way('a', 'b'), way('b', 'a')]],
    ['a chain', [way('a', 'b'), way('b', 'c'), way('c', 'd')]],
    ['one source with several targets', [way('a', 'bcd')]],
    ['two pairs that a chain joins', [way('a', 'b'), way('b', 'a'), way('b', 'c'), way('c', 'd'), way('d', 'c')]],
    ['a ring with one rule switched off', [way('a', 'b'), way('b', 'c'), way('c', 'a', { enabled: false })]],
    [
      'a ring whose prefixes do not all overlap',
      [way('a', 'b', under('x/')), way('b', 'c'), way('c', 'a', under('y/'))],
    ],
    [
      'a star whose arms carry other keys',
      [way('a', 'b', under('x/')), way('b', 'a', under('x/')), way('a', 'c', under('', ['x/**'])), way('c', 'a')],
    ],
  ])('are allowed as %s', (_name, rules) => {
    expect(refusal(rules)).toBeNull()
    expect(heldRules(rules, all).size).toBe(0)
  })

  test('an opposite pair says what becomes of a key that is written at both sides', () => {
    const [warning] = validateRules([way('a', 'b'), way('b', 'a')], all)
    expect(warning).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/182 of 200.*legal hold/),
      remedy: expect.stringMatching(/at one side only/),
    })
  })

  test('a chain says that replicas go on', () => {
    const [note] = validateRules([way('a', 'b'), way('b', 'c')], all)
    expect(note).toMatchObject({ level: 'note', message: expect.stringContaining('goes on from there') })
  })

  test('are found exactly where some key has a cycle longer than a pair, or a bucket with two pairs', () => {
    const site = fc.constantFrom('a', 'b', 'c', 'd', 'alias')
    const filter = fc.record({
      prefix: fc.constantFrom('', '', 'x', 'x/', 'x/y', 'z'),
      exclude: fc.subarray(['x/**', 'z**', 'x/y**']),
    })
    const made = fc.record({
      source: site,
      targets: fc.uniqueArray(site, { minLength: 1, maxLength: 2 }),
      filter,
      enabled: fc.constantFrom(true, true, true, false),
    })
    fc.assert(
      fc.property(fc.array(made, { minLength: 2, maxLength: 7 }), (drawn) => {
        const rules = drawn.map(({ source, targets, ...more }, index) =>
          ruleSchema.parse({ id: `r${index}`, source: at(source), targets: targets.map(at), ...more }),
        )
        const refused = validateRules(rules, all).some(({ holds }) => holds !== undefined)
        expect(refused).toBe(sampleKeys.some((key) => isTangled(waysOfKey(rules, key))))
        expect(heldRules(rules, all).size > 0).toBe(refused)
      }),
      { numRuns: 3000 },
    )
  })
})

/** One of every kind of key that the filters above tell apart. */
const sampleKeys = ['other', 'x', 'x1', 'x/', 'x/1', 'x/y', 'x/y/1', 'z', 'z/1']

type Ways = ReadonlySet<string>

function waysOfKey(rules: readonly Rule[], key: string): Ways {
  const name = (site: string): string => (site === 'alias' ? 'a' : site)
  return new Set(
    rules
      .filter(({ enabled, filter }) => {
        const left = filter.exclude.some((glob) => key.startsWith(glob.slice(0, -2)))
        return enabled && key.startsWith(filter.prefix) && !left
      })
      .flatMap(({ source, targets }) => targets.map((target) => `${name(source.site)}${name(target.site)}`))
      .filter(([from, to]) => from !== to),
  )
}

const buckets = ['a', 'b', 'c', 'd']

/** By trying every walk that meets no bucket twice. */
function isTangled(ways: Ways): boolean {
  const goesRound = (walk: string): boolean =>
    [...ways].some(([from, to]) => {
      if (from !== walk.at(-1)) return false
      if (to === walk[0]) return walk.length >= 3
      return !walk.includes(to!) && goesRound(walk + to!)
    })
  const partners = (bucket: string): number =>
    buckets.filter((other) => ways.has(bucket + other) && ways.has(other + bucket)).length
  return buckets.some((bucket) => goesRound(bucket) || partners(bucket) >= 2)
}

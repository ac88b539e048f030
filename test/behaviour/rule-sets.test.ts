import { expect, test } from 'vitest'
import { ruleSchema, type RuleInput } from '../../shared/model/rule.ts'
import { ruleOf } from '../support/rule-of.ts'
import { startWorld, type World } from '../support/world.ts'

const at = (site: string, bucket: string) => ({ site, bucket })
const buckets = ['data', 'third']
const first = { id: 'r' }
const second = { id: 'second', source: at('b', 'data'), targets: [at('a', 'third')] }
const third = { id: 'third', source: at('a', 'third'), targets: [at('a', 'data')] }
const ring = [first, second, third]
const inOrder = { ...third, scanIntervalSeconds: 5 } satisfies RuleInput

const kinds = (world: World): Record<string, string> =>
  Object.fromEntries(
    world
      .api()
      .rules.list()
      .map(({ id, links }) => [id, links[0]!.state.kind]),
  )

test('a rule that would close a ring is refused in the console and in an import, and nothing is changed', async () => {
  const world = await startWorld({ buckets, rules: [first, second] })
  const closing = ruleSchema.parse(inOrder)
  await expect(world.api().rules.create(closing)).rejects.toThrow(/a ring/)
  const text = JSON.stringify({ version: 1, rules: [inOrder] })
  expect(() => world.api().config.preview({ text })).toThrow(/a ring/)
  await expect(world.api().config.apply({ text })).rejects.toThrow(/a ring/)
  expect(Object.keys(kinds(world))).toEqual(['r', 'second'])
  // Made switched off it may wait; switching it on closes the ring.
  await world.api().rules.create({ ...closing, enabled: false })
  await expect(world.api().rules.update(closing)).rejects.toThrow(/a ring/)
})

test('a ring that is there already is held with its reason, in a file and in the journal, while other rules run', async () => {
  const other = { id: 'other', source: at('a', 'apart'), targets: [at('b', 'apart')] }
  const world = await startWorld({ buckets: [...buckets, 'apart'], rules: [...ring, other] })
  const expected = { r: 'stopped', second: 'stopped', third: 'stopped' }
  await world.put('key', 'one')
  await expect.poll(() => kinds(world)).toMatchObject(expected)
  await expect.poll(() => world.link().backlogCount, { timeout: 10_000 }).toBe(1)
  expect(world.link().state).toMatchObject({
    reason: expect.stringContaining('a ring'),
    remedy: expect.stringMatching(/switch one of the rules off/),
  })
  await world.stop()
  // The file names no rules any more: these are the journal's.
  await world.start({ rules: [] })
  await expect.poll(() => kinds(world)).toMatchObject(expected)
  expect((await world.sides()).b).toEqual([])
  await expect.poll(() => kinds(world)['other'], { timeout: 10_000 }).toBe('in-step')
  // A rule apart may be edited; a ring that loses one of its rules is a chain, and goes on with nothing lost.
  await world.api().rules.update({ ...ruleOf(world, 'other'), priority: 7 })
  await expect(world.api().rules.update({ ...ruleOf(world, 'third'), priority: 7 })).rejects.toThrow(/a ring/)
  await world.api().rules.update({ ...ruleOf(world, 'third'), enabled: false })
  await world.settled()
  const { a, b } = await world.sides('data')
  expect(b).toEqual(a)
  expect((await world.sides('third')).a).toEqual(a)
})

import { expect, test } from 'vitest'
import { ruleSchema } from '../../shared/model/rule.ts'
import { isOnlySource, joinedTo, neighboursOf } from '../../electron/engine/link/neighbours.ts'
import { linksOf, type RuleLink } from '../../electron/engine/rule/link.ts'

interface Wanted {
  readonly prefix?: string
  readonly enabled?: boolean
}

/** A rule with one link, `a → b` for buckets of the sites so named; its id is the way it goes. */
function link(from: string, to: string, { prefix = '', enabled = true }: Wanted = {}): RuleLink {
  const rule = ruleSchema.parse({
    id: `${from}-${to}`,
    source: { site: from, bucket: 'data' },
    targets: [{ site: to, bucket: 'data' }],
    filter: { prefix },
    enabled,
  })
  return linksOf(rule)[0]!
}

function seen(one: RuleLink, ...others: readonly RuleLink[]): unknown {
  const all = [one, ...others]
  const { opposites, isOnlyWriter } = neighboursOf(one, all)
  const { opposite, inbound, readOn } = joinedTo(one, all)
  return {
    opposites: opposites.map(({ ruleId }) => ruleId),
    isOnlyWriter,
    isOnlySource: isOnlySource(one, all),
    opposite: opposite?.linkId,
    inbound,
    readOn,
  }
}

const alone = {
  opposites: [],
  isOnlyWriter: true,
  isOnlySource: true,
  opposite: undefined,
  inbound: [],
  readOn: false,
}

test('a link with nothing else at its buckets is the only one that writes to its target', () => {
  expect([seen(link('a', 'b')), seen(link('a', 'b'), link('c', 'd'))]).toEqual([alone, alone])
})

test('a link that leads back is the opposite while it is switched on and some keys are the same; a replication knows of it always', () => {
  const known = { ...alone, opposite: 'b-a/a/data', inbound: ['b-a/a/data'], readOn: true }
  expect([
    seen(link('a', 'b'), link('b', 'a')),
    seen(link('a', 'b'), link('b', 'a', { enabled: false })),
    seen(link('a', 'b', { prefix: 'x/' }), link('b', 'a', { prefix: 'y/' })),
    seen(link('a', 'b', { prefix: 'x/' }), link('b', 'a', { prefix: 'x/y/' })),
  ]).toEqual([{ ...known, opposites: ['b-a'] }, known, known, { ...known, opposites: ['b-a'] }])
})

test('a second source of the same keys takes from a link that it is the only writer; of other keys, that all there is its own', () => {
  expect([
    seen(link('a', 'b'), link('c', 'b')),
    seen(link('a', 'b', { prefix: 'x/' }), link('c', 'b', { prefix: 'y/' })),
    seen(link('a', 'b'), link('c', 'b', { enabled: false })),
  ]).toEqual([
    { ...alone, isOnlyWriter: false, isOnlySource: false },
    { ...alone, isOnlySource: false },
    { ...alone, isOnlySource: false },
  ])
})

test('links in a chain know who brings to their source, and that another reads on', () => {
  const [first, second] = [link('a', 'b'), link('b', 'c')]
  expect([seen(first, second), seen(second, first)]).toEqual([
    { ...alone, readOn: true },
    { ...alone, inbound: ['a-b/b/data'] },
  ])
})

import type { Flow } from './flow.ts'

/** Three or more buckets that bring the same keys to each other, in which a change meets itself again. */
export interface Tangle {
  readonly shape: 'ring' | 'star' | 'mesh'
  readonly buckets: readonly string[]
  readonly flows: readonly Flow[]
}

/**
 * Every tangle of the enabled rules. A key has one whenever some cycle is longer than an opposite pair, or a bucket is part
 * of two opposite pairs: then, and only then, three buckets can each be reached from the other two.
 */
export function tanglesOf(flows: readonly Flow[]): readonly Tangle[] {
  const running = flows.filter(({ rule, source, target }) => rule.enabled && source !== target)
  // Nearly every set of rules ends here: only what is tangled whatever the keys can be so for some.
  const suspects = circles(running).flatMap(({ flows: some }) => some)
  const found = new Map<string, Tangle>()
  for (const prefix of keyClasses(suspects)) {
    for (const tangle of circles(suspects.filter((flow) => carries(flow, prefix)))) {
      const name = tangle.buckets.toSorted().join(' ')
      if (!found.has(name)) found.set(name, tangle)
    }
  }
  return [...found.values()]
}

/**
 * Keys that begin with the same ones of these are carried by the same flows, and so are keys that are equal to the longest:
 * one look per class tells about all keys. The shortest first, because they stand for the most keys.
 */
function keyClasses(flows: readonly Flow[]): readonly string[] {
  const prefixes = flows.flatMap(({ rule: { filter } }) => [filter.prefix, ...filter.exclude.flatMap(wholeFolder)])
  return [...new Set(prefixes)].sort((a, b) => a.length - b.length)
}

/** Other globs, and tags, may keep flows apart too; nobody can prove it for them. */
function carries({ rule: { filter } }: Flow, key: string): boolean {
  return key.startsWith(filter.prefix) && !filter.exclude.flatMap(wholeFolder).some((begin) => key.startsWith(begin))
}

/** The prefix that a glob such as `raw/**` leaves out whole. */
function wholeFolder(glob: string): readonly string[] {
  const begin = /^([^*?]*)\*\*$/.exec(glob)?.[1]
  return begin === undefined ? [] : [begin]
}

/** The sets of three and more buckets that can each be reached from all others of their set. */
function circles(flows: readonly Flow[]): readonly Tangle[] {
  const left = withoutEnds(flows)
  const onwards = waysOf(left, 'source', 'target')
  const backwards = waysOf(left, 'target', 'source')
  const seen = new Set<string>()
  const found: Tangle[] = []
  for (const bucket of onwards.keys()) {
    if (seen.has(bucket)) continue
    const before = reachedFrom(bucket, backwards)
    const buckets = [...reachedFrom(bucket, onwards)].filter((other) => before.has(other))
    for (const member of buckets) seen.add(member)
    if (buckets.length >= 3) found.push(tangleOf(buckets, left))
  }
  return found
}

/** Without what leads nowhere or comes from nowhere, again and again: chains and trees vanish, whatever their size. */
function withoutEnds(flows: readonly Flow[]): readonly Flow[] {
  const sources = new Set(flows.map(({ source }) => source))
  const targets = new Set(flows.map(({ target }) => target))
  const left = flows.filter(({ source, target }) => targets.has(source) && sources.has(target))
  return left.length === flows.length ? flows : withoutEnds(left)
}

function waysOf(
  flows: readonly Flow[],
  from: 'source' | 'target',
  to: 'source' | 'target',
): ReadonlyMap<string, ReadonlySet<string>> {
  const ways = new Map<string, Set<string>>()
  for (const flow of flows) {
    const there = ways.get(flow[from])
    if (there === undefined) ways.set(flow[from], new Set([flow[to]]))
    else there.add(flow[to])
  }
  return ways
}

function reachedFrom(bucket: string, ways: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const reached = new Set([bucket])
  for (const at of reached) for (const next of ways.get(at) ?? []) reached.add(next)
  return reached
}

function tangleOf(buckets: readonly string[], all: readonly Flow[]): Tangle {
  const members = new Set(buckets)
  const flows = all.filter(({ source, target }) => members.has(source) && members.has(target))
  const ways = new Set(flows.map(({ source, target }) => `${source} ${target}`))
  const isPaired = flows.every(({ source, target }) => ways.has(`${target} ${source}`))
  const shape =
    ways.size === buckets.length ? 'ring' : isPaired && ways.size === 2 * (buckets.length - 1) ? 'star' : 'mesh'
  return { shape, buckets, flows }
}

import { fault, type Fault } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { hidesFromCopies } from '../../../shared/model/quorum.ts'
import { flowsOf, type Flow, type SiteRef } from './flow.ts'
import { prefixesOverlap } from './match.ts'
import { tanglesOf, type Tangle } from './topology.ts'

/** One thing to say about a set of rules. Only an `error` keeps it from being used. */
export interface RuleProblem {
  readonly level: 'error' | 'warning' | 'note'
  readonly ruleId: string
  /** Where in the configuration, such as `rules.0.targets.1.site`. */
  readonly path: string
  /** The value found there. */
  readonly value: string
  readonly message: string
  readonly remedy: string
  /**
   * Set where rules bring keys round: the ids of all that take part. Such rules are refused; where they are there already,
   * as in the journal of an older release, they are held, and the engine starts.
   */
  readonly holds?: readonly string[]
}

/** Looks at all rules together; errors first, then warnings, then notes. */
export function validateRules(rules: readonly Rule[], sites: readonly SiteRef[]): readonly RuleProblem[] {
  const flows = flowsOf(rules, sites)
  const problems = [
    ...duplicateIds(rules),
    ...unknownSites(rules, sites),
    ...tagsWithDeletes(rules),
    ...incompleteCopies(rules),
    ...flows.filter((flow) => flow.source === flow.target).map(ontoItself),
    ...tanglesOf(flows).map(tangled),
    ...pairsOf(flows).flatMap(([a, b]) => [...sameWay(a, b), ...sameTarget(a, b), ...onwards(a, b)]),
  ]
  const rank = { error: 0, warning: 1, note: 2 } as const
  return problems.sort((a, b) => rank[a.level] - rank[b.level])
}

/**
 * Those by which a set of rules is judged when some of them are `asked` for. A rule that is there already and whose site was lost,
 * as with a damaged journal, waits for that site, and says so: it is no reason to refuse another one, or to keep the engine from
 * starting.
 */
export function judgedWith(asked: readonly Rule[], rules: readonly Rule[], sites: readonly SiteRef[]): readonly Rule[] {
  const known = new Set(sites.map((site) => site.id))
  const others = rules.filter(({ id }) => asked.every((rule) => rule.id !== id))
  return [...others.filter((rule) => [rule.source, ...rule.targets].every(({ site }) => known.has(site))), ...asked]
}

/** Those that a rule takes part in, and all that is wrong with the set as a whole. */
export function problemsWith(ruleIds: ReadonlySet<string>, problems: readonly RuleProblem[]): readonly RuleProblem[] {
  return problems.filter(({ holds }) => holds === undefined || holds.some((id) => ruleIds.has(id)))
}

/** What keeps rules that are there already from running, by rule. */
export function heldRules(rules: readonly Rule[], sites: readonly SiteRef[]): ReadonlyMap<string, RuleProblem> {
  const problems = tanglesOf(flowsOf(rules, sites)).map(tangled)
  return new Map(problems.flatMap((found) => (found.holds ?? []).map((id) => [id, found] as const)))
}

/** The errors as one refusal, one line each; null when there is none. */
export function refusalOf(problems: readonly RuleProblem[]): Fault | null {
  const errors = problems.filter((problem) => problem.level === 'error')
  if (errors.length === 0) return null
  const lines = errors.map(({ path, value, message, remedy }) => `${path}: “${value}” – ${message} ${remedy}`)
  return fault('CONFIG_INVALID', lines.join('\n'))
}

/** Pairs of ways that meet in some bucket. */
function pairsOf(flows: readonly Flow[]): readonly (readonly [Flow, Flow])[] {
  const pairs: (readonly [Flow, Flow])[] = []
  for (const [index, a] of flows.entries()) {
    for (let next = index + 1; next < flows.length; next++) {
      const b = flows[next]!
      if (a.target === b.target || a.target === b.source || b.target === a.source) pairs.push([a, b])
    }
  }
  return pairs
}

function duplicateIds(rules: readonly Rule[]): readonly RuleProblem[] {
  const seen = new Set<string>()
  return rules.flatMap((rule, index) => {
    if (!seen.has(rule.id)) {
      seen.add(rule.id)
      return []
    }
    return problem(
      'error',
      rule,
      `rules.${index}.id`,
      rule.id,
      'Another rule has this id.',
      'Give it an id of its own.',
    )
  })
}

function unknownSites(rules: readonly Rule[], sites: readonly SiteRef[]): readonly RuleProblem[] {
  const known = new Set(sites.map((site) => site.id))
  return rules.flatMap((rule, index) =>
    [rule.source, ...rule.targets].flatMap((at, i) => {
      if (known.has(at.site)) return []
      const path = i === 0 ? `rules.${index}.source.site` : `rules.${index}.targets.${i - 1}.site`
      const remedy = `Add the site under Sites, or use one of: ${[...known].join(', ') || '(none yet)'}.`
      return problem('error', rule, path, at.site, 'There is no such site.', remedy)
    }),
  )
}

/** S3 refuses this as well: a delete marker has no tags, so nobody can say whether it belongs to the rule. */
function tagsWithDeletes(rules: readonly Rule[]): readonly RuleProblem[] {
  return rules.flatMap((rule, index) => {
    const tags = Object.keys(rule.filter.tags)
    if (!rule.deleteMarkers || tags.length === 0) return []
    const message = 'Delete markers cannot be replicated by a rule that filters by tags.'
    const remedy = 'Set deleteMarkers to false, or remove the tags from the filter.'
    return problem('error', rule, `rules.${index}.filter.tags`, tags.join(', '), message, remedy)
  })
}

/** Reads that ask copies for the newest version would bring back what was deleted, or find nothing where there is something. */
function incompleteCopies(rules: readonly Rule[]): readonly RuleProblem[] {
  return rules.flatMap((rule, index) => {
    const { switches, tags } = hidesFromCopies(rule)
    if (rule.ack.reads !== 'quorum' || (switches.length === 0 && !tags)) return []
    const message = 'Reads by quorum need copies of all that the source has.'
    const missing = [...switches.map((name) => `set ${name} to true`), ...(tags ? ['filter no tags'] : [])]
    const remedy = `For that, ${missing.join(', ')}; or set reads to source.`
    return problem('error', rule, `rules.${index}.ack.reads`, rule.ack.reads, message, remedy)
  })
}

function ontoItself(flow: Flow): RuleProblem {
  const message = 'Source and target are the same bucket of the same endpoint.'
  return problem('error', flow.rule, flow.path, flow.target, message, 'Choose another site or another bucket.')[0]!
}

/** Two links that bring the same keys the same way have two queues: no order per key, and versions arrive twice. */
function sameWay(a: Flow, b: Flow): readonly RuleProblem[] {
  if (a.source !== b.source || a.target !== b.target || !overlap(a, b)) return []
  if (a.rule === b.rule) {
    return problem('error', b.rule, b.path, b.target, 'The rule names this target twice.', 'Remove one of the two.')
  }
  // Excludes and tags may keep the two apart; nobody can prove it for globs, so it is left to the operator.
  const apart = [a, b].some(({ rule }) => rule.filter.exclude.length > 0 || Object.keys(rule.filter.tags).length > 0)
  const message = `Rule “${a.rule.id}” copies the same keys to the same target.`
  const remedy = 'Give the two rules prefixes that do not overlap, or make them one rule.'
  return problem(apart ? 'warning' : 'error', b.rule, b.path, b.target, message, remedy)
}

function sameTarget(a: Flow, b: Flow): readonly RuleProblem[] {
  if (a.source === b.source || a.target !== b.target || !overlap(a, b)) return []
  const message = `Rule “${a.rule.id}” writes the same keys there from another source: the later write wins.`
  const remedy = 'Use prefixes that do not overlap, unless only one of the sources is ever written to.'
  return problem('warning', b.rule, b.path, b.target, message, remedy)
}

function onwards(a: Flow, b: Flow): readonly RuleProblem[] {
  if (a.target !== b.source && b.target !== a.source) return []
  if (!overlap(a, b) || a.source === a.target || b.source === b.target) return []
  if (a.target === b.source && b.target === a.source) return oppositePair(a, b)
  const [first, second] = a.target === b.source ? [a, b] : [b, a]
  const message = `Rule “${first.rule.id}” writes to this rule’s source, and what it brings goes on from there too.`
  const remedy = `Nothing to do if that is what you want; otherwise use prefixes that do not overlap.`
  return problem('note', second.rule, second.path, second.target, message, remedy)
}

/** What was measured on two Ceph sites, 200 keys written three times at both at once. */
function oppositePair(a: Flow, b: Flow): readonly RuleProblem[] {
  if (!a.rule.enabled || !b.rule.enabled) return []
  const message = (other: Flow): string =>
    `Rule “${other.rule.id}” copies the other way. A key that is written at both sides at about the same time does not come together: each side ends with the other’s version as the current one (182 of 200 such keys did), a delete may be undone (or, at sites that stack delete markers, go back and forth without end), and a legal hold set at one side may be lifted by the other.`
  const remedy =
    'Let clients write each key at one side only. Lockstep counts and shows the keys that do not converge; write such a key once more, at one side.'
  return [
    ...problem('warning', a.rule, a.path, a.target, message(b), remedy),
    ...problem('warning', b.rule, b.path, b.target, message(a), remedy),
  ]
}

const tangleText: Readonly<Record<Tangle['shape'], { readonly name: string; readonly lost: string }>> = {
  ring: {
    name: 'a ring',
    lost: 'When one of them is down, changes no longer reach the others, and a key that is written at several of them ends with another’s version at each (20 of 20 keys did).',
  },
  star: {
    name: 'opposite pairs that share a bucket',
    lost: 'A key that is written at several of them is copied back and forth without end (20 keys made 1,662 writes in three minutes where 120 were due).',
  },
  mesh: {
    name: 'a mesh',
    lost: 'Writes of the same key at several of them at once are lost (17 of 30 acknowledged writes existed nowhere afterwards), and even other keys do not come to rest.',
  },
}

/** Named at the last of its flows: when a rule is changed, that is the one that closes the tangle. */
function tangled({ shape, buckets, flows }: Tangle): RuleProblem {
  const holds = [...new Set(flows.map(({ rule }) => rule.id))]
  const { name, lost } = tangleText[shape]
  const rules = `${holds.length === 1 ? 'Rule' : 'Rules'} ${holds.map((id) => `“${id}”`).join(', ')}`
  const message = `${rules} bring the same keys round between ${buckets.length} buckets: ${name}. ${lost}`
  const remedy =
    'Keep one opposite pair and let rules in one direction bring its changes to the other buckets, switch one of the rules off, or use prefixes that do not overlap.'
  const { rule, path, target } = flows.at(-1)!
  return { level: 'error', ruleId: rule.id, path, value: target, message, remedy, holds }
}

function overlap(a: Flow, b: Flow): boolean {
  return prefixesOverlap(a.rule.filter.prefix, b.rule.filter.prefix)
}

function problem(
  level: RuleProblem['level'],
  rule: Rule,
  path: string,
  value: string,
  message: string,
  remedy: string,
): readonly RuleProblem[] {
  return [{ level, ruleId: rule.id, path, value, message, remedy }]
}

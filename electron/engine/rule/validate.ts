import { fault, type Fault } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { hidesFromCopies } from '../../../shared/model/quorum.ts'
import type { Site } from '../../../shared/model/site.ts'
import { bucketKey } from './link.ts'
import { prefixesOverlap } from './match.ts'

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
}

type SiteRef = Pick<Site, 'id' | 'endpoint'>

interface Flow {
  readonly rule: Rule
  readonly path: string
  readonly source: string
  readonly target: string
}

/** Looks at all rules together; errors first, then warnings, then notes. */
export function validateRules(rules: readonly Rule[], sites: readonly SiteRef[]): readonly RuleProblem[] {
  const place = placesOf(sites)
  const flows = rules.flatMap((rule, index) => flowsOf(rule, index, place))
  const problems = [
    ...duplicateIds(rules),
    ...unknownSites(rules, sites),
    ...tagsWithDeletes(rules),
    ...incompleteCopies(rules),
    ...flows.filter((flow) => flow.source === flow.target).map(ontoItself),
    ...pairsOf(flows).flatMap(([a, b]) => [...sameWay(a, b), ...sameTarget(a, b), ...onwards(a, b)]),
  ]
  const rank = { error: 0, warning: 1, note: 2 } as const
  return problems.sort((a, b) => rank[a.level] - rank[b.level])
}

/** The errors as one refusal, one line each; null when there is none. */
export function refusalOf(problems: readonly RuleProblem[]): Fault | null {
  const errors = problems.filter((problem) => problem.level === 'error')
  if (errors.length === 0) return null
  const lines = errors.map(({ path, value, message, remedy }) => `${path}: “${value}” – ${message} ${remedy}`)
  return fault('CONFIG_INVALID', lines.join('\n'))
}

/** Two site ids may name one endpoint: buckets are told apart by endpoint, not by id. */
function placesOf(sites: readonly SiteRef[]): (at: { readonly site: string; readonly bucket: string }) => string {
  const endpoints = new Map(sites.map((site) => [site.id, new URL(site.endpoint).origin]))
  return (at) => bucketKey({ site: endpoints.get(at.site) ?? at.site, bucket: at.bucket })
}

function flowsOf(rule: Rule, index: number, place: (at: Rule['source']) => string): readonly Flow[] {
  const source = place(rule.source)
  return rule.targets.map((target, t) => ({ rule, path: `rules.${index}.targets.${t}`, source, target: place(target) }))
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
  if (a.target === b.source && b.target === a.source) {
    const message = `Rule “${a.rule.id}” copies the other way: both sides may be written, and replicas are not sent back.`
    return problem('note', b.rule, b.path, b.target, message, 'Nothing to do if that is what you want.')
  }
  const [first, second] = a.target === b.source ? [a, b] : [b, a]
  const message = `Rule “${first.rule.id}” writes to this rule’s source. What it brings is a replica and does not go on from there.`
  const remedy = `To bring it there, add the target to rule “${first.rule.id}”.`
  return problem('note', second.rule, second.path, second.target, message, remedy)
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

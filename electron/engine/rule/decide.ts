/*
 * Rule decision: which links want a change, and as what. Pure; asked by the intake for every change of a feed and by scans for
 * every key.
 */

import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { Operation } from '../../../shared/model/task.ts'
import { bucketKey, linksOf, type RuleLink } from './link.ts'
import { compileKeyMatch, type KeyMatch } from './match.ts'

/** A rule made ready for deciding about many changes. */
export interface CompiledRule {
  readonly rule: Rule
  readonly links: readonly RuleLink[]
  readonly covers: KeyMatch
}

/** Rules by the bucket they read from, ready for {@link decide}. Disabled rules are left out. */
export type RuleIndex = ReadonlyMap<string, readonly CompiledRule[]>

/** The links at work of a rule. */
export type LinksOf = (rule: Rule) => readonly RuleLink[]

function compileRule(rule: Rule, links: LinksOf = linksOf): CompiledRule {
  return { rule, links: links(rule), covers: compileKeyMatch(rule.filter) }
}

export function indexRules(rules: readonly Rule[], links: LinksOf = linksOf): RuleIndex {
  const index = new Map<string, CompiledRule[]>()
  for (const rule of rules) {
    if (!rule.enabled) continue
    const at = bucketKey(rule.source)
    const there = index.get(at)
    if (there === undefined) index.set(at, [compileRule(rule, links)])
    else there.push(compileRule(rule, links))
  }
  return index
}

const switchOf = { metadata: 'metadata', deleteMarker: 'deleteMarkers', deleteVersion: 'versionDeletes' } as const

/** Does the rule repeat this kind of change at its targets? */
function wantsOperation(
  rule: Pick<Rule, 'deleteMarkers' | 'versionDeletes' | 'metadata'>,
  operation: Operation,
): boolean {
  return operation === 'put' || rule[switchOf[operation]]
}

/**
 * The links that one change goes to. A tag filter does not decide here: the worker reads the tags with the version and
 * leaves it out then.
 */
export function decide(
  index: RuleIndex,
  source: BucketAt,
  change: { readonly key: string; readonly operation: Operation },
): readonly RuleLink[] {
  const rules = index.get(bucketKey(source))
  if (rules === undefined) return []
  const found = rules.filter(({ rule, covers }) => wantsOperation(rule, change.operation) && covers(change.key))
  return found.length === 1 ? found[0]!.links : found.flatMap(({ links }) => links)
}

import { indexRules, type RuleIndex } from '../rule/decide.ts'
import type { LinkBook } from './link-book.ts'
import type { RuleBook } from '../rule/rule-book.ts'

/**
 * Rules and their links at work, ready for deciding. Made anew only when one of the two books changed, for it is asked at
 * every change at a site; both count, because a rule is on record before its links are.
 */
export function currentRuleIndex(
  rules: Pick<RuleBook, 'rules'>,
  book: Pick<LinkBook, 'links' | 'linksOf'>,
): () => RuleIndex {
  let made: { readonly of: readonly [unknown, unknown]; readonly index: RuleIndex } | null = null
  return () => {
    const of = [rules.rules(), book.links()] as const
    if (made === null || made.of[0] !== of[0] || made.of[1] !== of[1])
      made = { of, index: indexRules(of[0], (rule) => book.linksOf(rule)) }
    return made.index
  }
}

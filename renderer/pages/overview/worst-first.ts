import type { LinkView } from '../../../shared/model/rule.ts'
import type { StateKind } from '../../words/link-words.ts'

const rank: Record<StateKind, number> = {
  failing: 0,
  waiting: 1,
  paused: 2,
  'first-copy': 3,
  copying: 4,
  'in-step': 5,
  disabled: 6,
}

/** What needs a look comes first; links in the same state keep the order of their ids, so that cards do not jump. */
export function worstFirst(links: readonly LinkView[]): readonly LinkView[] {
  return links.toSorted((a, b) => rank[a.state.kind] - rank[b.state.kind] || a.linkId.localeCompare(b.linkId))
}

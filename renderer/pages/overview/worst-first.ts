import type { LinkView } from '../../../shared/model/rule.ts'
import type { StateKind } from '../../words/link-words.ts'

const rank: Record<StateKind, number> = {
  stopped: 0,
  failing: 1,
  waiting: 2,
  paused: 3,
  'first-copy': 4,
  copying: 5,
  'in-step': 6,
  disabled: 7,
}

/** What needs a look comes first; links in the same state keep the order of their ids, so that cards do not jump. */
export function worstFirst(links: readonly LinkView[]): readonly LinkView[] {
  return links.toSorted((a, b) => rank[a.state.kind] - rank[b.state.kind] || a.linkId.localeCompare(b.linkId))
}

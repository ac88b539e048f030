import type { LinkView } from '../../../shared/model/rule.ts'
import { kindOf, type StateKind } from '../../../shared/model/sync-state.ts'

const rank: Record<StateKind, number> = {
  held: -1,
  stopped: 0,
  failing: 1,
  'not-converging': 2,
  waiting: 3,
  paused: 4,
  'first-copy': 5,
  copying: 6,
  'in-step': 7,
  disabled: 8,
}

/** What needs a look comes first; links in the same state keep the order of their ids, so that cards do not jump. */
export function worstFirst(links: readonly LinkView[]): readonly LinkView[] {
  return links.toSorted((a, b) => rank[kindOf(a.state)] - rank[kindOf(b.state)] || a.linkId.localeCompare(b.linkId))
}

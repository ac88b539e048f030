import type { LinkKeys } from '../../../shared/model/rule.ts'
import type { ConvergenceBook } from '../link/convergence/convergence.ts'
import type { Link } from '../link/link.ts'
import type { TargetGuard } from '../link/convergence/target-guard.ts'

const shown = 100

/** The keys of a link that want a look, by what is the matter with them. */
export function linkKeys(link: Link, convergence: ConvergenceBook, guard: TargetGuard): readonly LinkKeys[] {
  const { linkId } = link
  const guarded = guard.of(link)
  if (guarded?.state === 'stopped') return [{ linkId, kind: 'target-writes', count: guarded.count, keys: guarded.keys }]
  const found = convergence.of(link)
  if (found === null || found.count === 0) return []
  const { isPaired, count } = found
  return [{ linkId, kind: isPaired ? 'not-converging' : 'covered', count, keys: convergence.first(link, shown) }]
}

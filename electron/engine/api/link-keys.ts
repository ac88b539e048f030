import type { LinkKeys } from '../../../shared/model/rule.ts'
import type { ConvergenceBook } from '../link/convergence.ts'
import type { Link } from '../link/links.ts'

const shown = 100

/** The keys of a link that want a look, by what is the matter with them. */
export function linkKeys(link: Link, convergence: ConvergenceBook): readonly LinkKeys[] {
  const count = convergence.of(link)?.count ?? 0
  if (count === 0) return []
  return [{ linkId: link.linkId, kind: 'not-converging', count, keys: convergence.first(link, shown) }]
}

import type { RuleView } from '../../shared/model/rule.ts'
import type { SiteView } from '../../shared/model/site.ts'
import type { Failure } from '../../shared/model/task.ts'

/** What keeps an item from its next attempt though its time has come. `sinceAt` is null where nobody knows. */
export interface Hold {
  readonly waitsFor: string
  readonly because: 'offline' | 'paused'
  readonly sinceAt: number | null
}

type Held = Pick<Failure, 'state' | 'ruleId' | 'source' | 'target'>

/** Work for an offline or paused site rests, and so does that of a paused rule; null when nothing stands in the way. */
export function holdOf(failure: Held, sites: readonly SiteView[], rules: readonly RuleView[]): Hold | null {
  if (failure.state !== 'delayed' && failure.state !== 'ready') return null
  const rule = rules.find(({ id }) => id === failure.ruleId)
  if (rule?.paused) return { waitsFor: `rule ${rule.id}`, because: 'paused', sinceAt: rule.paused.at }
  for (const place of [failure.target, failure.source]) {
    const site = sites.find(({ id }) => id === place.site)
    if (site?.paused) return { waitsFor: site.name, because: 'paused', sinceAt: null }
    if (site?.health.state === 'offline')
      return { waitsFor: site.name, because: 'offline', sinceAt: site.health.downSince }
  }
  return null
}

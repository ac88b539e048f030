import type { Hold } from '../../../shared/model/task.ts'
import type { Link, Links, SiteStates } from './links.ts'

interface HoldParts {
  readonly links: Pick<Links, 'refusal' | 'order'>
  readonly sites: Pick<SiteStates, 'has' | 'isPaused' | 'isOffline' | 'health'> & { name(siteId: string): string }
  readonly isGuarded: (link: Link) => boolean
}

/** What keeps the link from handing out tasks, and what ends that; null when nothing does. The most lasting reason first. */
export function holdOf(link: Link, { links, sites, isGuarded }: HoldParts): Hold | null {
  const rule = `rule ${link.ruleId}`
  const { record } = link
  if (!record.rule.enabled) return { until: `${rule} is switched on`, because: 'switched off', sinceAt: null }
  if (record.paused !== null) return { until: `${rule} is resumed`, because: 'paused', sinceAt: record.paused.at }
  if (links.refusal(link.ruleId) !== null || isGuarded(link))
    return { until: `${rule} may go on; its page says why not`, because: 'stopped', sinceAt: null }
  for (const siteId of [link.target.site, link.source.site]) {
    const hold = siteHold(siteId, sites)
    if (hold !== null) return hold
  }
  if (links.order(link.linkId) === null)
    return { until: `${sites.name(link.target.site)} was probed`, because: 'not known yet', sinceAt: null }
  return null
}

function siteHold(siteId: string, sites: HoldParts['sites']): Hold | null {
  if (!sites.has(siteId)) return { until: `site ${siteId} is there again`, because: 'not known yet', sinceAt: null }
  if (sites.isPaused(siteId)) return { until: `${sites.name(siteId)} is resumed`, because: 'paused', sinceAt: null }
  if (!sites.isOffline(siteId)) return null
  return { until: `${sites.name(siteId)} answers`, because: 'offline', sinceAt: sites.health(siteId).downSince }
}

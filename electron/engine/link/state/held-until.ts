import type { Hold } from '../../../../shared/model/task.ts'
import type { HoldReason, SiteStates } from '../link-holds.ts'
import type { Link } from '../link.ts'
import type { Links } from '../links.ts'

type SitesToAsk = Pick<SiteStates, 'has' | 'isPaused' | 'isOffline' | 'health'> & { name(siteId: string): string }

interface HoldContext {
  readonly links: Pick<Links, 'holds'>
  readonly sites: SitesToAsk
}

/** What a task is told to wait for while its link is held, and what ends that; null when nothing holds it. The most lasting reason first. */
export function holdOf(link: Link, { links, sites }: HoldContext): Hold | null {
  for (const reason of links.holds(link.linkId)) {
    const hold = holdFor[reason](link, sites)
    if (hold !== null) return hold
  }
  return null
}

const ruleHold = ({ ruleId, rule, paused }: Link): Hold =>
  rule.enabled
    ? { until: `rule ${ruleId} is resumed`, because: 'paused', sinceAt: paused?.at ?? null }
    : { until: `rule ${ruleId} is switched on`, because: 'switched off', sinceAt: null }

const stopped = ({ ruleId }: Link): Hold => ({
  until: `rule ${ruleId} may go on; its page says why not`,
  because: 'stopped',
  sinceAt: null,
})

/** By reason; null where what the reason stood for has ended a moment ago. */
const holdFor: Readonly<Record<HoldReason, (link: Link, sites: SitesToAsk) => Hold | null>> = {
  rule: ruleHold,
  refused: stopped,
  'target-writes': stopped,
  site: ({ target, source }, sites) => siteHold(target.site, sites) ?? siteHold(source.site, sites),
  bucket: ({ ruleId }) => ({
    until: `the buckets of rule ${ruleId} are as they should be; its page says what is amiss`,
    because: 'bucket changed',
    sinceAt: null,
  }),
  moved: ({ ruleId }) => ({
    until: `rule ${ruleId} has a link to where its sites are`,
    because: 'not known yet',
    sinceAt: null,
  }),
  identity: ({ target }, sites) => ({
    until: `${sites.name(target.site)} was probed`,
    because: 'not known yet',
    sinceAt: null,
  }),
}

function siteHold(siteId: string, sites: SitesToAsk): Hold | null {
  if (!sites.has(siteId)) return { until: `site ${siteId} is there again`, because: 'not known yet', sinceAt: null }
  if (sites.isPaused(siteId)) return { until: `${sites.name(siteId)} is resumed`, because: 'paused', sinceAt: null }
  if (!sites.isOffline(siteId)) return null
  return { until: `${sites.name(siteId)} answers`, because: 'offline', sinceAt: sites.health(siteId).downSince }
}

import type { BucketAt, Degraded, FeedView, LinkView, Rule, RuleView } from '../../../shared/model/rule.ts'
import type { Capabilities } from '../../../shared/model/site.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import type { RuleRecord } from '../rule/rule-book.ts'
import type { RuleProblem } from '../rule/validate.ts'
import { cautionsOf, uncheckedCaution } from './rule-cautions.ts'

export interface RuleViewParts {
  readonly links: Pick<Links, 'ofRule'>
  readonly capabilities: (siteId: string) => Capabilities | null
  readonly view: (link: Link) => LinkView
  readonly feedViews: (link: Link) => readonly FeedView[]
  /** Listings that no scan could check. */
  readonly unchecked: (link: Link) => readonly BucketAt[]
  readonly degraded: (ruleId: string) => Degraded | null
}

/** A rule as consoles show it, with how each of its links stands. `problems`: of all rules together. */
export function ruleView(
  { rule, paused }: RuleRecord,
  problems: readonly RuleProblem[],
  parts: RuleViewParts,
): RuleView {
  const links = parts.links.ofRule(rule.id)
  const feeds = uniqueFeeds(links.flatMap((link) => parts.feedViews(link)))
  const views = links.map((link) => parts.view(link))
  return {
    ...rule,
    paused,
    links: views,
    feeds,
    noticedBy: noticedBy(rule, feeds, views),
    degraded: parts.degraded(rule.id),
    cautions: [
      ...cautionsOf(rule, problems, parts.capabilities(rule.source.site)),
      ...uncheckedCaution(links.flatMap((link) => parts.unchecked(link))),
    ],
  }
}

/** Links of one rule share their event stream; each has a scan of its own, and the slowest is the one to show. */
function uniqueFeeds(feeds: readonly FeedView[]): readonly FeedView[] {
  const byKind = new Map<FeedView['kind'], FeedView>()
  for (const feed of feeds) {
    const known = byKind.get(feed.kind)
    if (known === undefined || (feed.lastScan?.endedAt ?? 0) < (known.lastScan?.endedAt ?? 0) || feed.fault !== null)
      byKind.set(feed.kind, feed)
  }
  return [...byKind.values()]
}

function noticedBy(rule: Rule, feeds: readonly FeedView[], links: readonly LinkView[]): string {
  const every = everyText(rule.scanIntervalSeconds)
  const deaf = links.flatMap(({ events }) => (events.kind === 'unavailable' ? [events] : []))[0]
  if (deaf !== undefined)
    return `Events are unavailable: the source should tell of changes, and does not. Until it does, they are noticed by a scan of both sides ${everyText(deaf.scanEverySeconds)}.`
  const stream = feeds.find((feed) => feed.kind === 'listen')
  const pushed = feeds.find((feed) => feed.kind === 'webhook' && feed.lastEventAt !== null)
  if (stream?.state === 'live')
    return `Changes are noticed as they happen, by the source’s event stream; a scan of both sides ${every} finds what it missed.`
  if (pushed !== undefined)
    return `Changes are noticed as they happen, by notifications from the source; a scan of both sides ${every} finds the rest, deletes among them.`
  return `Changes are noticed by a scan of both sides ${every}: the source sends no events here.`
}

function everyText(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? 'every hour' : `every ${seconds / 3600} hours`
  if (seconds % 60 === 0) return seconds === 60 ? 'every minute' : `every ${seconds / 60} minutes`
  return `every ${seconds} seconds`
}

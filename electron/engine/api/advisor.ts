import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { WritePath } from '../../../shared/model/advisor.ts'
import { ackSchema, type LinkView } from '../../../shared/model/rule.ts'
import { compareModes } from '../advisor/compare-modes.ts'
import { figuresOf, type SeenSite, type SeenTarget } from '../advisor/figures.ts'
import { recommend } from '../advisor/recommend.ts'
import { combined, trafficOf, type Minute } from '../advisor/traffic.ts'
import { suits } from '../gateway/dual-write/fitness.ts'
import type { HistoryStore } from '../journal/port/history.ts'
import type { FirstCopies } from '../link/state/first-copy.ts'
import type { LinkViews } from '../link/state/link-views.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import type { RuleBook } from '../rule/rule-book.ts'
import type { Sites } from '../site/registry.ts'

const windowMs = 86_400_000

interface AdvisorParts {
  readonly history: Pick<HistoryStore, 'rollups'>
  readonly rules: Pick<RuleBook, 'get'>
  readonly links: Pick<Links, 'list' | 'ofRule' | 'order'>
  readonly views: Pick<LinkViews, 'view'>
  readonly firstCopies: Pick<FirstCopies, 'endedAt'>
  readonly sites: Pick<Sites, 'get' | 'health'>
  readonly workers: () => number
  readonly now: () => number
}

/** Compares ways to acknowledge writes for one source and its targets, by what this engine measured of them. */
export function advisorApi(parts: AdvisorParts): EngineApi['advisor'] {
  return {
    async compare({ sourceSite, targetSites, ruleId, assume }) {
      const at = parts.now()
      const rule = ruleId === null ? null : parts.rules.get(ruleId).rule
      const asked = rule === null ? linksBetween(sourceSite, targetSites, parts) : ofRule(rule.id, parts)
      const ack = rule?.ack ?? ackSchema.parse({})
      const figures = figuresOf({
        at,
        source: seenSite(rule?.source.site ?? sourceSite, parts),
        targets: await Promise.all(asked.map(({ site, links }) => seenTarget(site, links, at, parts))),
        workers: parts.workers(),
        assumed: assume,
        writePath: writePathOf(asked, parts),
        onTimeout: ack.onTimeout,
      })
      const modes = compareModes(figures)
      return {
        asOf: at,
        ruleId,
        rules: new Set(asked.flatMap(({ links }) => links.map((link) => link.ruleId))).size,
        ack,
        figures,
        modes,
        recommendation: recommend(figures, modes),
      }
    },
  }
}

/** A target and the links whose history tells of it. */
interface LinkToAdvise {
  readonly site: string
  readonly links: readonly Link[]
}

const ofRule = (ruleId: string, { links }: AdvisorParts): readonly LinkToAdvise[] =>
  links.ofRule(ruleId).map((link) => ({ site: link.target.site, links: [link] }))

/** Without a rule of its own, a pair is known by the rules that run between the same sites. */
function linksBetween(source: string, targets: readonly string[], { links }: AdvisorParts): readonly LinkToAdvise[] {
  return [...new Set(targets)].map((site) => ({
    site,
    links: links.list().filter((link) => link.source.site === source && link.target.site === site),
  }))
}

/** Both sites are taken to be well, and the source’s bucket to be as a rule wants it: what the advice is for is yet to come. */
const wellMeant = { source: { versioned: true, objectLock: false }, online: true, rttMs: null }

/** Side by side where every target may be written before the source has answered; what nobody knows yet comes after it. */
function writePathOf(asked: readonly LinkToAdvise[], { links }: AdvisorParts): WritePath {
  const all = asked.map((target) => target.links)
  const fit = (link: Link): boolean => suits(link, { ...wellMeant, order: links.order(link.linkId) })
  return all.every((some) => some.length > 0 && some.every(fit)) ? 'side-by-side' : 'after-source'
}

function seenSite(site: string, { sites }: AdvisorParts): SeenSite {
  return { site, name: sites.get(site).name, health: sites.health(site) }
}

async function seenTarget(site: string, links: readonly Link[], at: number, parts: AdvisorParts): Promise<SeenTarget> {
  const link = links.length === 0 ? null : await seenLinks(links, at, parts)
  return { ...seenSite(site, parts), link }
}

async function seenLinks(
  links: readonly Link[],
  at: number,
  { history, views, firstCopies }: AdvisorParts,
): Promise<SeenTarget['link']> {
  const viewed = links.map((link) => views.view(link))
  const ended = links.map(({ linkId }) => firstCopies.endedAt(linkId))
  const since = ended.includes(null) ? null : Math.max(...ended.map((instant) => instant ?? 0))
  const rows = await Promise.all(
    links.map(({ linkId }): Promise<readonly Minute[]> => history.rollups(linkId, at - windowMs)),
  )
  const minutes = combined(rows)
  const limits = links.map(({ rule }) => rule.bandwidth.bytesPerSecond)
  return {
    traffic: trafficOf(minutes, since),
    backlogCount: viewed.reduce((sum, view) => sum + view.backlogCount, 0),
    lagSeconds: Math.max(...viewed.map(lagOf)),
    firstCopy: since === null,
    limitBytesPerSecond: limits.length === 1 ? (limits[0] ?? null) : null,
  }
}

const lagOf = ({ asOf, oldestPendingAt }: LinkView): number =>
  oldestPendingAt === null ? 0 : Math.max(0, (asOf - oldestPendingAt) / 1000)

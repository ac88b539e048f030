import { advisorApi } from '../../electron/engine/api/advisor.ts'
import { linkAtWork } from '../../electron/engine/link/link.ts'
import { linksOf, type RuleLink } from '../../electron/engine/rule/link.ts'
import type { Rollup } from '../../electron/engine/journal/port/history.ts'
import type { LinkIdentity } from '../../electron/engine/journal/port/records.ts'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { ruleSchema, type BucketAt, type RuleView } from '../../shared/model/rule.ts'
import type { FakeWorld } from './fake-world.ts'

const minuteMs = 60_000

/** The engine’s own comparison over a world held in memory. */
export function createFakeAdvisor(world: FakeWorld): EngineApi['advisor'] {
  const links = () =>
    world.rules.flatMap((view) => {
      const record = { rule: bare(view), paused: view.paused, createdAt: 0 }
      return linksOf(record.rule).map((link) => linkAtWork(link, firstOf(link), record))
    })
  const site = (id: string) => {
    const found = world.sites.find((one) => one.id === id)
    if (found === undefined) throw new FaultError(fault('NOT_FOUND', `There is no site ${id}.`))
    return found
  }
  return advisorApi({
    history: { rollups: async (linkId) => world.minutes?.(linkId) ?? steadyMinutes(linkId, world.now) },
    rules: {
      get: (id) => {
        const link = links().find(({ ruleId }) => ruleId === id)
        if (link === undefined) throw new FaultError(fault('NOT_FOUND', `There is no rule ${id}.`))
        return { rule: link.rule, paused: link.paused, createdAt: 0 }
      },
    },
    links: { list: links, ofRule: (ruleId) => links().filter((link) => link.ruleId === ruleId), order: () => null },
    views: {
      view: ({ linkId }) => world.rules.flatMap((rule) => rule.links).find((link) => link.linkId === linkId)!,
    },
    firstCopies: { endedAt: () => 0 },
    sites: { get: site, health: (id) => site(id).health },
    workers: () => world.settings.workers.limit,
    now: () => world.now,
  })
}

/**
 * Two hours: 12 changes a second with 45 at the peak; an outage of five minutes leaves a backlog that drains at 72.
 */
function steadyMinutes(linkId: string, now: number): readonly Rollup[] {
  return Array.from({ length: 120 }, (_, index) => {
    const [objects, backlogCount, lagSeconds] = minuteAt(index)
    return {
      linkId,
      at: Math.floor(now / minuteMs) * minuteMs - (120 - index) * minuteMs,
      backlogCount,
      backlogBytes: 0,
      lagSeconds,
      objects,
      bytes: objects * 340_000,
      failures: 0,
      rttMs: null,
      ...fullAt(index, objects),
    }
  })
}

/** What was left of the outage filled the whole minute. */
const fullAt = (index: number, objects: number): Pick<Rollup, 'fullMs' | 'fullObjects' | 'fullBytes'> =>
  index === 65
    ? { fullMs: minuteMs, fullObjects: objects, fullBytes: objects * 340_000 }
    : { fullMs: 0, fullObjects: 0, fullBytes: 0 }

function minuteAt(index: number): readonly [objects: number, backlogCount: number, lagSeconds: number] {
  if (index >= 30 && index < 36) return [2700, 4, 1]
  if (index >= 60 && index < 65) return [0, 720 * (index - 59), 60 * (index - 59)]
  return index === 65 ? [4320, 3600, 300] : [720, 4, 1]
}

function bare(view: RuleView) {
  const names = Object.keys(ruleSchema.shape)
  return ruleSchema.parse(Object.fromEntries(Object.entries(view).filter(([name]) => names.includes(name))))
}

const firstOf = ({ ruleId, linkId, source, target }: RuleLink): LinkIdentity => {
  const at = (end: BucketAt): LinkIdentity['source'] => ({ ...end, endpoint: `http://${end.site}` })
  return { ruleId, linkId, source: at(source), target: at(target), generation: 1, openedAt: 0 }
}

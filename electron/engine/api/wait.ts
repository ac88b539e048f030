import type { EngineApi, Settled } from '../../../shared/api/engine-api.ts'
import type { Journal } from '../journal/port.ts'
import type { Link, Links } from '../link/links.ts'

interface Parts {
  readonly links: Links
  readonly journal: Journal
  /** A scan of the link is under way or owed: what it will find is not in the journal yet. */
  readonly scanOwed: (linkId: string) => boolean
  readonly now: () => number
}

const lookEveryMs = 50

export function waitApi({ links, journal, scanOwed, now }: Parts): EngineApi['wait'] {
  const count = (waited: readonly Link[]): Settled => {
    const totals = waited.map((link) => journal.totals(link.linkId))
    const pending = totals.reduce((sum, total) => sum + total.backlogCount, 0)
    const parked = totals.reduce((sum, total) => sum + total.parked, 0)
    return { settled: pending === 0 && !waited.some((link) => scanOwed(link.linkId)), pending, parked }
  }
  return {
    async settled({ ruleId, timeoutMs }, signal) {
      const until = now() + timeoutMs
      const active = (link: Link): boolean => link.rule.enabled && (ruleId === null || link.ruleId === ruleId)
      for (;;) {
        const state = count(links.list().filter(active))
        if (state.settled || now() >= until || signal?.aborted === true) return state
        await new Promise((wake) => setTimeout(wake, lookEveryMs))
      }
    },
  }
}

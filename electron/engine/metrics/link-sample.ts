import type { Journal } from '../journal/port.ts'
import type { RateBook } from './rates.ts'
import type { LinkSample } from './series.ts'

/** One link at `at`. Takes the counts since the call before. */
export function linkSample(
  linkId: string,
  journal: Pick<Journal, 'totals'>,
  rates: RateBook,
  rttMs: number | null,
  at: number,
): LinkSample {
  const { backlogCount, backlogBytes, oldestPendingAt } = journal.totals(linkId)
  const lagSeconds = oldestPendingAt === null ? 0 : Math.max(0, (at - oldestPendingAt) / 1000)
  return { linkId, backlogCount, backlogBytes, lagSeconds, ...rates.takeCounts(linkId), rttMs }
}

import { faultKinds, type Fault, type FaultCode } from '../../../../shared/model/fault.ts'
import { countOf, formatCount } from '../../../../shared/text/count.ts'
import type { FailureCause } from '../../journal/port/tasks.ts'
import type { Tell } from '../../log/activity.ts'
import { CauseWatch, type CauseWatchParts, type WatchedCause } from './cause-watch.ts'

export interface ParkedWatchParts extends Pick<CauseWatchParts<WatchedCause>, 'records' | 'tell' | 'clock'> {
  /** What waits in the failure list for somebody to mend it, by link and code. */
  readonly failures: () => Promise<readonly FailureCause[]>
  /** Hears that the failure list is another. */
  readonly onFailures: (listener: () => void) => void
  readonly ruleOf: (linkId: string) => string | null
  readonly siteName: (siteId: string) => string
  /** Milliseconds that only go forward. */
  readonly elapsedMs: () => number
}

type WatchedFailures = WatchedCause & {
  readonly code: FaultCode
  readonly siteId: string | null
  readonly ruleIds: readonly string[]
  readonly fault: Fault | null
}

/** A long failure list is counted for at most this share of the time. */
const countingShare = 50

/**
 * Tells once of each cause for which items are set aside until somebody mends it (one code, at one site), however many items meet it,
 * and once when none is left; a restart tells nothing again. What is retried counts until it has settled.
 */
export function parkedWatch(parts: ParkedWatchParts): CauseWatch<WatchedFailures> {
  const { records, tell, clock, failures, onFailures, elapsedMs } = parts
  let isChanged = true
  onFailures(() => (isChanged = true))
  let known: readonly WatchedFailures[] = []
  let countAgainAt = 0
  const causes = async (): Promise<readonly WatchedFailures[]> => {
    const begunAt = elapsedMs()
    if (!isChanged || begunAt < countAgainAt) return known
    isChanged = false
    const found = await failures().catch((error: unknown) => {
      isChanged = true
      throw error
    })
    known = byCause(found, parts)
    const endedAt = elapsedMs()
    countAgainAt = endedAt + countingShare * (endedAt - begunAt)
    return known
  }
  return new CauseWatch({ recordName: 'parked-told', startMs: 0, records, tell, clock, causes, began, ended })
}

function byCause(found: readonly FailureCause[], { ruleOf, siteName }: ParkedWatchParts): readonly WatchedFailures[] {
  const groups = Map.groupBy(found, ({ code, fault }) => `${code}/${fault?.site ?? ''}`)
  return [...groups].map(([id, some]) => {
    const { code, fault } = some[0]!
    const siteId = fault?.site ?? null
    const ruleIds = [...new Set(some.flatMap(({ linkId }) => ruleOf(linkId) ?? []))].toSorted()
    const size = some.reduce((sum, { count }) => sum + count, 0)
    const at = siteId === null ? '' : ` at ${siteName(siteId)}`
    return { id, size, title: `Items are set aside${at}. ${faultKinds[code].title}`, code, siteId, ruleIds, fault }
  })
}

function began({ title, size, siteId, ruleIds, fault }: WatchedFailures): Parameters<Tell> {
  const more = { siteId, ruleId: ruleIds.length === 1 ? ruleIds[0]! : null, fault }
  const first = ruleIds.slice(0, rulesNamed).join(', ')
  const others = ruleIds.length > rulesNamed ? ` and ${formatCount(ruleIds.length - rulesNamed)} more` : ''
  const rules = `${ruleIds.length === 1 ? 'rule' : 'rules'} ${first}${others}`
  return ['error', 'task', `${title} ${countOf(size, 'item needs', 'items need')} attention so far: ${rules}.`, more]
}

const rulesNamed = 4

const ended = (title: string, most: number): Parameters<Tell> => [
  'info',
  'task',
  `No item is set aside any more by this: ${title} ${countOf(most, 'item was', 'items were')}.`,
]

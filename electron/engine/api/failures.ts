import type { EngineApi, FailureDetail, FailurePage, ItemName } from '../../../shared/api/engine-api.ts'
import type { FailureListInput, RetryInput } from '../../../shared/api/inputs.ts'
import type { Failure } from '../../../shared/model/task.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { TaskRow } from '../journal/port/tasks.ts'
import type { LinkOrder } from '../replicate/port.ts'
import { retryMatching, retrySeqs, unknownItem, type RetryParts } from './retry-job.ts'

type LinkEnds = Pick<LinkOrder, 'ruleId' | 'source' | 'target'>

interface FailureApiParts extends RetryParts {
  readonly link: (linkId: string) => LinkEnds | null
}

export function failuresApi(parts: FailureApiParts): EngineApi['failures'] {
  const { journal, now } = parts
  return {
    async list(q: FailureListInput): Promise<FailurePage> {
      const page = await journal.tasks.failures(q)
      const rows = page.rows.flatMap((row) => toFailure(row, parts))
      return { asOf: now(), total: page.total, rows, byCode: page.byCode }
    },
    get: ({ seq }) => detailOf(seq, parts),
    retry(q: RetryInput): Promise<Job> {
      return 'seqs' in q ? retrySeqs(q.seqs, parts) : retryMatching(q.filter, parts)
    },
  }
}

async function detailOf(seq: number, parts: FailureApiParts): Promise<FailureDetail> {
  const { journal, now, link } = parts
  const row = await journal.tasks.find(seq)
  const ended = row === null || row.state === 'lingering' ? await journal.history.ended(seq) : null
  const found = row ?? ended
  const ends = found === null ? null : link(found.linkId)
  if (found === null || ends === null) throw unknownItem(seq, journal.atOnce)
  const { linkId, key, versionId } = found
  const name: ItemName = { seq, linkId, key, versionId, ruleId: ends.ruleId, source: ends.source, target: ends.target }
  const item = { ...name, asOf: now(), history: await journal.history.itemEvents(linkId, key, versionId) }
  if (ended !== null) return { ...item, state: 'settled', settledAt: ended.at, did: ended.did }
  const failure = row === null ? undefined : toFailure(row, parts)[0]
  return failure === undefined ? { ...item, state: 'pending' } : { ...item, state: 'failing', failure }
}

/** [] for a row without a fault, or of a rule that is gone. */
function toFailure(row: TaskRow, { link, queue, hold }: FailureApiParts): readonly Failure[] {
  const ends = link(row.linkId)
  if (row.fault === null || row.state === 'lingering' || ends === null) return []
  const { seq, linkId, key, versionId, operation, sizeBytes, fault } = row
  const state = queue.isLeased(seq) ? 'leased' : row.state
  const waits = state === 'delayed' || state === 'ready' ? hold(linkId) : null
  return [
    {
      seq,
      ruleId: ends.ruleId,
      linkId,
      source: ends.source,
      target: ends.target,
      key,
      versionId,
      operation,
      sizeBytes,
      state,
      fault,
      attempts: row.triedBefore + row.attempts,
      firstFailedAt: row.firstFailedAt ?? row.enqueuedAt,
      lastAttemptAt: row.lastAttemptAt ?? row.enqueuedAt,
      nextAttemptAt: state === 'delayed' && waits === null ? row.dueAt : null,
      waits,
    },
  ]
}

import type { EngineApi, FailureDetail, FailurePage } from '../../../shared/api/engine-api.ts'
import type { FailureFilter, FailureListInput, RetryInput } from '../../../shared/api/inputs.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Failure } from '../../../shared/model/task.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { Jobs } from '../job/jobs.ts'
import type { Journal, TaskRow } from '../journal/port.ts'
import type { TaskQueue } from '../queue/port.ts'
import type { LinkOrder } from '../worker/port.ts'

type LinkEnds = Pick<LinkOrder, 'ruleId' | 'source' | 'target'>

interface Parts {
  readonly journal: Journal
  readonly queue: TaskQueue
  readonly jobs: Jobs
  readonly link: (linkId: string) => LinkEnds | null
  readonly now: () => number
}

/** Tasks made ready per step of a retry, so that a million of them does not hold up everything else. */
const retryStep = 1000

export function failuresApi(parts: Parts): EngineApi['failures'] {
  const { journal, now } = parts
  const failureOf = (row: TaskRow): readonly Failure[] => toFailure(row, parts.link(row.linkId))
  return {
    list(q: FailureListInput): FailurePage {
      const page = journal.failures(q)
      return { asOf: now(), total: page.total, rows: page.rows.flatMap(failureOf), byCode: page.byCode }
    },
    get({ seq }): FailureDetail {
      const row = journal.task(seq)
      if (row === null) return { failure: null, history: [] }
      return { failure: failureOf(row)[0] ?? null, history: journal.history(row.linkId, row.key, row.versionId) }
    },
    retry(q: RetryInput): Job {
      return 'seqs' in q ? retrySeqs(q.seqs, parts) : retryMatching(q.filter, parts)
    },
  }
}

function retrySeqs(seqs: readonly number[], { jobs, queue }: Parts): Job {
  return jobs.start({
    kind: 'retry',
    title: seqs.length === 1 ? 'Retry 1 item' : `Retry ${seqs.length.toLocaleString('en')} items`,
    ruleId: null,
    run: async ({ progress }) => {
      const count = await queue.retry({ seqs }, seqs.length)
      progress(count, seqs.length)
      return count === seqs.length
        ? `${count} tried again.`
        : `${count} tried again; the others had left the list already.`
    },
  })
}

function retryMatching(filter: FailureFilter, { jobs, queue, journal }: Parts): Job {
  const { total } = journal.failures({ filter, sort: 'lastAttemptAt', descending: true, offset: 0, limit: 1 })
  if (total === 0)
    throw new FaultError(
      fault('NOT_FOUND', 'There is nothing to retry.', { remedy: 'Nothing to do: no failure matches any more.' }),
    )
  return jobs.start({
    kind: 'retry',
    title: `Retry all ${total.toLocaleString('en')} matching items`,
    ruleId: filter.ruleId,
    run: async ({ progress, signal }) => {
      let done = 0
      // Bounded by what matched at the start: items that fail again meanwhile are not retried for ever.
      while (done < total && !signal.aborted) {
        const count = await queue.retry({ filter }, Math.min(retryStep, total - done))
        if (count === 0) break
        done += count
        progress(done, total)
      }
      signal.throwIfAborted()
      return `${done.toLocaleString('en')} tried again.`
    },
  })
}

/** [] for a row without a fault, or of a rule that is gone. */
function toFailure(row: TaskRow, link: LinkEnds | null): readonly Failure[] {
  if (row.fault === null || link === null) return []
  const { seq, linkId, key, versionId, operation, sizeBytes, state, attempts } = row
  return [
    {
      seq,
      ruleId: link.ruleId,
      linkId,
      source: link.source,
      target: link.target,
      key,
      versionId,
      operation,
      sizeBytes,
      state,
      fault: row.fault,
      attempts,
      firstFailedAt: row.firstFailedAt ?? row.enqueuedAt,
      lastAttemptAt: row.lastAttemptAt ?? row.enqueuedAt,
      nextAttemptAt: state === 'parked' ? null : row.dueAt,
    },
  ]
}

import type { DatabaseSync } from 'node:sqlite'
import type { FailureFilter, FailureListInput } from '../../../../../shared/api/inputs.ts'
import { faultKinds, type FaultCode } from '../../../../../shared/model/fault.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { LinkTable } from '../tables/links.ts'
import { operationCode, stateCode, storedFault, taskColumns, taskRow, type StoredTask } from '../tables/task-row.ts'
import type { FailureCause, RetryWhich, TaskRow, TaskStore } from '../../port/tasks.ts'
import type { TaskWrites } from './task-writes.ts'

type RetryEach = (seqs: readonly number[]) => readonly Retried[]
type Retried = Pick<TaskRow, 'seq' | 'linkId' | 'key'>

/** Rows made ready per write: each writes its history as well. */
const PER_WRITE = 256

const sortColumn: Readonly<Record<FailureListInput['sort'], string>> = {
  lastAttemptAt: 'last_attempt_at',
  firstFailedAt: 'first_failed_at',
  attempts: 'attempts + tried_before',
  key: 'key',
  nextAttemptAt: `CASE state WHEN ${stateCode.delayed} THEN due_at WHEN ${stateCode.ready} THEN 0 END`,
}

/** The filter's conditions besides its links, with the values that they bind. */
function conditions(filter: FailureFilter): { readonly sql: string; readonly values: readonly (string | number)[] } {
  const parts: (readonly [string, string | number])[] = []
  // One that is ready or under way is being tried again as much as one that waits for its time.
  if (filter.state !== null) parts.push([`state ${filter.state === 'parked' ? '=' : '<>'} ?`, stateCode.parked])
  if (filter.code !== null) parts.push(['code = ?', filter.code])
  if (filter.operation !== null) parts.push(['op = ?', operationCode[filter.operation]])
  if (filter.search !== '') parts.push(['instr(key, ?) > 0', filter.search])
  return { sql: parts.map(([sql]) => ` AND ${sql}`).join(''), values: parts.map(([, value]) => value) }
}

/** The list of what failed and is not settled, and its retry. */
export function openFailures(
  database: DatabaseSync,
  commit: GroupCommit,
  links: LinkTable,
  writes: TaskWrites,
): Pick<TaskStore, 'failures' | 'retry' | 'parkedCauses'> {
  const linkIn = (filter: FailureFilter): string => links.matching(filter.ruleId, filter.linkId).join(', ')
  return {
    async failures({ filter, sort, descending, offset, limit }) {
      const { sql, values } = conditions(filter)
      const where = `code IS NOT NULL AND link IN (${linkIn(filter)})${sql}`
      const byCode = query<readonly [string, number]>(
        database,
        `SELECT code, count(*) FROM task WHERE ${where} GROUP BY code ORDER BY count(*) DESC, code`,
      ).all(...values)
      const direction = descending ? 'DESC' : 'ASC'
      // The plus keeps SQLite from choosing the index on link, and so from sorting every failure for one page of them.
      const page = query<StoredTask>(
        database,
        `SELECT ${taskColumns} FROM task WHERE ${where.replace('link IN', '+link IN')}
         ORDER BY ${sortColumn[sort]} ${direction} NULLS LAST, seq ${direction} LIMIT ? OFFSET ?`,
      ).all(...values, limit, offset)
      return {
        total: byCode.reduce((sum, [, count]) => sum + count, 0),
        rows: page.map((row) => taskRow(row, links.numbered(row[1])!.name)),
        byCode: byCode.map(([code, count]) => ({ code, count })),
      }
    },
    parkedCauses: async () => parkedCauses(database, links),
    retry(which, limit, isTaken = () => false) {
      const because = ('because' in which ? which.because : undefined) ?? 'retried'
      const retryEach: RetryEach = (seqs) =>
        seqs.flatMap((seq) => (isTaken(seq) ? [] : (writes.retry(seq, because) ?? [])))
      if ('seqs' in which) return retrySeqs(commit, retryEach, which.seqs.slice(0, limit))
      const linkIds = (): readonly number[] => links.matching(which.filter.ruleId, which.filter.linkId)
      return retryMatching(database, commit, retryEach, linkIds, { ...which, limit })
    },
  }
}

/** By an index alone, which does not know the state: but only a fault that no repetition mends parks. */
function parkedCauses(database: DatabaseSync, links: LinkTable): readonly FailureCause[] {
  const counted = query<readonly [number, string, number, number]>(
    database,
    'SELECT link, code, count(*), min(seq) FROM task INDEXED BY task_failed WHERE code IS NOT NULL GROUP BY link, code',
  )
  const faultOf = query<readonly [string | null]>(database, 'SELECT fault FROM task WHERE seq = ?')
  return counted.all().flatMap(([link, code, count, first]) => {
    const linkId = links.numbered(link)?.name
    if (linkId === undefined || !isForGood(code)) return []
    return [{ linkId, code, count, fault: storedFault(faultOf.get(first)?.[0] ?? null) }]
  })
}

/** A journal of another release may hold codes that this one has not got. */
const isForGood = (code: string): code is FaultCode =>
  Object.hasOwn(faultKinds, code) && faultKinds[code as FaultCode].retry === 'never'

async function retrySeqs(
  commit: GroupCommit,
  retryEach: RetryEach,
  seqs: readonly number[],
): Promise<readonly Retried[]> {
  const retried: Promise<readonly Retried[]>[] = []
  for (let start = 0; start < seqs.length; start += PER_WRITE) {
    const chunk = seqs.slice(start, start + PER_WRITE)
    retried.push(commit.submit(chunk.length, () => retryEach(chunk)))
  }
  return (await Promise.all(retried)).flat()
}

/** Link by link and in seq order, so that each step goes on where the last one ended. */
async function retryMatching(
  database: DatabaseSync,
  commit: GroupCommit,
  retryEach: RetryEach,
  linkIds: () => readonly number[],
  { filter, failedBy, limit }: Extract<RetryWhich, { filter: unknown }> & { readonly limit: number },
): Promise<readonly Retried[]> {
  const { sql, values } = conditions(filter)
  const next = query<readonly [number]>(
    database,
    `SELECT seq FROM task INDEXED BY task_waiting
     WHERE link = ? AND state <> ${stateCode.ready} AND seq > ? AND last_attempt_at <= ?${sql} ORDER BY seq LIMIT ?`,
  )
  const retried: Retried[] = []
  for (const link of linkIds()) {
    let after = 0
    while (retried.length < limit) {
      const room = Math.min(PER_WRITE, limit - retried.length)
      const from = after
      const chunk = await commit.submit(room, () => {
        const seqs = next.all(link, from, failedBy ?? Number.MAX_SAFE_INTEGER, ...values, room).map(([seq]) => seq)
        after = seqs.at(-1) ?? from
        return retryEach(seqs)
      })
      retried.push(...chunk)
      if (after === from) break
    }
  }
  return retried
}

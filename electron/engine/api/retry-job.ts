import type { FailureFilter } from '../../../shared/api/inputs.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { Hold } from '../../../shared/model/task.ts'
import type { Jobs } from '../job/jobs.ts'
import type { Journal } from '../journal/port/journal.ts'
import type { ReadsAtOnce } from '../journal/port/tasks.ts'
import type { TaskQueue } from '../queue/port.ts'

export interface RetryParts {
  readonly journal: Pick<Journal, 'tasks' | 'atOnce' | 'history'>
  readonly queue: TaskQueue
  readonly jobs: Jobs
  /** What keeps a link from handing out tasks; null when nothing does. */
  readonly hold: (linkId: string) => Hold | null
  readonly now: () => number
}

/** Tasks made ready per step, so that a million of them does not hold up everything else. */
const retryStep = 1000

const count = (items: number): string => items.toLocaleString('en')
const items = (number: number): string => `${count(number)} ${number === 1 ? 'item' : 'items'}`

export async function retrySeqs(named: readonly number[], { jobs, queue, journal, hold }: RetryParts): Promise<Job> {
  const seqs = [...new Set(named)]
  const known: number[] = []
  for (const seq of seqs)
    if ((await journal.tasks.find(seq)) !== null || (await journal.history.ended(seq)) !== null) known.push(seq)
  if (known.length === 0) throw unknownItem(seqs[0]!, journal.atOnce)
  return jobs.start({
    kind: 'retry',
    title: `Retry ${items(seqs.length)}`,
    ruleId: null,
    run: async ({ progress }) => {
      const retried = await queue.retry({ seqs }, seqs.length)
      const taken = new Set(retried.map(({ seq }) => seq))
      const rest = seqs.filter((seq) => !taken.has(seq))
      const here = new Set<number>()
      for (const seq of rest) if ((await journal.tasks.find(seq)) !== null) here.add(seq)
      progress(retried.length, seqs.length)
      return sentence([
        ...outlook(retried, hold),
        ...(here.size > 0
          ? [`${count(here.size)} ${here.size === 1 ? 'was' : 'were'} in the queue or under way already`]
          : []),
        ...leftText(rest.filter((seq) => !here.has(seq) && known.includes(seq)).length),
        ...unknownText(seqs.length - known.length),
      ])
    },
  })
}

export async function retryMatching(
  filter: FailureFilter,
  { jobs, queue, journal, hold, now }: RetryParts,
): Promise<Job> {
  const { total } = await journal.tasks.failures({
    filter,
    sort: 'lastAttemptAt',
    descending: true,
    offset: 0,
    limit: 1,
  })
  if (total === 0)
    throw new FaultError(
      fault('NOT_FOUND', 'There is nothing to retry.', { remedy: 'Nothing to do: no failure matches any more.' }),
    )
  const failedBy = now()
  return jobs.start({
    kind: 'retry',
    title: `Retry all ${count(total)} matching items`,
    ruleId: filter.ruleId,
    run: async ({ progress, signal }) => {
      const retried: { readonly linkId: string }[] = []
      // What failed again since is not taken twice: it was retried.
      while (!signal.aborted) {
        const step = await queue.retry({ filter, failedBy }, retryStep)
        if (step.length === 0) break
        for (const { linkId } of step) retried.push({ linkId })
        progress(retried.length, Math.max(total, retried.length))
      }
      signal.throwIfAborted()
      const before = total - retried.length
      return sentence([
        ...outlook(retried, hold),
        ...(before > 0
          ? [`${count(before)} ${before === 1 ? 'was' : 'were'} in the queue or under way already, or had arrived`]
          : []),
      ])
    },
  })
}

/** An item without a row and without a history: it never was one, or nothing is kept of it. */
export function unknownItem(seq: number, atOnce: Pick<ReadsAtOnce, 'lastSeq'>): FaultError {
  const never = seq < 1 || seq > atOnce.lastSeq()
  return new FaultError(
    fault('NOT_FOUND', never ? `No item has the number ${seq}.` : `Nothing is known of item ${seq}.`, {
      remedy: never
        ? 'Take the number from the failure list (lockstep failures).'
        : 'It never failed, or settled so long ago that its history is gone, or its rule was removed. To know whether both sides are equal, compare them.',
    }),
  )
}

/** What happens to them now: at once, or when what holds their link has ended. */
function outlook(retried: readonly { readonly linkId: string }[], hold: RetryParts['hold']): readonly string[] {
  const byLink = new Map<string, number>()
  for (const { linkId } of retried) byLink.set(linkId, (byLink.get(linkId) ?? 0) + 1)
  const later = new Map<string, number>()
  let atOnce = 0
  for (const [linkId, number] of byLink) {
    const until = hold(linkId)?.until
    if (until === undefined) atOnce += number
    else later.set(until, (later.get(until) ?? 0) + number)
  }
  return [
    ...(atOnce > 0 || later.size === 0 ? [`${count(atOnce)} tried again`] : []),
    ...[...later].map(([until, number]) => `${count(number)} ${number === 1 ? 'runs' : 'run'} when ${until}`),
  ]
}

const leftText = (gone: number): readonly string[] =>
  gone === 0 ? [] : [`${count(gone)} had left the list: see ${gone === 1 ? 'its' : 'their'} history`]
const unknownText = (unknown: number): readonly string[] =>
  unknown === 0 ? [] : [`${count(unknown)} ${unknown === 1 ? 'is' : 'are'} not known`]
const sentence = (parts: readonly string[]): string => `${parts.join('; ')}.`

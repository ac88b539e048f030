import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { CompareReport, Difference, Job } from '../../../shared/model/job.ts'
import { compareLink } from '../audit/compare-link.ts'
import { faultFrom } from '../errors.ts'
import type { Jobs, JobReport } from '../job/jobs.ts'
import type { Journal } from '../journal/port.ts'
import type { Link, Links } from '../link/links.ts'
import type { ListRequest, ObjectStore, VersionPage } from '../store/port.ts'

interface Parts {
  readonly jobs: Jobs
  readonly links: Links
  readonly journal: Journal
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly store: (siteId: string) => ObjectStore
  readonly now: () => number
}

/** Reports are kept for the session: a comparison is only as good as the moment it was made. */
const keptReports = 20
const keptDifferences = 1000

export function compareApi(parts: Parts): EngineApi['compare'] {
  const reports = new Map<string, CompareReport>()
  return {
    start(q): Job {
      const links = parts.links.ofRule(q.ruleId)
      if (links.length === 0) throw new FaultError(fault('NOT_FOUND', `There is no rule “${q.ruleId}”.`))
      const job: Job = parts.jobs.start({
        kind: 'compare',
        title: `${q.deep ? 'Deep comparison' : 'Comparison'} of both sides of rule ${q.ruleId}${q.prefix === '' ? '' : `, keys under “${q.prefix}”`}`,
        ruleId: q.ruleId,
        run: (report) => run(job.id, links, q, report),
      })
      set(job.id, { jobId: job.id, ruleId: q.ruleId, deep: q.deep, startedAt: job.startedAt })
      return job
    },
    report: ({ jobId }) => reports.get(jobId) ?? null,
    reports: () => [...reports.values()].toReversed(),
  }

  async function run(
    jobId: string,
    links: readonly Link[],
    q: { readonly prefix: string; readonly deep: boolean },
    report: JobReport,
  ): Promise<string> {
    try {
      for (const link of links) add(jobId, await compareOne(link, q, report, parts))
    } catch (error) {
      const why = report.signal.aborted
        ? fault('CANCELLED', 'The comparison was cancelled.')
        : faultFrom(error, { operation: 'compare' })
      set(jobId, { verdict: 'unknown', endedAt: parts.now(), fault: why })
      throw error
    }
    const { differenceCount, versions } = reports.get(jobId)!
    set(jobId, { verdict: differenceCount === 0 ? 'equal' : 'different', endedAt: parts.now() })
    const looked = `${versions.toLocaleString('en')} versions compared`
    return differenceCount === 0
      ? `${looked}: both sides are equal.`
      : `${looked}: ${differenceCount.toLocaleString('en')} differences.`
  }

  function add(
    jobId: string,
    more: { keys: number; versions: number; differenceCount: number; differences: readonly Difference[] },
  ): void {
    const before = reports.get(jobId)!
    set(jobId, {
      keys: before.keys + more.keys,
      versions: before.versions + more.versions,
      differenceCount: before.differenceCount + more.differenceCount,
      differences: [...before.differences, ...more.differences].slice(0, keptDifferences),
    })
  }

  function set(jobId: string, change: Partial<CompareReport> & { fault?: Fault }): void {
    reports.set(jobId, { ...(reports.get(jobId) ?? blank), ...change })
    for (const id of [...reports.keys()].slice(0, Math.max(0, reports.size - keptReports))) reports.delete(id)
  }
}

const blank: CompareReport = {
  jobId: '',
  ruleId: '',
  deep: false,
  verdict: 'unknown',
  startedAt: 0,
  endedAt: null,
  keys: 0,
  versions: 0,
  differenceCount: 0,
  differences: [],
  fault: null,
}

function compareOne(
  link: Link,
  q: { readonly prefix: string; readonly deep: boolean },
  { signal, progress }: JobReport,
  { links, journal, list, store, now }: Parts,
): ReturnType<typeof compareLink> {
  const order = links.order(link.linkId)
  if (order === null) {
    throw new FaultError(
      fault('SITE_OFFLINE', 'The target could not be probed yet, so its versions cannot be told apart.', {
        site: link.target.site,
      }),
    )
  }
  return compareLink({
    link: order,
    prefix: q.prefix === '' ? link.rule.filter.prefix : q.prefix,
    deep: q.deep,
    list,
    pairs: (key) => journal.pairs(link.linkId, key),
    source: store(link.source.site),
    target: store(link.target.site),
    now,
    signal,
    onProgress: (keys) => progress(keys, null),
  })
}

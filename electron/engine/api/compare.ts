import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { levelText } from '../../../shared/text/compare.ts'
import type { CompareCost, CompareLevel, CompareReport } from '../../../shared/model/compare.ts'
import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { Job } from '../../../shared/model/job.ts'
import { compareLink } from '../compare/compare-link.ts'
import { costsOf } from '../compare/cost.ts'
import { Tally } from '../compare/tally.ts'
import { statementOf, verdictOf } from '../compare/verdict.ts'
import { faultFrom } from '../base/errors.ts'
import type { Jobs, JobReport } from '../job/jobs.ts'
import type { Link } from '../link/link.ts'
import { compareFigures, linkToCompare, type CompareSources } from '../compare/link-to-compare.ts'

interface CompareApiParts extends CompareSources {
  readonly jobs: Jobs
}

/** What was asked for. */
interface CompareQuestion {
  readonly ruleId: string
  readonly prefix: string
  readonly level: CompareLevel
}

/** Reports are kept for the session: a comparison is only as good as the moment it was made. */
const keptReports = 20

export function compareApi(parts: CompareApiParts): EngineApi['compare'] {
  const reports = new Map<string, CompareReport>()
  return {
    cost: ({ ruleId, prefix }) => costs(linksOf(ruleId), prefix),
    async start(q): Promise<Job> {
      const links = linksOf(q.ruleId)
      const foretold = await costs(links, q.prefix)
      const under = q.prefix === '' ? '' : `, keys under “${q.prefix}”`
      const job: Job = parts.jobs.start({
        kind: 'compare',
        title: `Comparison of both sides of rule ${q.ruleId} ${levelText[q.level].by}${under}`,
        ruleId: q.ruleId,
        run: (report) => run(job.id, links, q, report),
      })
      const cost = foretold.find(({ level }) => level === q.level)!
      keep(blank(job, links, q, cost))
      return job
    },
    report: ({ jobId }) => reports.get(jobId) ?? null,
    reports: () => [...reports.values()].toReversed().map(withoutRows),
  }

  async function costs(links: readonly Link[], prefix: string): Promise<readonly CompareCost[]> {
    return costsOf(prefix, await Promise.all(links.map((link) => compareFigures(link, parts))))
  }

  function linksOf(ruleId: string): readonly Link[] {
    const links = parts.links.ofRule(ruleId)
    if (links.length === 0) throw new FaultError(fault('NOT_FOUND', `There is no rule “${ruleId}”.`))
    return links
  }

  /** A link that cannot be compared does not keep the others from it. */
  async function run(jobId: string, links: readonly Link[], q: CompareQuestion, report: JobReport): Promise<string> {
    const tally = new Tally()
    let failed: FaultError | null = null
    for (const link of links) {
      try {
        await compareLink(linkToCompare(link, q, tally, report, parts))
      } catch (error) {
        failed ??= new FaultError(whyNot(error, report), { cause: error })
      }
      keep({ ...reports.get(jobId)!, ...tally.totals })
    }
    const why = failed?.fault ?? null
    const statement = statementOf(q.level, tally.totals, why)
    const verdict = verdictOf(tally.totals, why)
    keep({ ...reports.get(jobId)!, verdict, statement, endedAt: parts.now(), fault: why })
    if (failed !== null) throw failed
    return statement
  }

  function keep(report: CompareReport): void {
    reports.set(report.jobId, report)
    for (const id of [...reports.keys()].slice(0, Math.max(0, reports.size - keptReports))) reports.delete(id)
  }
}

const whyNot = (error: unknown, { signal }: JobReport): Fault =>
  signal.aborted ? fault('CANCELLED', 'The comparison was cancelled.') : faultFrom(error, { operation: 'compare' })

function blank(
  job: Job,
  links: readonly Link[],
  { ruleId, prefix, level }: CompareQuestion,
  cost: CompareCost,
): CompareReport {
  return {
    jobId: job.id,
    ruleId,
    links: links.map(({ linkId, target }) => ({ ruleId, linkId, target })),
    prefix,
    level,
    verdict: 'unknown',
    statement: 'The comparison has not ended yet.',
    startedAt: job.startedAt,
    endedAt: null,
    cost,
    ...new Tally().totals,
    fault: null,
  }
}

/** Of every report the counts; the rows are asked for one report at a time. */
const withoutRows = (report: CompareReport): CompareReport => ({
  ...report,
  differences: [],
  onItsWay: { ...report.onItsWay, items: [] },
  notSeen: { ...report.notSeen, items: [] },
})

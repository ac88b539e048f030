import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { levelText, verdictName } from '../../../shared/text/compare.ts'
import { listsAll, type CompareReport } from '../../../shared/model/compare.ts'
import { Panel } from '../../components/page.tsx'
import { Ago } from '../../components/times.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatCount } from '../../text/format.ts'
import type { Tone } from '../../text/link.ts'
import { Report } from './compare-report.tsx'

const route = getRouteApi('/rules/$ruleId')

const tones: Record<CompareReport['verdict'], Tone> = {
  equal: 'good',
  different: 'bad',
  'on-its-way': 'busy',
  unknown: 'waiting',
}

/** What no listing shows is not known to be equal. */
const toneOf = (report: CompareReport): Tone =>
  report.verdict === 'equal' && !listsAll(report) ? 'waiting' : tones[report.verdict]

const shownReports = 5

/** The comparisons of this rule, newest first; one can be opened to its differences. */
export function CompareReports({ ruleId }: { readonly ruleId: string }) {
  const { queries } = useConsole()
  const reports = useQuery(queries.reports)
  const { report } = route.useSearch()
  const navigate = route.useNavigate()
  const mine = (reports.data ?? [])
    .filter((one) => one.ruleId === ruleId)
    .toSorted((a, b) => b.startedAt - a.startedAt)
    .slice(0, shownReports)
  if (mine.length === 0) return null
  return (
    <Panel title="Comparisons" flush>
      <ul className="feed-list">
        {mine.map((one) => (
          <li key={one.jobId}>
            {one.endedAt === null ? (
              <ToneBadge tone="quiet">Not finished</ToneBadge>
            ) : (
              <ToneBadge tone={toneOf(one)}>{verdictName(one)}</ToneBadge>
            )}
            <span style={{ flex: 1 }}>
              {levelText[one.level].name}: {countsOf(one)}
            </span>
            <span className="dim">
              <Ago at={one.endedAt ?? one.startedAt} />
            </span>
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={report === one.jobId}
              onClick={() =>
                void navigate({
                  to: '/rules/$ruleId',
                  params: { ruleId },
                  search: report === one.jobId ? {} : { report: one.jobId },
                  replace: true,
                  resetScroll: false,
                })
              }
            >
              {report === one.jobId ? 'Close' : 'Open'}
            </Button>
          </li>
        ))}
      </ul>
      {report !== undefined && <Report jobId={report} />}
    </Panel>
  )
}

/** How many of each: what differs, what is on its way, what was not seen, what is meant to be so. */
function countsOf({ keys, versions, differenceCount, onItsWay, notSeen, exceptions }: CompareReport): string {
  const meant = exceptions.reduce((total, { count }) => total + count, 0)
  return [
    countOf(keys, 'key'),
    countOf(versions, 'version'),
    countOf(differenceCount, 'difference'),
    ...(onItsWay.count > 0 ? [`${formatCount(onItsWay.count)} on its way`] : []),
    ...(notSeen.count > 0 ? [`${formatCount(notSeen.count)} not seen`] : []),
    ...(meant > 0 ? [countOf(meant, 'exception')] : []),
  ].join(', ')
}

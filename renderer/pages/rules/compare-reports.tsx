import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { CompareReport, Difference, DifferenceKind } from '../../../shared/model/job.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Panel } from '../../components/page.tsx'
import { Ago } from '../../components/times.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatCount } from '../../words/format.ts'
import type { Tone } from '../../words/link-words.ts'
import { tellFault } from '../../words/told.ts'

const route = getRouteApi('/rules/$ruleId')

const verdicts: Record<CompareReport['verdict'], { readonly label: string; readonly tone: Tone }> = {
  equal: { label: 'Equal', tone: 'good' },
  different: { label: 'Different', tone: 'bad' },
  unknown: { label: 'Not finished', tone: 'quiet' },
}

const kindWords: Record<DifferenceKind, string> = {
  'missing-at-target': 'Missing at the target',
  'extra-at-target': 'Only at the target',
  order: 'Order of versions',
  content: 'Content',
  metadata: 'Metadata',
  tags: 'Tags',
  lock: 'Retention or hold',
  'not-latest': 'Not the latest',
}

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
            <ToneBadge tone={verdicts[one.verdict].tone}>{verdicts[one.verdict].label}</ToneBadge>
            <span style={{ flex: 1 }}>
              {one.deep ? 'Deep: ' : ''}
              {countOf(one.keys, 'key')}, {countOf(one.versions, 'version')},{' '}
              {countOf(one.differenceCount, 'difference')}
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

function Report({ jobId }: { readonly jobId: string }) {
  const { queries } = useConsole()
  const report = useQuery(queries.report(jobId))
  return (
    <Loaded query={report} what="the report">
      {(value) => {
        if (value === null) return <Text p={14}>This report is no longer kept. Compare again.</Text>
        if (value.fault !== null) return <ToldNote told={tellFault(value.fault)} />
        if (value.differences.length === 0) return <Text p={14}>Both sides are equal.</Text>
        return (
          <>
            <Text px={14} py={8} c="dimmed">
              {value.differenceCount > value.differences.length
                ? `The first ${formatCount(value.differences.length)} of ${countOf(value.differenceCount, 'difference')}`
                : countOf(value.differenceCount, 'difference')}
            </Text>
            <DataTable
              label="Differences"
              columns={columns}
              rows={value.differences}
              rowId={(row) => `${row.kind} ${row.key} ${row.versionId}`}
              minWidth={720}
              tall
            />
          </>
        )
      }}
    </Loaded>
  )
}

const columns: readonly Column<Difference>[] = [
  {
    id: 'kind',
    header: 'What differs',
    width: '180px',
    sortBy: (row) => kindWords[row.kind],
    cell: (row) => kindWords[row.kind],
  },
  { id: 'key', header: 'Key', sortBy: (row) => row.key, cell: (row) => row.key },
  {
    id: 'version',
    header: 'Version',
    width: '150px',
    cell: (row) => (
      <span className="mono clip" style={{ display: 'block' }} title={row.versionId ?? undefined}>
        {row.versionId ?? 'all'}
      </span>
    ),
  },
  { id: 'detail', header: 'In words', cell: (row) => row.detail },
]

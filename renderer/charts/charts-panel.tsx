import { Button, Group, SegmentedControl, Skeleton, Text, Title } from '@mantine/core'
import { useDocumentVisibility } from '@mantine/hooks'
import { IconPlayerPause, IconPlayerPlay, IconTable } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import type { SeriesPoint } from '../../shared/model/overview.ts'
import { useNow } from '../components/use-now.ts'
import { QueryFault } from '../components/query-fault.tsx'
import { useConsole } from '../console-parts.ts'
import { formatBytes, formatClock } from '../text/format.ts'
import { chartKinds, collectingText, thinOut } from './chart-kinds.ts'

const SeriesChart = lazy(async () => ({ default: (await import('./series-chart.tsx')).SeriesChart }))

const windows = [
  { value: '900000', label: '15 min' },
  { value: '3600000', label: '1 h' },
  { value: '21600000', label: '6 h' },
  { value: '86400000', label: '24 h' },
]
const mostPoints = 150
const tableRows = 15

interface ChartsPanelProps {
  /** null draws all links together. */
  readonly linkId: string | null
  readonly title: string
  /** What else chooses what is drawn, beside the time span. */
  readonly choice?: ReactNode
}

/** The history of one link or of all: four charts, or the same numbers as a table. Rests while nobody looks. */
export function ChartsPanel({ linkId, title, choice }: ChartsPanelProps) {
  const { queries } = useConsole()
  const [windowMs, setWindowMs] = useState('900000')
  const [paused, setPaused] = useState(false)
  const [asTable, setAsTable] = useState(false)
  const hidden = useDocumentVisibility() === 'hidden'
  const series = useQuery(queries.series(linkId, Number(windowMs), paused || hidden))
  return (
    <section aria-label={title}>
      <Group mb="xs" gap="sm">
        <Title order={2} style={{ flex: 1 }}>
          {title}
        </Title>
        {choice}
        <SegmentedControl
          size="xs"
          aria-label="Time span"
          data={windows}
          value={windowMs}
          onChange={setWindowMs}
          color="petrol"
        />
        <Button
          variant="default"
          leftSection={paused ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />}
          onClick={() => setPaused(!paused)}
        >
          {paused ? 'Go on' : 'Pause'}
        </Button>
        <Button
          variant={asTable ? 'filled' : 'default'}
          aria-pressed={asTable}
          leftSection={<IconTable size={14} aria-hidden />}
          onClick={() => setAsTable(!asTable)}
        >
          Table
        </Button>
      </Group>
      {series.isError && <QueryFault error={series.error} retry={() => void series.refetch()} />}
      {series.data && asTable && <SeriesTable points={thinOut(series.data, tableRows)} title={title} />}
      {series.data && <Collecting points={series.data} />}
      {!asTable && !(series.isError && !series.data) && (
        <div className="charts">
          {chartKinds.map((kind) =>
            series.data ? (
              <Suspense key={kind.id} fallback={<Skeleton height={164} />}>
                <SeriesChart kind={kind} points={thinOut(series.data, mostPoints)} />
              </Suspense>
            ) : (
              <Skeleton key={kind.id} height={164} />
            ),
          )}
        </div>
      )}
      {paused && (
        <Text size="sm" c="dimmed" mt="xs">
          The charts rest. The numbers elsewhere stay live.
        </Text>
      )}
    </section>
  )
}

/** What there is to see before there is a line: when the first point comes. */
function Collecting({ points }: { readonly points: readonly SeriesPoint[] }) {
  const now = useNow()
  const [since] = useState(now)
  const words = collectingText(points, since, now)
  return words === null ? null : (
    <Text role="status" c="dimmed" mb="xs">
      {words}
    </Text>
  )
}

function SeriesTable({ points, title }: { readonly points: readonly SeriesPoint[]; readonly title: string }) {
  return (
    <div className="panel table-scroll" role="region" aria-label={`${title} as a table`} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {chartKinds.map((kind) => (
              <th scope="col" key={kind.id} data-align="end">
                {kind.title}
              </th>
            ))}
            <th scope="col" data-align="end">
              Backlog, bytes
            </th>
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}>
              <td>{formatClock(point.at)}</td>
              {chartKinds.map((kind) => (
                <td key={kind.id} data-align="end">
                  {kind.words(kind.value(point))}
                </td>
              ))}
              <td data-align="end">{formatBytes(point.backlogBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

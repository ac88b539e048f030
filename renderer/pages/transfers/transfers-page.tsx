import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { Overview } from '../../../shared/model/overview.ts'
import type { Transfer } from '../../../shared/model/task.ts'
import { Bar } from '../../components/bar.tsx'
import { DataTable, measured, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page } from '../../components/page.tsx'
import { Route } from '../../components/place.tsx'
import { Ago } from '../../components/times.tsx'
import { useConsole, useLive } from '../../console-parts.ts'
import { formatByteRate, formatBytes, formatClock, formatCount } from '../../text/format.ts'
import { laneText, operationText } from '../../text/link.ts'
import { inFlightText, nothingInFlightText } from '../../text/transfer.ts'

const route = getRouteApi('/transfers')

export function TransfersPage() {
  const { queries } = useConsole()
  const { rule } = route.useSearch()
  const navigate = route.useNavigate()
  const transfers = useQuery(queries.transfers)
  const rules = useQuery(queries.rules)
  const overview = useQuery(queries.overview)
  const busy = overview.data?.workers.busy ?? null
  const { asOf } = useLive()
  const shown = (transfers.data ?? []).filter((transfer) => rule === undefined || transfer.ruleId === rule)
  return (
    <Page
      title="Transfers"
      lead={
        transfers.data &&
        `${inFlightText({ shown: shown.length, told: transfers.data.length, busy, rule })}${asOf === null ? '' : ` · as of ${formatClock(asOf)}`}`
      }
      actions={
        <Select
          aria-label="Rule"
          w={220}
          data={[{ value: '', label: 'All rules' }, ...(rules.data ?? []).map(({ id }) => ({ value: id, label: id }))]}
          value={rule ?? ''}
          onChange={(value) => void navigate({ to: '/transfers', search: value ? { rule: value } : {}, replace: true })}
        />
      }
    >
      <Loaded query={transfers} what="the transfers">
        {() =>
          shown.length === 0 ? (
            <Empty title="Nothing is in flight">{nothingInFlightText(pendingOf(overview.data, rule))}</Empty>
          ) : (
            <div className="panel">
              <DataTable
                label="Transfers in flight"
                columns={columns}
                rows={shown}
                rowId={(transfer) => String(transfer.seq)}
                minWidth={900}
                tall
              />
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}

function pendingOf(overview: Overview | undefined, rule: string | undefined): number | null {
  if (overview === undefined) return null
  const links = overview.links.filter(({ ruleId }) => rule === undefined || ruleId === rule)
  return links.reduce((sum, { backlogCount }) => sum + backlogCount, 0)
}

const columns: readonly Column<Transfer>[] = [
  {
    id: 'key',
    header: 'Object',
    sortBy: (transfer) => transfer.key,
    cell: (transfer) => (
      <>
        <div className="clip2" title={transfer.key}>
          {transfer.key}
        </div>
        <div className="dim">
          <Route source={transfer.source} target={transfer.target} />
        </div>
      </>
    ),
  },
  {
    id: 'rule',
    header: 'Rule and operation',
    width: '176px',
    sortBy: (transfer) => transfer.ruleId,
    cell: (transfer) => (
      <>
        <Link className="row-link" to="/rules/$ruleId" params={{ ruleId: transfer.ruleId }}>
          {transfer.ruleId}
        </Link>
        <div className="dim">
          {operationText[transfer.operation]}, {laneText[transfer.lane].toLowerCase()} lane
        </div>
      </>
    ),
  },
  {
    id: 'progress',
    header: 'Progress',
    width: '186px',
    cell: (transfer) => <Progress transfer={transfer} />,
  },
  measured('rate', 'Rate', '96px', ({ bytesPerSecond }) => bytesPerSecond, formatByteRate),
  measured('attempt', 'Attempt', '96px', ({ attempt }) => attempt, formatCount),
  measured(
    'started',
    'Started',
    '98px',
    ({ startedAt }) => startedAt,
    (at) => <Ago at={at} />,
  ),
]

function Progress({ transfer }: { readonly transfer: Transfer }) {
  const { doneBytes, sizeBytes, parts } = transfer
  return (
    <>
      <div style={{ padding: '7px 0 4px' }}>
        <Bar label={`Progress of ${transfer.key}`} done={doneBytes} total={sizeBytes} />
      </div>
      <div className="dim">
        <span className="nowrap">
          {formatBytes(doneBytes)} {sizeBytes === null ? 'of an unknown size' : `of ${formatBytes(sizeBytes)}`}
        </span>
        {parts && (
          <>
            , <span className="nowrap">{`part ${formatCount(parts.done)} of ${formatCount(parts.total)}`}</span>
          </>
        )}
      </div>
    </>
  )
}

import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { differenceText, exceptionText } from '../../../shared/text/compare.ts'
import {
  targetName,
  type CompareReport,
  type Difference,
  type NotSeen,
  type OnItsWay,
} from '../../../shared/model/compare.ts'
import { faultText } from '../../../shared/text/sentence.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Ago } from '../../components/times.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatBytes, formatCount } from '../../text/format.ts'
import { tellFault } from '../../text/told.ts'

/** One comparison: what may be said of both sides, and what that stands on. */
export function Report({ jobId }: { readonly jobId: string }) {
  const { queries } = useConsole()
  const report = useQuery(queries.report(jobId))
  return (
    <Loaded query={report} what="the report">
      {(value) =>
        value === null ? (
          <Text p={14}>This report is no longer kept. Compare again.</Text>
        ) : (
          <ReportText report={value} />
        )
      }
    </Loaded>
  )
}

function ReportText({ report }: { readonly report: CompareReport }) {
  const { differences, differenceCount, onItsWay, notSeen, endedAt, fault } = report
  return (
    <>
      <Stack px={14} py={10} gap={4}>
        <Text className="wrap">{report.statement}</Text>
        {endedAt !== null && (
          <Text c="dimmed">
            As of <Ago at={endedAt} />: what changed since is not in it.
          </Text>
        )}
        <ReadText report={report} />
      </Stack>
      {fault !== null && <ToldNote told={tellFault(fault)} />}
      <Exceptions report={report} />
      <Rows
        label="Differences"
        one="difference"
        count={differenceCount}
        rows={differences}
        columns={differenceColumns}
        links={report.links}
      />
      <Rows
        label="On its way"
        one="change on its way"
        many="changes on their way"
        count={onItsWay.count}
        rows={onItsWay.items}
        columns={wayColumns}
        links={report.links}
      />
      <Rows
        label="Not seen"
        one="version not seen"
        many="versions not seen"
        count={notSeen.count}
        rows={notSeen.items}
        columns={unseenColumns}
        links={report.links}
      />
    </>
  )
}

function ReadText({ report: { bytesRead } }: { readonly report: CompareReport }) {
  if (bytesRead === null) return null
  return (
    <Text c="dimmed">
      {countOf(bytesRead.versions, 'version')} ({formatBytes(bytesRead.sizeBytes)}) read whole on both sides, the last{' '}
      <Ago at={bytesRead.to} />.
    </Text>
  )
}

function Exceptions({ report: { exceptions } }: { readonly report: CompareReport }) {
  if (exceptions.length === 0) return null
  return (
    <Stack px={14} pb={10} gap={4}>
      <Text fw={600}>Exceptions: not the same on both sides, and meant to be so</Text>
      <ul style={{ margin: 0, paddingLeft: 18 }}>
        {exceptions.map(({ kind, count, examples }) => (
          <li key={kind}>
            {formatCount(count)} × {exceptionText(kind)}, such as <span className="mono">{examples[0]?.key}</span>
          </li>
        ))}
      </ul>
    </Stack>
  )
}

interface RowsProps<Row> {
  readonly label: string
  readonly one: string
  readonly many?: string
  readonly count: number
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly links: CompareReport['links']
}

function Rows<Row extends Difference | NotSeen>({ label, one, many, count, rows, columns, links }: RowsProps<Row>) {
  if (count === 0) return null
  const counted = countOf(count, one, many)
  const isOfMany = rows.some(({ linkId }) => linkId !== rows[0]?.linkId)
  return (
    <>
      <Text px={14} py={8} c="dimmed">
        {count > rows.length ? `The first ${formatCount(rows.length)} of ${counted}` : counted}
      </Text>
      <DataTable
        label={label}
        columns={isOfMany ? [targetColumn(links), ...columns] : columns}
        rows={rows}
        rowId={(row) =>
          `${row.linkId} ${'kind' in row ? row.kind : ''} ${row.key} ${row.versionId} ${'detail' in row ? row.detail : ''}`
        }
        minWidth={720}
        tall={rows.length > shortRows}
      />
    </>
  )
}

/** Up to so many rows a table needs no region of its own to scroll in. */
const shortRows = 12

/** A rule with several targets tells of each. */
const targetColumn = (links: CompareReport['links']): Column<NotSeen | Difference> => ({
  id: 'target',
  header: 'Target',
  width: '170px',
  sortBy: (row) => targetName(links, row.linkId),
  cell: (row) => targetName(links, row.linkId),
})

const keyColumn = {
  id: 'key',
  header: 'Key',
  sortBy: (row: NotSeen | Difference) => row.key,
  cell: (row: NotSeen | Difference) => row.key,
}

const versionColumn = {
  id: 'version',
  header: 'Version',
  width: '150px',
  cell: (row: NotSeen | Difference) => (
    <span className="mono clip" style={{ display: 'block' }} title={row.versionId ?? undefined}>
      {row.versionId ?? 'all'}
    </span>
  ),
}

const kindColumn = {
  id: 'kind',
  header: 'What differs',
  width: '180px',
  sortBy: (row: Difference) => differenceText[row.kind],
  cell: (row: Difference) => differenceText[row.kind],
}

const differenceColumns: readonly Column<Difference>[] = [
  kindColumn,
  keyColumn,
  versionColumn,
  { id: 'detail', header: 'In words', cell: (row) => row.detail },
]

const wayColumns: readonly Column<OnItsWay>[] = [
  kindColumn,
  keyColumn,
  versionColumn,
  {
    id: 'since',
    header: 'Waits since',
    width: '130px',
    sortBy: (row) => row.since,
    cell: (row) => <Ago at={row.since} />,
  },
  { id: 'why', header: 'Why', cell: (row) => row.why },
]

const unseenColumns: readonly Column<NotSeen>[] = [
  { id: 'code', header: 'Code', width: '180px', sortBy: (row) => row.fault.code, cell: (row) => row.fault.code },
  keyColumn,
  versionColumn,
  { id: 'why', header: 'Why, and what to do', cell: (row) => faultText(row.fault) },
]

import { ActionIcon, Checkbox, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconRefresh } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type ReactNode } from 'react'
import type { FailureListInput } from '../../../shared/api/inputs.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { Failure } from '../../../shared/model/task.ts'
import { HeaderCell, Spacer } from '../../components/data-table.tsx'
import { QueryFault } from '../../components/query-fault.tsx'
import { Ago } from '../../components/times.tsx'
import type { FailureSearch } from '../../search.ts'
import { formatBytes, formatCount } from '../../text/format.ts'
import { operationText, placeOf } from '../../text/link.ts'
import { titleOf } from '../../text/told.ts'
import { pageLength, useFailureRows } from './failure-rows.ts'
import { NextAttempt } from './next-attempt.tsx'

/** Every row has this height, so that the place of row 4,000 is known before it is read; narrow columns need a line more. */
const deskRowPx = 98
const narrowRowPx = 118

function useRowPx(): number {
  const narrow = useMediaQuery('(max-width: 75em)', false, { getInitialValueInEffect: false })
  return narrow ? narrowRowPx : deskRowPx
}

type SortId = FailureListInput['sort']

interface FailureTableProps {
  readonly search: FailureSearch
  readonly total: number
  readonly chosen: ReadonlySet<number>
  readonly onChoose: (seq: number, chosen: boolean) => void
  readonly onSort: (sort: SortId, ascending: boolean) => void
  readonly onOpen: (seq: number) => void
  readonly onRetry: (failure: Failure) => void
}

const columns: readonly { id: string; title: string; width?: string; sort?: SortId; align?: 'end' }[] = [
  { id: 'choose', title: '', width: '40px' },
  { id: 'object', title: 'Object', width: '27%', sort: 'key' },
  { id: 'cause', title: 'Cause and remedy' },
  { id: 'attempts', title: 'Attempts', width: '100px', sort: 'attempts', align: 'end' },
  { id: 'next', title: 'Next attempt', width: '150px', sort: 'nextAttemptAt', align: 'end' },
  { id: 'last', title: 'Last attempt', width: '96px', sort: 'lastAttemptAt', align: 'end' },
  { id: 'act', title: '', width: '50px' },
]

/** Draws the rows in view of a list that stays in the engine. */
export function FailureTable(props: FailureTableProps) {
  const { search, total } = props
  const scroll = useRef<HTMLDivElement>(null)
  const rowPx = useRowPx()
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan: 6,
  })
  useEffect(() => virtual.measure(), [virtual, rowPx])
  const window = virtual.getVirtualItems()
  const first = window[0]?.index ?? 0
  const rows = useFailureRows(search, first, Math.min(total - 1, window.at(-1)?.index ?? pageLength - 1))
  const before = window[0]?.start ?? 0
  const after = Math.max(0, virtual.getTotalSize() - (window.at(-1)?.end ?? 0))
  return (
    <>
      {rows.error !== null && <QueryFault error={rows.error} />}
      <div
        className="panel table-scroll"
        ref={scroll}
        role="region"
        aria-label="Failures"
        tabIndex={0}
        style={{ height: 'calc(100vh - 206px)', minHeight: 320, scrollPaddingBottom: 8 }}
      >
        <table className="table" aria-label="Failures" aria-rowcount={total + 1} style={{ minWidth: 880 }}>
          <colgroup>
            {columns.map((column) => (
              <col key={column.id} style={{ width: column.width }} />
            ))}
          </colgroup>
          <Head {...props} />
          <tbody>
            <Spacer height={before} span={columns.length} />
            {window.map(({ index }) => (
              <Row key={index} index={index} rowPx={rowPx} failure={rows.at(index)} {...props} />
            ))}
            <Spacer height={after} span={columns.length} />
          </tbody>
        </table>
      </div>
    </>
  )
}

function Head({ search, onSort }: FailureTableProps) {
  const sort = search.sort ?? 'lastAttemptAt'
  const ascending = search.ascending ?? false
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column) => {
          const by = column.sort
          if (column.title === '')
            return <td key={column.id} style={{ position: 'sticky', top: 0, background: 'var(--panel)', zIndex: 1 }} />
          const direction = by === sort ? (ascending ? 'asc' : 'desc') : null
          return (
            <HeaderCell
              key={column.id}
              title={column.title}
              align={column.align}
              direction={direction}
              onSort={by === undefined ? null : () => onSort(by, direction === 'desc')}
            />
          )
        })}
      </tr>
    </thead>
  )
}

interface RowProps extends FailureTableProps {
  readonly index: number
  readonly rowPx: number
  readonly failure: Failure | undefined
}

function Row({ index, rowPx, failure, chosen, onChoose, onOpen, onRetry }: RowProps) {
  if (failure === undefined) {
    return (
      <tr aria-rowindex={index + 2} style={{ height: rowPx }}>
        <td colSpan={columns.length} className="dim">
          Loading…
        </td>
      </tr>
    )
  }
  const selected = chosen.has(failure.seq)
  return (
    <tr aria-rowindex={index + 2} aria-selected={selected} style={{ height: rowPx }}>
      <td style={{ paddingTop: 9 }}>
        <Checkbox
          size="sm"
          aria-label={`Choose ${failure.key}`}
          checked={selected}
          onChange={(event) => onChoose(failure.seq, event.currentTarget.checked)}
        />
      </td>
      <td>
        <button type="button" className="row-link" title={failure.key} onClick={() => onOpen(failure.seq)}>
          <span className="clip2">{failure.key}</span>
        </button>
        <Line title={`${failure.ruleId}, to ${placeOf(failure.target)}`}>
          {failure.ruleId}, to {placeOf(failure.target)}
        </Line>
        <Line title={failure.versionId ?? undefined}>
          {operationText[failure.operation]}
          {failure.sizeBytes !== null && `, ${formatBytes(failure.sizeBytes)}`}
          {failure.versionId !== null && (
            <>
              , version <span className="mono">{failure.versionId}</span>
            </>
          )}
        </Line>
      </td>
      <td>
        <Cause fault={failure.fault} />
      </td>
      <td data-align="end">{formatCount(failure.attempts)}</td>
      <td data-align="end">
        <NextAttempt failure={failure} />
      </td>
      <td data-align="end">
        <Ago at={failure.lastAttemptAt} />
      </td>
      <td data-align="end">
        <Tooltip label="Retry this item">
          <ActionIcon variant="default" aria-label={`Retry ${failure.key}`} onClick={() => onRetry(failure)}>
            <IconRefresh size={15} />
          </ActionIcon>
        </Tooltip>
      </td>
    </tr>
  )
}

/** What happened, what exactly, and what to do; the words in full are in the item's details. */
function Cause({ fault: { code, message, remedy } }: { readonly fault: Fault }) {
  return (
    <>
      <div className="clip2" style={{ fontWeight: 600 }} title={`${code}: ${titleOf(code)}`}>
        {titleOf(code)}
      </div>
      <div className="clip" title={message}>
        {message}
      </div>
      <div className="dim clip2" title={remedy}>
        {remedy}
      </div>
    </>
  )
}

function Line({ title, children }: { readonly title?: string | undefined; readonly children: ReactNode }) {
  return (
    <div className="dim clip" title={title}>
      {children}
    </div>
  )
}

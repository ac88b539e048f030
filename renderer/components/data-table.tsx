import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react'
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
  type SortingState,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState, type ReactNode } from 'react'

export interface Column<Row> {
  readonly id: string
  readonly header: string
  /** CSS width; what has none shares the rest. */
  readonly width?: string
  readonly align?: 'end'
  /** What the column is sorted by; a column without it is not sortable. */
  readonly sortBy?: (row: Row) => string | number
  readonly cell: (row: Row) => ReactNode
}

/** A column of one measured value, sorted by it; a dash where nothing was measured. */
export function measured<Row>(
  id: string,
  header: string,
  width: string,
  value: (row: Row) => number | null,
  words: (value: number, row: Row) => ReactNode,
): Column<Row> {
  return {
    id,
    header,
    width,
    align: 'end',
    sortBy: (row) => value(row) ?? -1,
    cell: (row) => {
      const found = value(row)
      return found === null ? <span className="dim">–</span> : words(found, row)
    },
  }
}

interface DataTableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowId: (row: Row) => string
  readonly sort?: { readonly id: string; readonly desc: boolean }
  /** Below this width the table scrolls sideways instead of squeezing its columns. */
  readonly minWidth?: number
  /** Tall lists scroll in a region of their own and draw only the rows in view. */
  readonly tall?: boolean
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
})

const estimatedRowPx = 44

/** A sortable table over rows that are all here; the failure list, which is not, has its own. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, sort, minWidth, tall = false } = props
  const [sorting, setSorting] = useState<SortingState>(sort ? [{ ...sort }] : [])
  const defs = useMemo(() => {
    const helper = createColumnHelper<typeof features, { readonly of: Row }>()
    return columns.map((column) =>
      helper.accessor((row): unknown => column.sortBy?.(row.of) ?? '', {
        id: column.id,
        header: column.header,
        enableSorting: column.sortBy !== undefined,
        sortFn: 'alphanumeric',
      }),
    )
  }, [columns])
  const data = useMemo(() => rows.map((of) => ({ of })), [rows])
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: (row) => rowId(row.of),
    state: { sorting },
    onSortingChange: setSorting,
    enableSortingRemoval: false,
  })
  const sorted = table.getRowModel().rows
  const scroll = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: sorted.length,
    enabled: tall,
    getScrollElement: () => scroll.current,
    estimateSize: () => estimatedRowPx,
    overscan: 8,
  })
  const window = virtual.getVirtualItems()
  const shown = tall
    ? window.map((at) => ({ row: sorted[at.index], index: at.index }))
    : sorted.map((row, index) => ({ row, index }))
  const before = tall ? (window[0]?.start ?? 0) : 0
  const after = tall ? Math.max(0, virtual.getTotalSize() - (window.at(-1)?.end ?? 0)) : 0
  return (
    <div
      className="table-scroll"
      ref={scroll}
      role="region"
      aria-label={label}
      tabIndex={0}
      style={tall ? { maxHeight: 'calc(100vh - 186px)', minHeight: 160 } : undefined}
    >
      <table className="table" aria-label={label} aria-rowcount={sorted.length + 1} style={{ minWidth }}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {table.getFlatHeaders().map((header, index) => {
              const direction = header.column.getIsSorted()
              return (
                <HeaderCell
                  key={header.id}
                  title={columns[index]?.header ?? ''}
                  align={columns[index]?.align}
                  direction={direction === false ? null : direction}
                  onSort={header.column.getCanSort() ? () => header.column.toggleSorting() : null}
                />
              )
            })}
          </tr>
        </thead>
        <tbody>
          <Spacer height={before} span={columns.length} />
          {shown.map(({ row, index }) =>
            row === undefined ? null : (
              <tr
                key={row.id}
                aria-rowindex={index + 2}
                data-index={index}
                ref={tall ? virtual.measureElement : undefined}
              >
                {columns.map((column) => (
                  <td key={column.id} data-align={column.align}>
                    {column.cell(row.original.of)}
                  </td>
                ))}
              </tr>
            ),
          )}
          <Spacer height={after} span={columns.length} />
        </tbody>
      </table>
    </div>
  )
}

interface HeaderCellProps {
  readonly title: string
  readonly align: 'end' | undefined
  readonly direction: 'asc' | 'desc' | null
  readonly onSort: (() => void) | null
}

/** A column's head; a sortable one is a button that says by `aria-sort` how the rows stand. */
export function HeaderCell({ title, align, direction, onSort }: HeaderCellProps) {
  if (onSort === null) {
    return (
      <th scope="col" data-align={align}>
        {title}
      </th>
    )
  }
  const Icon = direction === null ? IconArrowsSort : direction === 'asc' ? IconArrowUp : IconArrowDown
  const sortWord = direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : 'none'
  return (
    <th scope="col" data-align={align} aria-sort={sortWord}>
      <button type="button" className="sort-button" onClick={onSort}>
        {title}
        <Icon size={13} aria-hidden opacity={direction === null ? 0.5 : 1} />
      </button>
    </th>
  )
}

/** Holds the place of the rows that are not drawn. */
export function Spacer({ height, span }: { readonly height: number; readonly span: number }) {
  if (height <= 0) return null
  return (
    <tr data-spacer aria-hidden>
      <td colSpan={span} style={{ height }} />
    </tr>
  )
}

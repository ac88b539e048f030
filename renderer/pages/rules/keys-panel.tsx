import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { LinkKeys, RuleView, TwoSidedKey } from '../../../shared/model/rule.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Panel } from '../../components/page.tsx'
import { Ago } from '../../components/times.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatBytes, formatCount } from '../../text/format.ts'
import { placeOf } from '../../text/link.ts'

const titles: Readonly<Record<LinkKeys['kind'], string>> = {
  'not-converging': 'Keys that do not converge',
  covered: 'Covered by others at the target',
  'target-writes': 'Written by others at the target',
}

/** The keys of a rule that want a look, with what a client finds at either side. */
export function KeysPanel({ rule }: { readonly rule: RuleView }) {
  const { queries } = useConsole()
  const { data: links = [] } = useQuery(queries.ruleKeys(rule.id))
  return links.map((found) => <LinkKeysPanel key={`${found.kind} ${found.linkId}`} rule={rule} found={found} />)
}

function LinkKeysPanel({ rule, found }: { readonly rule: RuleView; readonly found: LinkKeys }) {
  const { kind, linkId, count, keys } = found
  const link = rule.links.find((one) => one.linkId === linkId)
  if (link === undefined) return null
  return (
    <Panel title={titles[kind]} flush>
      <Text px={14} py={8} c="dimmed">
        {count > keys.length
          ? `The first ${formatCount(keys.length)} of ${countOf(count, 'key')}`
          : countOf(count, 'key')}
        , between {placeOf(link.source)} and {placeOf(link.target)}
      </Text>
      <DataTable
        label={titles[kind]}
        columns={columnsOf(placeOf(link.source), placeOf(link.target))}
        rows={keys}
        rowId={(row) => row.key}
        minWidth={640}
        tall
      />
    </Panel>
  )
}

const columnsOf = (source: string, target: string): readonly Column<TwoSidedKey>[] => [
  { id: 'key', header: 'Key', sortBy: (row) => row.key, cell: (row) => row.key },
  {
    id: 'source',
    header: source,
    width: '240px',
    sortBy: (row) => row.source?.modifiedAt ?? 0,
    cell: (row) => <Current of={row.source} />,
  },
  {
    id: 'target',
    header: target,
    width: '240px',
    sortBy: (row) => row.target?.modifiedAt ?? 0,
    cell: (row) => <Current of={row.target} />,
  },
]

function Current({ of }: { readonly of: TwoSidedKey['source'] }) {
  if (of === null) return <span className="dim">nothing</span>
  return (
    <>
      {of.deleteMarker ? 'Deleted ' : `${formatBytes(of.sizeBytes)}, written `}
      <Ago at={of.modifiedAt} />
    </>
  )
}

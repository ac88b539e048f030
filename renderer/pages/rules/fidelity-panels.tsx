import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { fidelityKinds, type FidelityLine, type LinkFidelity } from '../../../shared/model/fidelity.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { DataTable, measured, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Panel } from '../../components/page.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { formatCount } from '../../text/format.ts'
import { fidelityText } from '../../text/fidelity.ts'
import { placeOf } from '../../text/link.ts'

/** What each target keeps of an object under a rule: told before it is made, and for as long as it runs. */
export function FidelityPanels({ rule }: { readonly rule: Rule }) {
  const { queries } = useConsole()
  const fidelity = useQuery(queries.ruleFidelity(rule))
  return (
    <Loaded query={fidelity} what="what the targets keep">
      {(links) => links.map((link) => <TargetPanel key={placeOf(link.target)} of={link} />)}
    </Loaded>
  )
}

function TargetPanel({ of: { target, lines } }: { readonly of: LinkFidelity }) {
  const heading = `What ${placeOf(target)} keeps`
  const isPlain = (line: FidelityLine): boolean => line.kind === 'kept' && !line.notKeptCount
  const plain = lines.filter(isPlain).map(({ title }) => title.charAt(0).toLowerCase() + title.slice(1))
  const rest = lines
    .filter((line) => !isPlain(line))
    .toSorted((a, b) => fidelityKinds.indexOf(b.kind) - fidelityKinds.indexOf(a.kind))
  return (
    <Panel title={heading} flush>
      <Text px={14} py={8} c="dimmed">
        {plain.length === 0
          ? 'Kept as at the source: keys and bytes.'
          : `Kept as at the source: keys, bytes, and ${plain.join(', ')}.`}
      </Text>
      {rest.length > 0 && (
        <DataTable label={heading} columns={columns} rows={rest} rowId={(line) => line.property} minWidth={640} />
      )}
    </Panel>
  )
}

const columns: readonly Column<FidelityLine>[] = [
  { id: 'property', header: 'Property', width: '230px', sortBy: (line) => line.title, cell: (line) => line.title },
  {
    id: 'verdict',
    header: 'Verdict',
    width: '120px',
    sortBy: (line) => line.kind,
    cell: ({ kind }) => (
      <ToneBadge tone={fidelityText[kind].tone} refused={kind === 'refused'}>
        {fidelityText[kind].label}
      </ToneBadge>
    ),
  },
  measured('count', 'Without it', '120px', (line) => line.notKeptCount || null, formatCount),
  { id: 'words', header: 'What becomes of it', cell: (line) => <span className="wrap">{line.words}</span> },
]

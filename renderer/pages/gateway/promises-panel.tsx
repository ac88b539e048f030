import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { GatewayRuleView, GatewayView } from '../../../shared/model/gateway.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Panel } from '../../components/page.tsx'
import { Age } from '../../components/times.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { ackLine, policyNames, readsOf } from '../../words/ack-words.ts'
import { formatCount, formatInstant } from '../../words/format.ts'
import { placeOf } from '../../words/link-words.ts'

/** Which rules decide what clients of the gateway hear, and whether their promise holds at this moment. */
export function PromisesPanel({ view: { rules, settings } }: { readonly view: GatewayView }) {
  return (
    <Panel title="What writes are promised" flush>
      {rules.length === 0 ? (
        <Text p={14}>
          No rule reads from {settings?.site ?? 'this site'}: the gateway passes everything on and confirms nothing
          beyond the site itself. Pair it with a target to make a promise.
        </Text>
      ) : (
        <DataTable
          label="What writes are promised"
          columns={columns}
          rows={rules}
          rowId={(rule) => rule.ruleId}
          minWidth={820}
        />
      )}
    </Panel>
  )
}

const columns: readonly Column<GatewayRuleView>[] = [
  {
    id: 'rule',
    header: 'Rule',
    width: '220px',
    sortBy: (rule) => rule.ruleId,
    cell: (rule) => (
      <>
        <Link className="row-link" to="/rules/$ruleId" params={{ ruleId: rule.ruleId }}>
          {rule.ruleId}
        </Link>
        <div className="dim">writes to {placeOf(rule.source)}</div>
      </>
    ),
  },
  {
    id: 'policy',
    header: 'A write counts',
    sortBy: (rule) => rule.ack.policy,
    cell: (rule) => (
      <>
        {policyNames[rule.ack.policy]}
        <div className="dim">{ackLine(rule.ack, rule.sites - 1)}</div>
        {rule.ack.reads === 'quorum' && <div className="dim">{readsOf(rule.ack, rule.sites - 1)}</div>}
      </>
    ),
  },
  {
    id: 'needed',
    header: 'Sites that must have it',
    width: '150px',
    align: 'end',
    sortBy: (rule) => rule.needed,
    cell: (rule) => `${formatCount(rule.needed)} of ${formatCount(rule.sites)}`,
  },
  {
    id: 'state',
    header: 'At this moment',
    width: '260px',
    sortBy: (rule) => rule.degraded?.since ?? 0,
    cell: ({ ack, degraded }) => <Standing async={ack.policy === 'async'} degraded={degraded} />,
  },
]

interface StandingProps {
  readonly async: boolean
  readonly degraded: GatewayRuleView['degraded']
}

function Standing({ async, degraded }: StandingProps) {
  if (degraded === null)
    return async ? <ToneBadge tone="quiet">Source only</ToneBadge> : <ToneBadge tone="good">Kept</ToneBadge>
  return (
    <>
      <ToneBadge tone="bad">Degraded</ToneBadge>
      <div className="clip2" title={`Since ${formatInstant(degraded.since)}. ${degraded.reason}`}>
        for <Age of={degraded.since} />: {degraded.reason}
      </div>
    </>
  )
}

import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { GatewayRuleView, GatewayView } from '../../../shared/model/gateway.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Panel } from '../../components/page.tsx'
import { Age } from '../../components/times.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { ackLine, policyNames, readsOf } from '../../text/ack.ts'
import { formatCount, formatInstant } from '../../text/format.ts'
import { placeOf } from '../../text/link.ts'
import { promiseNow, type PromiseNow } from '../../text/promise.ts'

/** Which rules decide what clients of the gateway hear, and whether their promise holds at this moment. */
export function PromisesPanel({ view: { rules, settings, state } }: { readonly view: GatewayView }) {
  const { queries } = useConsole()
  const { data: overview } = useQuery(queries.overview)
  const nowOf = (rule: GatewayRuleView) =>
    promiseNow(rule, overview?.links.filter(({ ruleId }) => ruleId === rule.ruleId) ?? [], state.kind)
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
          columns={columns(nowOf)}
          rows={rules}
          rowId={(rule) => rule.ruleId}
          minWidth={820}
        />
      )}
    </Panel>
  )
}

const columns = (nowOf: (rule: GatewayRuleView) => PromiseNow): readonly Column<GatewayRuleView>[] => [
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
    header: 'Sites needed',
    width: '132px',
    align: 'end',
    sortBy: (rule) => rule.needed,
    cell: (rule) => `${formatCount(rule.needed)} of ${formatCount(rule.sites)}`,
  },
  {
    id: 'state',
    header: 'At this moment',
    width: '260px',
    sortBy: (rule) => nowOf(rule).words,
    cell: (rule) => <PromiseState now={nowOf(rule)} />,
  },
]

function PromiseState({ now: { tone, words, since, why } }: { readonly now: PromiseNow }) {
  return (
    <>
      <ToneBadge tone={tone}>{words}</ToneBadge>
      {why !== null && (
        <div className="clip3" title={since === null ? why : `Since ${formatInstant(since)}. ${why}`}>
          {since !== null && (
            <>
              for <Age of={since} />:{' '}
            </>
          )}
          {why}
        </div>
      )}
    </>
  )
}

import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { GatewayView } from '../../../shared/model/gateway.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { Panel } from '../../components/page.tsx'
import { useConsole } from '../../console-parts.ts'
import { lateText, policyTitle, promiseOf, readsOf } from '../../text/ack.ts'

/** What clients that write through the gateway are promised by this rule, and whether they can use it at all. */
export function PromisePanel({ rule }: { readonly rule: Rule }) {
  const { queries } = useConsole()
  const { data: gateway } = useQuery(queries.gateway)
  const { success, lost } = promiseOf(rule.ack.policy, rule.targets.length)
  return (
    <Panel
      title="When a write counts as done"
      actions={
        <Link className="row-link" to="/advisor" search={{ rule: rule.id }}>
          Compare the ways
        </Link>
      }
    >
      <Text fw={600}>{policyTitle(rule.ack.policy)}</Text>
      <Text>
        {success} {lost}
      </Text>
      {rule.ack.policy !== 'async' && <Text>{lateText(rule.ack, rule.targets.length)}</Text>}
      <Text>{readsOf(rule.ack, rule.targets.length)}</Text>
      <Text c="dimmed" mt={6}>
        {gateway ? reachText(rule, gateway) : ''}{' '}
        <Link className="row-link" to="/gateway">
          See the gateway
        </Link>
      </Text>
    </Panel>
  )
}

function reachText(rule: Rule, { state, settings }: GatewayView): string {
  const direct = 'What is written to the source directly is always asynchronous.'
  if (state.kind === 'off') return `It holds for writes through the gateway, which is off now. ${direct}`
  if (state.kind === 'fault') return `It holds for writes through the gateway, which cannot listen now. ${direct}`
  if (settings?.site !== rule.source.site)
    return `It holds for writes through the gateway, which is in front of another site now. ${direct}`
  return `It holds for writes through ${state.url}. ${direct}`
}

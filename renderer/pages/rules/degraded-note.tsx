import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { neededTargets } from '../../../shared/model/quorum.ts'
import type { RuleView } from '../../../shared/model/rule.ts'
import { Ago } from '../../components/times.tsx'
import { policyNames } from '../../text/ack.ts'
import { formatInstant } from '../../text/format.ts'
import { whyOf } from '../../text/link.ts'
import { worstLinkOf } from './rule-links.ts'

/** The rule answers clients with less than it promised: since when, why, what that means and what to do. */
export function DegradedNote({ rule, named = false }: { readonly rule: RuleView; readonly named?: boolean }) {
  const { degraded, ack, targets } = rule
  if (degraded === null) return null
  const needed = neededTargets(ack.policy, targets.length) + 1
  const worst = worstLinkOf(rule)
  const why = worst === null ? null : whyOf(worst)
  return (
    <div className="note" data-tone="bad" role="group" aria-label={`${rule.id} is degraded`}>
      <Text fw={600} c="var(--bad)">
        {named ? (
          <Link className="row-link" to="/rules/$ruleId" params={{ ruleId: rule.id }}>
            {rule.id}
          </Link>
        ) : (
          'This rule'
        )}{' '}
        is degraded since <span title={formatInstant(degraded.since)}>{formatInstant(degraded.since).slice(11)}</span> (
        <Ago at={degraded.since} />
        ).
      </Text>
      <Text className="wrap">
        {degraded.reason} {why?.reason}
      </Text>
      <Text>
        Promised is “{policyNames[ack.policy]}”, {needed} of {targets.length + 1} sites; clients of the gateway are
        answered as asynchronous meanwhile. If the source is lost now, what the targets are behind by is lost.
      </Text>
      <Text c="dimmed">
        {why?.remedy || 'Nothing to do: the backlog is on its way.'} The promise returns by itself when the targets have
        caught up.
      </Text>
    </div>
  )
}

import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { DriftCause } from '../../shared/model/bucket-drift.ts'
import { driftTitle } from '../../shared/text/drift.ts'
import { countOf } from '../text/format.ts'
import { Ago } from './times.tsx'

const namedRules = 4

/** Buckets that are not any more what they were, though nothing is held by it: each once, with why it matters and what to do. */
export function DriftNotes({ drifts }: { readonly drifts: readonly DriftCause[] }) {
  return drifts.map((drift) => <DriftNote key={drift.id} drift={drift} />)
}

function DriftNote({ drift }: { readonly drift: DriftCause }) {
  const { ruleIds, since, reason, remedy } = drift
  const title = driftTitle(drift)
  return (
    <section className="note" data-tone="waiting" aria-label={title}>
      <Text fw={600} className="wrap">
        {title}
      </Text>
      <Text className="wrap">
        Noticed <Ago at={since} />. {countOf(ruleIds.length, 'rule uses', 'rules use')} it:{' '}
        {ruleIds.slice(0, namedRules).map((ruleId, index) => (
          <span key={ruleId}>
            {index > 0 && ', '}
            <Link className="row-link" to="/rules/$ruleId" params={{ ruleId }}>
              {ruleId}
            </Link>
          </span>
        ))}
        {ruleIds.length > namedRules && ` and ${ruleIds.length - namedRules} more`}.
      </Text>
      <Text className="wrap">{reason}</Text>
      <Text className="wrap" c="dimmed">
        {remedy}
      </Text>
    </section>
  )
}

import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { assumptionsSchema } from '../../../shared/model/advisor.ts'
import type { CheckRun } from '../../../shared/model/check.ts'
import type { AckPolicy, Rule } from '../../../shared/model/rule.ts'
import { Loaded } from '../../components/loaded.tsx'
import { useConsole } from '../../console-parts.ts'
import { ComparisonTable } from './comparison-table.tsx'
import { basisText, decisiveRows } from './mode-rows.ts'
import { RecommendationNote } from './recommendation-note.tsx'

interface WizardAdviceProps {
  readonly rule: Pick<Rule, 'source' | 'targets' | 'ack'>
  /** What the checks counted at the source: its mean size stands in until changes are measured. */
  readonly estimate: CheckRun['estimate']
  readonly onUse: (policy: AckPolicy) => void
}

/** The wizard’s last question: what a write waits for, with what decides it and no more. */
export function WizardAdvice({ rule, estimate, onUse }: WizardAdviceProps) {
  const { queries } = useConsole()
  const meanObjectBytes = estimate === null || estimate.objects === 0 ? null : estimate.bytes / estimate.objects
  const advice = useQuery(
    queries.advice({
      ruleId: null,
      sourceSite: rule.source.site,
      targetSites: rule.targets.map(({ site }) => site),
      assume: assumptionsSchema.parse({ meanObjectBytes }),
    }),
  )
  const title = 'What a write through the gateway waits for'
  return (
    <section aria-label={title} style={{ marginTop: 20 }}>
      <Title order={3} mb={8}>
        {title}
      </Title>
      <Loaded query={advice} what="the comparison of modes">
        {(found) => (
          <>
            <RecommendationNote advice={found} order={4} />
            <div className="panel" style={{ marginTop: 12 }}>
              <ComparisonTable
                advice={found}
                rows={decisiveRows}
                caption={title}
                used={rule.ack.policy}
                usedWord="Chosen"
                onUse={onUse}
              />
            </div>
            <Text c="dimmed" size="sm" mt={8}>
              {basisText(found)} It can be changed at any time; the advisor in the navigation compares the rest, with
              all figures.
            </Text>
          </>
        )}
      </Loaded>
    </section>
  )
}

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { CheckRun } from '../../../shared/model/check.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { CautionNotes } from '../../components/caution-notes.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatBytes } from '../../text/format.ts'
import { tellError } from '../../text/told.ts'
import { WizardAdvice } from '../advisor/wizard-advice.tsx'
import { FidelityPanels } from '../rules/fidelity-panels.tsx'
import { readRuleForm } from '../rules/rule-form-values.ts'
import { RuleFacts } from '../rules/rule-summary.tsx'
import type { PairDraft } from './pair-draft.ts'
import { StepFrame } from './step-frame.tsx'

interface SummaryStepProps {
  readonly draft: PairDraft
  readonly onChange: (changed: Partial<PairDraft>) => void
  readonly onBack: () => void
}

/** All that will happen, once more in words; the start ends on the rule's page with the first copy under way. */
export function SummaryStep({ draft, onChange, onBack }: SummaryStepProps) {
  const { client, queries } = useConsole()
  const navigate = useNavigate()
  const run = useQuery({ ...queries.check(draft.checkId ?? ''), enabled: draft.checkId !== null })
  const create = useAction(
    (rule: Rule) => client.rules.create.mutate(rule),
    (view) => `${view.id} is running.`,
  )
  const values = draft.rule
  const rule = values === null ? null : readRuleForm(values).rule
  if (values === null || rule === null) return null
  const start = () =>
    create.mutate(rule, {
      onSuccess: ({ id }) => void navigate({ to: '/rules/$ruleId', params: { ruleId: id } }),
    })
  return (
    <StepFrame
      title="Is this what you want?"
      lead={firstCopyText(rule, run.data?.estimate ?? null)}
      onBack={onBack}
      next={
        <Button size="sm" loading={create.isPending} onClick={start}>
          Start
        </Button>
      }
    >
      <Cautions rule={rule} />
      <RuleFacts rule={rule} />
      <FidelityPanels rule={rule} />
      <WizardAdvice
        rule={rule}
        estimate={run.data?.estimate ?? null}
        onUse={(policy) => onChange({ rule: { ...values, ackPolicy: policy } })}
      />
      {create.isError && <ToldNote told={tellError(create.error)} />}
    </StepFrame>
  )
}

/** The wizard's last word before the start: a pair of opposite rules is allowed, and costs something. */
function Cautions({ rule }: { readonly rule: Rule }) {
  const { queries } = useConsole()
  const { data: cautions = [] } = useQuery(queries.ruleCautions(rule))
  return <CautionNotes cautions={cautions} />
}

function firstCopyText(rule: Rule, estimate: CheckRun['estimate']): string {
  if (!rule.existingObjects) return 'What is there already is left; changes from the start on are copied.'
  if (estimate === null) return 'The first copy brings over all that the source holds.'
  if (estimate.complete && estimate.objects === 0)
    return 'The source holds nothing yet: there is nothing to copy at first.'
  const least = estimate.complete ? '' : 'at least '
  return `The first copy brings over ${least}${countOf(estimate.objects, 'object')}, ${formatBytes(estimate.bytes)}.`
}

import { Button } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { Loaded } from '../../components/loaded.tsx'
import { useConsole } from '../../console-parts.ts'
import { placeOf } from '../../text/link.ts'
import { RuleFields } from '../rules/rule-fields.tsx'
import { readRuleForm, type RuleFormValues } from '../rules/rule-form-values.ts'
import { ruleValuesFor, type PairDraft } from './pair-draft.ts'
import { StepFrame } from './step-frame.tsx'

interface RuleStepProps {
  readonly draft: PairDraft
  readonly onChange: (changed: Partial<PairDraft>) => void
  readonly onBack: () => void
  readonly onNext: () => void
  readonly onGoTo: (step: number) => void
}

/** What is copied, and how. The defaults suit most pairs: one may simply go on. */
export function RuleStep(props: RuleStepProps) {
  const { queries } = useConsole()
  const rules = useQuery(queries.rules)
  return (
    <Loaded query={rules} what="the rules">
      {(rows) => {
        const values = ruleValuesFor(
          props.draft,
          rows.map(({ id }) => id),
        )
        return values && <Form {...props} values={values} taken={rows.map(({ id }) => id)} />
      }}
    </Loaded>
  )
}

interface FormProps extends RuleStepProps {
  readonly values: RuleFormValues
  readonly taken: readonly string[]
}

function Form({ values, taken, onChange, onBack, onNext, onGoTo }: FormProps) {
  const form = useForm<RuleFormValues>({
    initialValues: values,
    onValuesChange: (changed) => onChange({ rule: changed }),
  })
  const submit = () => {
    const read = readRuleForm(form.values)
    if (read.errors !== null) return form.setErrors(read.errors)
    if (taken.includes(read.rule.id)) {
      return form.setErrors({ id: `“${read.rule.id}” is taken by another rule: use another name.` })
    }
    onChange({ rule: form.values })
    return onNext()
  }
  const wrong = Object.keys(form.errors).length > 0
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <StepFrame
        title="What is kept in step, and how?"
        lead="The defaults suit most pairs. Everything here can be changed later on the rule’s page."
        onBack={onBack}
        problem={wrong ? 'Something does not fit yet: see the fields marked in red.' : null}
        next={
          <Button size="sm" type="submit">
            Next: summary
          </Button>
        }
      >
        <dl className="facts" style={{ marginBottom: 18 }}>
          <dt>Source</dt>
          <dd>
            {placeOf(values.source)}{' '}
            <Button size="compact-xs" variant="subtle" aria-label="Change the source" onClick={() => onGoTo(0)}>
              Change
            </Button>
          </dd>
          <dt>Target</dt>
          <dd>
            {values.targets.map(placeOf).join(', ')}{' '}
            <Button size="compact-xs" variant="subtle" aria-label="Change the target" onClick={() => onGoTo(1)}>
              Change
            </Button>
          </dd>
        </dl>
        <RuleFields form={form} existing={false} />
      </StepFrame>
    </form>
  )
}

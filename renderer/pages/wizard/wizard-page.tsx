import { Stepper } from '@mantine/core'
import { useRef, useState } from 'react'
import { Page } from '../../components/page.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { ChecksStep } from './checks-step.tsx'
import { emptyDraft, pairKey, placeIn, wizardSteps, type PairDraft } from './pair-draft.ts'
import { RuleStep } from './rule-step.tsx'
import { SideStep } from './side-step.tsx'
import { SteppedContext } from './step-frame.tsx'
import { SummaryStep } from './summary-step.tsx'

/** From two sites to a running rule, one step at a time. */
export function WizardPage() {
  const [step, showStep] = useState(0)
  const stepped = useRef(false)
  const setStep = (to: number) => {
    stepped.current = true
    showStep(to)
  }
  const [draft, setDraft] = useState<PairDraft>(emptyDraft)
  const change = (changed: Partial<PairDraft>) => setDraft((before) => ({ ...before, ...changed }))
  const runChecks = useRunChecks(draft, change)
  const steps = [
    <SideStep key="source" which="source" draft={draft} onChange={change} onNext={() => setStep(1)} onBack={null} />,
    <SideStep
      key="target"
      which="target"
      draft={draft}
      onChange={change}
      onBack={() => setStep(0)}
      onNext={() => {
        if (draft.checkedFor !== pairKey(draft)) runChecks()
        setStep(2)
      }}
    />,
    <ChecksStep
      key="checks"
      places={[draft.source, draft.target].flatMap((side) => placeIn(side) ?? [])}
      runId={draft.checkId}
      onRun={runChecks}
      onBack={() => setStep(1)}
      onNext={() => setStep(3)}
    />,
    <RuleStep
      key="rule"
      draft={draft}
      onChange={change}
      onBack={() => setStep(2)}
      onNext={() => setStep(4)}
      onGoTo={setStep}
    />,
    <SummaryStep key="summary" draft={draft} onChange={change} onBack={() => setStep(3)} />,
  ]
  return (
    <Page
      title="Pair two sites"
      lead="From two buckets to a running replication. Nothing is copied before the last step."
    >
      <Stepper active={step} onStepClick={setStep} size="xs" iconSize={28} allowNextStepsSelect={false}>
        {wizardSteps.map((name) => (
          <Stepper.Step key={name} label={name} />
        ))}
      </Stepper>
      <section aria-label={wizardSteps[step]} id="wizard-step">
        <SteppedContext value={stepped}>{steps[step]}</SteppedContext>
      </section>
    </Page>
  )
}

function useRunChecks(draft: PairDraft, change: (changed: Partial<PairDraft>) => void): () => void {
  const { client } = useConsole()
  const start = useAction(
    (pair: { source: { site: string; bucket: string }; target: { site: string; bucket: string } }) =>
      client.checks.start.mutate({ ...pair, prefix: '' }),
  )
  return () => {
    const source = placeIn(draft.source)
    const target = placeIn(draft.target)
    if (source === null || target === null) return
    change({ checkId: null })
    const checkedFor = pairKey(draft)
    start.mutate({ source, target }, { onSuccess: (run) => change({ checkId: run.id, checkedFor }) })
  }
}

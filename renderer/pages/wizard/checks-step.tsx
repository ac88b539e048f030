import { Button, Group, Loader, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleMinus, IconCircleX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { RefObject } from 'react'
import type { CheckRun, CheckStep } from '../../../shared/model/check.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { Loaded } from '../../components/loaded.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatMs } from '../../text/format.ts'
import { titleOf } from '../../text/told.ts'
import { KeepsPanel } from './keeps-panel.tsx'
import { StepFrame } from './step-frame.tsx'
import { useFirstFailed } from './use-first-failed.ts'

interface ChecksStepProps {
  /** The two buckets that are checked. */
  readonly places: readonly BucketAt[]
  readonly runId: string | null
  readonly onRun: () => void
  readonly onBack: () => void
  readonly onNext: () => void
}

const outcomeId = 'checks-outcome'

/** The checks as they come in, each in plain words, with a button where one can be mended. */
export function ChecksStep({ places, runId, onRun, onBack, onNext }: ChecksStepProps) {
  const { queries, client } = useConsole()
  const run = useQuery({ ...queries.check(runId ?? ''), enabled: runId !== null })
  const cancel = useAction((id: string) => client.checks.cancel.mutate({ id }))
  const state = run.data?.state ?? 'running'
  const next = (
    <>
      {runId !== null && state === 'running' ? (
        <Button size="sm" variant="default" onClick={() => cancel.mutate(runId)}>
          Cancel the checks
        </Button>
      ) : (
        <Button size="sm" variant="default" onClick={onRun}>
          Run again
        </Button>
      )}
      <Button size="sm" disabled={state !== 'passed'} onClick={onNext}>
        Next: buckets and rule
      </Button>
    </>
  )
  return (
    <StepFrame
      title="Does everything fit?"
      lead="Each check answers one question. Nothing of yours is touched; a test object is written, read and removed again."
      onBack={onBack}
      next={next}
      problem={problemOf(run.data)}
    >
      <Loaded query={runId === null ? { ...run, isError: false, data: undefined } : run} what="the checks">
        {(value) => (
          <>
            <Steps run={value} />
            {value.state !== 'running' && <KeepsPanel places={places} />}
          </>
        )}
      </Loaded>
    </StepFrame>
  )
}

function problemOf(run: CheckRun | undefined): string | null {
  if (run?.state === 'failed') {
    const failed = run.steps.filter(({ state }) => state === 'failed').length
    return `${countOf(failed, 'check')} failed: mend ${failed === 1 ? 'it' : 'them'}, then run again.`
  }
  return run?.state === 'cancelled' ? 'The checks were cancelled: run them again to go on.' : null
}

function Steps({ run }: { readonly run: CheckRun }) {
  const firstFailed = useFirstFailed(run)
  const failedId = run.steps.find(({ state }) => state === 'failed')?.id
  const ended = run.steps.filter(({ state }) => state !== 'waiting' && state !== 'running').length
  return (
    <>
      <Group justify="space-between" mb={8}>
        <Text role="status" id={outcomeId} tabIndex={-1} fw={500} style={{ outline: 'none' }}>
          {run.state === 'running' ? `${ended} of ${run.steps.length} answered` : outcomeOf(run)}
        </Text>
      </Group>
      <ol className="feed-list" style={{ border: '1px solid var(--line)', borderRadius: 4 }}>
        {run.steps.map((step) => (
          <Step key={step.id} step={step} runId={run.id} line={step.id === failedId ? firstFailed : null} />
        ))}
      </ol>
    </>
  )
}

function outcomeOf(run: CheckRun): string {
  const warnings = run.steps.filter(({ state }) => state === 'warning').length
  if (run.state === 'passed')
    return warnings === 0 ? 'Everything fits.' : `It fits, with ${countOf(warnings, 'warning')}.`
  return run.state === 'failed' ? 'It does not fit yet.' : 'Cancelled.'
}

const looks: Record<
  Exclude<CheckStep['state'], 'running'>,
  { icon: typeof IconCircleX; color: string; word: string }
> = {
  waiting: { icon: IconCircleDashed, color: 'var(--mantine-color-dimmed)', word: 'Waiting' },
  ok: { icon: IconCircleCheck, color: 'var(--good)', word: 'Good' },
  warning: { icon: IconAlertTriangle, color: 'var(--waiting)', word: 'Warning' },
  failed: { icon: IconCircleX, color: 'var(--bad)', word: 'Failed' },
  skipped: { icon: IconCircleMinus, color: 'var(--mantine-color-dimmed)', word: 'Skipped' },
}

interface StepProps {
  readonly step: CheckStep
  readonly runId: string
  /** Set on the line that takes the focus. */
  readonly line: RefObject<HTMLLIElement | null> | null
}

function Step({ step, runId, line }: StepProps) {
  const { client } = useConsole()
  const repair = useAction(() => client.checks.repair.mutate({ runId, stepId: step.id }))
  return (
    <li className="check-line" data-state={step.state} ref={line} tabIndex={line === null ? undefined : -1}>
      <StepIcon step={step} />
      <span style={{ fontWeight: step.state === 'failed' || step.state === 'running' ? 600 : 400 }}>{step.title}</span>
      <span className="wrap">
        {step.found}
        {step.fault && (
          <span style={{ display: 'block' }}>
            {titleOf(step.fault.code)} {step.fault.message !== step.found && step.fault.message}{' '}
            <span className="dim">{step.fault.remedy}</span>
          </span>
        )}
        {step.repair !== null && (
          <Button
            mt={6}
            style={{ display: 'block' }}
            loading={repair.isPending}
            onClick={() => {
              repair.mutate(undefined)
              // The button goes away with what it mends, and the focus must not go with it.
              document.getElementById(outcomeId)?.focus({ preventScroll: true })
            }}
          >
            {step.repair}
          </Button>
        )}
      </span>
      <span className="dim nowrap">{step.elapsedMs === null ? '' : formatMs(step.elapsedMs)}</span>
    </li>
  )
}

function StepIcon({ step }: { readonly step: CheckStep }) {
  if (step.state === 'running') return <Loader size={16} mt={2} aria-label="Running" role="img" />
  const { icon: Icon, color, word } = looks[step.state]
  return <Icon size={18} color={color} aria-label={word} role="img" />
}

import { useState, type ReactNode } from 'react'
import { type AckPolicy, ruleOf, type Rule, type RuleView } from '../../../shared/model/rule.ts'
import { Confirm } from '../../components/confirm.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { formatDuration } from '../../text/format.ts'
import { modeNames } from './mode-rows.ts'

/** What a rule uses, and how to let it use another. */
export interface Use {
  readonly used: AckPolicy
  readonly onUse: (policy: AckPolicy) => void
}

interface UseModeProps {
  readonly rule: RuleView
  readonly children: (use: Use) => ReactNode
}

/** Lets the rule use a mode, after saying what that changes for its clients. */
export function UseMode({ rule, children }: UseModeProps) {
  const { client } = useConsole()
  const [wanted, setWanted] = useState<AckPolicy | null>(null)
  const save = useAction(
    (changed: Rule) => client.rules.update.mutate(changed),
    ({ id, ack }) => `${id} acknowledges writes as “${modeNames[ack.policy]}”.`,
  )
  const confirm = () => {
    if (wanted === null) return
    const ack = { ...rule.ack, policy: wanted }
    save.mutate({ ...ruleOf(rule), ack }, { onSuccess: () => setWanted(null) })
  }
  return (
    <>
      {children({ used: rule.ack.policy, onUse: setWanted })}
      <Confirm
        opened={wanted !== null}
        title={`Use “${modeNames[wanted ?? rule.ack.policy]}” for ${rule.id}?`}
        confirm="Use this mode"
        busy={save.isPending}
        onClose={() => setWanted(null)}
        onConfirm={confirm}
      >
        {consequence(wanted ?? rule.ack.policy, rule.ack)} What is written at the source directly is copied afterwards,
        as before.
      </Confirm>
    </>
  )
}

function consequence(policy: AckPolicy, { timeoutMs, onTimeout }: Rule['ack']): string {
  if (policy === 'async') return 'Writes through the gateway are answered as soon as the source has them.'
  const late =
    onTimeout === 'fail'
      ? 'refused, and may be repeated'
      : 'answered as asynchronous, and the rule is shown as degraded'
  return `Writes through the gateway wait for their targets; without a confirmation within ${formatDuration(timeoutMs)} they are ${late}.`
}

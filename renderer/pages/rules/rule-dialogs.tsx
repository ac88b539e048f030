import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { RuleView } from '../../../shared/model/rule.ts'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { placeOf } from '../../text/link.ts'

export interface DialogProps {
  readonly opened: boolean
  readonly onClose: () => void
}

/** A full pass over the source by the operator's wish. */
export function ResyncDialog({ rule, opened, onClose }: DialogProps & { readonly rule: RuleView }) {
  const { client } = useConsole()
  const [prefix, setPrefix] = useState('')
  const start = useAction(
    () => client.rules.resync.mutate({ ruleId: rule.id, prefix }),
    (job) => `Started: ${job.title}`,
  )
  return (
    <Modal opened={opened} onClose={onClose} title={`Resync ${rule.id}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text>
          Every version in {placeOf(rule.source)} is looked at, and what {rule.targets.map(placeOf).join(', ')} lacks is
          copied. What is equal already is not sent again.
        </Text>
        <PrefixField value={prefix} onChange={setPrefix} />
        <Buttons
          action="Resync"
          busy={start.isPending}
          onClose={onClose}
          onStart={() => start.mutate(undefined, { onSuccess: onClose })}
        />
      </Stack>
    </Modal>
  )
}

export function PrefixField({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  return (
    <TextInput
      label="Only keys that start with"
      description="Empty means every key of the rule."
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

interface ButtonsProps {
  readonly action: string
  readonly busy: boolean
  readonly onStart: () => void
  readonly onClose: () => void
}

export function Buttons({ action, busy, onStart, onClose }: ButtonsProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      <Button loading={busy} onClick={onStart}>
        {action}
      </Button>
    </Group>
  )
}

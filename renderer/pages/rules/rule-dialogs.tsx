import { Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { RuleView } from '../../../shared/model/rule.ts'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { placeOf } from '../../words/link-words.ts'

interface DialogProps {
  readonly opened: boolean
  readonly onClose: () => void
}

/** Compares both sides, versions and all; the report appears on the rule's page. */
export function CompareDialog({ ruleId, opened, onClose }: DialogProps & { readonly ruleId: string }) {
  const { client } = useConsole()
  const [depth, setDepth] = useState('normal')
  const [prefix, setPrefix] = useState('')
  const start = useAction(
    () => client.compare.start.mutate({ ruleId, prefix, deep: depth === 'deep' }),
    (job) => `Started: ${job.title}`,
  )
  return (
    <Modal opened={opened} onClose={onClose} title="Compare both sides" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text>Nothing is changed: you get a list of the places where source and target are not equal.</Text>
        <Radio.Group label="How thoroughly" value={depth} onChange={setDepth}>
          <Stack gap="xs" mt={4}>
            <Radio value="normal" label="Versions, sizes, ETags and delete markers, from the listings" />
            <Radio value="deep" label="Deep: every object’s tags, metadata and bytes too (reads everything)" />
          </Stack>
        </Radio.Group>
        <PrefixField value={prefix} onChange={setPrefix} />
        <Buttons
          action="Compare"
          busy={start.isPending}
          onClose={onClose}
          onStart={() => start.mutate(undefined, { onSuccess: onClose })}
        />
      </Stack>
    </Modal>
  )
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

function PrefixField({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
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

function Buttons({ action, busy, onStart, onClose }: ButtonsProps) {
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

import { Button, Group, Text } from '@mantine/core'
import type { RuleView } from '../../../shared/model/rule.ts'
import { Ago } from '../../components/times.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatDuration, formatShare } from '../../words/format.ts'

/** The brake stopped the rule: names what came and what was allowed, and lets go only when asked. */
export function BrakeBanner({ rule }: { readonly rule: RuleView }) {
  const { client } = useConsole()
  const release = useAction(
    () => client.rules.resume.mutate({ id: rule.id }),
    () => 'The brake is released: the deletes go to the target now.',
  )
  const { paused, deleteBrake } = rule
  if (paused === null) return null
  return (
    <div className="note" data-tone="bad" role="group" aria-label="The brake stopped this rule">
      <Text fw={600} c="var(--bad)">
        The brake for deletes stopped this rule <Ago at={paused.at} />.
      </Text>
      <Text className="wrap">{paused.reason}</Text>
      {deleteBrake && (
        <Text c="dimmed">
          Allowed are {countOf(deleteBrake.count, 'delete')} or {formatShare(deleteBrake.share)} of all changes within{' '}
          {formatDuration(deleteBrake.windowMs)}. Nothing is lost meanwhile: changes gather in the queue.
        </Text>
      )}
      <Group gap="sm" mt={8}>
        <Button color="red.8" loading={release.isPending} onClick={() => release.mutate(undefined)}>
          These deletes are wanted: release the brake
        </Button>
        <Text size="sm" c="dimmed">
          Or leave it, and put the objects back at the source.
        </Text>
      </Group>
    </div>
  )
}

import { Button, Code, Group, Text } from '@mantine/core'
import type { RuleView } from '../../../shared/model/rule.ts'
import { Ago } from '../../components/times.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { deleteLimit, formatMoment } from '../../words/brake-words.ts'

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
      {paused.brake && <Burst {...paused.brake} />}
      {deleteBrake && (
        <Text c="dimmed">
          The brake acts on {deleteLimit(deleteBrake)}. Nothing is lost meanwhile: changes gather in the queue.
        </Text>
      )}
      <Group gap="sm" mt={8}>
        <Button color="red.8" loading={release.isPending} onClick={() => release.mutate(undefined)}>
          These deletes are wanted: release the brake
        </Button>
        <Text size="sm" c="dimmed">
          Or leave it, and put the objects back at the source first.
        </Text>
      </Group>
    </div>
  )
}

function Burst({ keys, lastCleanAt }: NonNullable<NonNullable<RuleView['paused']>['brake']>) {
  return (
    <>
      <Text>
        Last clean moment:{' '}
        <time dateTime={new Date(lastCleanAt).toISOString()}>
          <b>{formatMoment(lastCleanAt)}</b>
        </time>
        , by the clock of the source. To restore, bring each key back to its newest version of before; the target has
        them too.
      </Text>
      {keys.length > 0 && (
        <Text className="wrap">
          For example:{' '}
          {keys.map((key) => (
            <Code key={key} mr={6}>
              {key}
            </Code>
          ))}
        </Text>
      )}
    </>
  )
}

import { Button, Code, Group, Text } from '@mantine/core'
import type { BrakeReport } from '../../../shared/model/brake.ts'
import type { RuleView } from '../../../shared/model/rule.ts'
import { Ago } from '../../components/times.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { deleteLimit, formatMoment, overwriteLimit } from '../../text/brake.ts'

/** The brake stopped the rule: names what came and what was allowed, and lets go only when asked. */
export function BrakeBanner({ rule }: { readonly rule: RuleView }) {
  const { client } = useConsole()
  const { paused } = rule
  const kind = paused?.brake?.kind ?? 'deletes'
  const release = useAction(
    () => client.rules.resume.mutate({ id: rule.id }),
    () => `The brake is released: the ${kind} go to the target now.`,
  )
  if (paused === null) return null
  return (
    <div className="note" data-tone="bad" role="group" aria-label="The brake stopped this rule">
      <Text fw={600} c="var(--bad)">
        The brake for {kind} stopped this rule <Ago at={paused.at} />.
      </Text>
      <Text className="wrap">{paused.reason}</Text>
      {paused.brake && <Burst {...paused.brake} />}
      <Text c="dimmed">{limitOf(rule, kind)} Nothing is lost meanwhile: changes gather in the queue.</Text>
      <Group gap="sm" mt={8}>
        <Button color="red.8" loading={release.isPending} onClick={() => release.mutate(undefined)}>
          These {kind} are wanted: release the brake
        </Button>
        <Text size="sm" c="dimmed">
          Or leave it, and put the objects back at the source first.
        </Text>
      </Group>
    </div>
  )
}

function limitOf({ deleteBrake, overwriteBrake }: RuleView, kind: BrakeReport['kind']): string {
  if (kind === 'deletes') return deleteBrake === null ? '' : `The brake acts on ${deleteLimit(deleteBrake)}.`
  return overwriteBrake === null ? '' : `The brake acts on ${overwriteLimit(overwriteBrake)}.`
}

function Burst({ keys, lastCleanAt }: BrakeReport) {
  return (
    <>
      <Text>
        Last clean moment:{' '}
        <time dateTime={new Date(lastCleanAt).toISOString()}>
          <b>{formatMoment(lastCleanAt)}</b>
        </time>
        , by the clock of the source. To restore, bring back the version that each key had at that moment; the target
        still holds it, unless its permanent delete was repeated before.
      </Text>
      {keys.length > 0 && (
        <Text component="div" className="wrap">
          Look at, for example:{' '}
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

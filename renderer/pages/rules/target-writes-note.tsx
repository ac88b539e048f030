import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { RuleView } from '../../../shared/model/rule.ts'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf } from '../../text/format.ts'

/** The rule would cover what others wrote at its target: says how many, and asks what becomes of them. */
export function TargetWritesNote({ rule }: { readonly rule: RuleView }) {
  const { client, queries } = useConsole()
  const isStopped = rule.links.some(({ state }) => state.kind === 'stopped' && state.by === 'target-writes')
  const { data: links } = useQuery({ ...queries.ruleKeys(rule.id), enabled: isStopped })
  const answer = useAction(
    (given: 'cover' | 'leaveOut') => client.rules.answer.mutate({ id: rule.id, answer: given }),
    ({ id }) => `${id} goes on.`,
  )
  // Before the keys are known, none says nothing of why the rule is stopped.
  if (!isStopped || links === undefined) return null
  const found = links.filter(({ kind }) => kind === 'target-writes')
  if (found.length === 0)
    return <CancelledLook rule={rule} isCovering={answer.isPending} onCover={() => answer.mutate('cover')} />
  const count = found.reduce((sum, one) => sum + one.count, 0)
  return (
    <div className="note" data-tone="bad" role="group" aria-label="Others wrote at the target of this rule">
      <Text fw={600} c="var(--bad)">
        {countOf(count, 'key')} at the target {count === 1 ? 'was' : 'were'} written by others. Nothing was covered yet.
      </Text>
      <Text className="wrap">
        The rule would bring the source’s versions on top of them. Below is what either side has. While the rule is
        stopped, its changes gather in the queue.
      </Text>
      <Group gap="sm" mt={8}>
        <Button color="red.8" loading={answer.isPending} onClick={() => answer.mutate('cover')}>
          Cover them
        </Button>
        <Button variant="default" disabled={answer.isPending} onClick={() => answer.mutate('leaveOut')}>
          Leave these keys out of the rule
        </Button>
        <Text size="sm" c="dimmed">
          Covered versions stay below as older ones. Or keep the rule stopped, and copy them to the source first.
        </Text>
      </Group>
    </div>
  )
}

/** While the rule runs, others wrote on top of what it had brought: it goes on, and asks what becomes of these keys. */
export function CoveredNote({ rule }: { readonly rule: RuleView }) {
  const { client } = useConsole()
  const answer = useAction(
    (given: 'cover' | 'leaveOut') => client.rules.answer.mutate({ id: rule.id, answer: given }),
    (_, given) => (given === 'cover' ? 'The next scan brings them on top.' : 'The keys are left out of the rule.'),
  )
  const count = rule.links.reduce(
    (sum, { state }) => sum + (state.kind === 'not-converging' && state.byOthers === true ? state.count : 0),
    0,
  )
  if (count === 0) return null
  return (
    <div className="note" data-tone="bad" role="group" aria-label="Others wrote on top of copies of this rule">
      <Text fw={600} c="var(--bad)">
        {countOf(count, 'key')} at the target {count === 1 ? 'shows' : 'show'} what others wrote or deleted there.
      </Text>
      <Text className="wrap">
        The source’s version lies below. The rule goes on; what the source writes to these keys next comes on top.
      </Text>
      <Group gap="sm" mt={8}>
        <Button color="red.8" loading={answer.isPending} onClick={() => answer.mutate('cover')}>
          Bring the source’s versions on top
        </Button>
        <Button variant="default" disabled={answer.isPending} onClick={() => answer.mutate('leaveOut')}>
          Leave these keys out of the rule
        </Button>
        <Text size="sm" c="dimmed">
          What others wrote stays below as an older version. A target that orders versions by their time keeps them as
          they lie.
        </Text>
      </Group>
    </div>
  )
}

interface CancelledLookProps {
  readonly rule: RuleView
  readonly isCovering: boolean
  readonly onCover: () => void
}

function CancelledLook({ rule, isCovering, onCover }: CancelledLookProps) {
  const { client } = useConsole()
  const again = useAction(
    () => client.rules.resume.mutate({ id: rule.id }),
    () => 'Looking again.',
  )
  return (
    <div className="note" data-tone="bad" role="group" aria-label="The look at the target of this rule was cancelled">
      <Text fw={600} c="var(--bad)">
        It is not known whether others wrote at the target: the look was cancelled.
      </Text>
      <Group gap="sm" mt={8}>
        <Button loading={again.isPending} onClick={() => again.mutate(undefined)}>
          Look again
        </Button>
        <Button variant="default" c="var(--bad)" loading={isCovering} onClick={onCover}>
          Cover whatever is there
        </Button>
        <Text size="sm" c="dimmed">
          Nothing was covered yet. Covered versions stay below as older ones.
        </Text>
      </Group>
    </div>
  )
}

import { Button, Group, Text } from '@mantine/core'
import type { Job } from '../../shared/model/job.ts'
import { useConsole } from '../console-parts.ts'
import { formatCount } from '../text/format.ts'
import { tellFault } from '../text/told.ts'
import { Bar } from './bar.tsx'
import { Ago } from './times.tsx'
import { useAction } from './use-action.ts'

/** One job: what it does, how far it is, and its end or a way to end it. */
export function JobLine({ job }: { readonly job: Job }) {
  const { client } = useConsole()
  const cancel = useAction(
    (id: string) => client.jobs.cancel.mutate({ id }),
    () => 'The job was cancelled.',
  )
  return (
    <div style={{ padding: '6px 0' }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text fw={500} className="wrap">
          {job.title}
        </Text>
        {job.state === 'running' && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => cancel.mutate(job.id)}
            aria-label={`Cancel: ${job.title}`}
          >
            Cancel
          </Button>
        )}
      </Group>
      {job.state === 'running' && (
        <div style={{ padding: '6px 0' }}>
          <Bar label={job.title} done={job.done} total={job.total} />
        </div>
      )}
      <Text size="sm" c="dimmed">
        {outcomeOf(job)} · started <Ago at={job.startedAt} />
      </Text>
    </div>
  )
}

/** How far a job is, or how it ended, in words. */
function outcomeOf(job: Job): string {
  const progress = job.total === null ? formatCount(job.done) : `${formatCount(job.done)} of ${formatCount(job.total)}`
  switch (job.state) {
    case 'running':
      return progress
    case 'done':
      return job.result ?? `Done: ${progress}`
    case 'cancelled':
      return `Cancelled after ${progress}`
    case 'failed':
      return job.fault === null ? `Failed after ${progress}` : `${tellFault(job.fault).title} ${job.fault.message}`
  }
}

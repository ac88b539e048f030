import { Button, Popover, Text } from '@mantine/core'
import { IconLoader2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { Job } from '../../shared/model/job.ts'
import { JobLine } from '../components/job-line.tsx'
import { useConsole } from '../console-parts.ts'
import { countOf } from '../text/format.ts'

const shownJobs = 8

/** Work that the operator asked for and that goes on while the page changes. */
export function JobsIndicator() {
  const { queries } = useConsole()
  const { data: jobs = [] } = useQuery(queries.jobs)
  const running = jobs.filter((job) => job.state === 'running')
  if (jobs.length === 0) return null
  return (
    <Popover position="bottom-end" width={400} trapFocus shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={running.length > 0 ? <IconLoader2 size={14} aria-hidden /> : null}>
          {running.length > 0 ? `${countOf(running.length, 'job')} running` : 'Jobs'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Jobs" p="sm">
        {newestFirst(jobs)
          .slice(0, shownJobs)
          .map((job) => (
            <JobLine key={job.id} job={job} />
          ))}
        {jobs.length > shownJobs && <Text c="dimmed">and {jobs.length - shownJobs} older</Text>}
      </Popover.Dropdown>
    </Popover>
  )
}

function newestFirst(jobs: readonly Job[]): readonly Job[] {
  const rank = (job: Job) => (job.state === 'running' ? 1 : 0)
  return jobs.toSorted((a, b) => rank(b) - rank(a) || b.startedAt - a.startedAt)
}

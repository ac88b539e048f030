import type { NewTask } from '../journal/port/tasks.ts'
import { SiteFaults } from '../link/buckets/site-faults.ts'
import { RateBook } from '../metrics/rates.ts'
import type { Lease } from '../queue/port.ts'
import type { Judgement } from '../replicate/port.ts'
import { Dispatcher } from '../worker/dispatcher.ts'
import type { Ground } from './ground.ts'
import type { JoinedIntake } from './intake.ts'
import type { JoinedLinks } from './links.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'

/** Who hands tasks out and takes them back, and what the links do of it. */
export interface Transfers {
  readonly dispatcher: Dispatcher
  readonly rates: RateBook
}

type PartsForTransfers = Ground & Notices & Records & JoinedSites & JoinedLinks & JoinedIntake

export function joinTransfers(made: PartsForTransfers): Transfers {
  const { journal, queue, pool, links, sites, identities, buckets, tasks, settings, log, now, changed } = made
  const faults = new SiteFaults({ links, sites, identities, buckets, onChange: () => changed('rules') })
  const dispatcher = new Dispatcher(
    {
      queue,
      tasks: journal.tasks,
      atOnce: journal.atOnce,
      pool,
      link: (linkId) => links.order(linkId),
      now,
      events: tasks,
      judgement: (lease) => judgementOf(lease, made),
      excuses: (lease, fault) => faults.excuses(lease, fault),
      again: (parked) => takeUp(parked, made),
      onError: (error) => log.error({ err: error }, 'The end of a task could not be recorded.'),
    },
    settings.workers(),
  )
  journal.state.onFault((fault) => {
    dispatcher.stop()
    log.error({ code: fault.code }, fault.message)
  })
  return { dispatcher, rates: new RateBook() }
}

function judgementOf(lease: Lease, { links, brakes }: PartsForTransfers): Judgement | undefined {
  const link = links.get(lease.task.linkId)
  return link === null ? undefined : brakes.judgement(link.rule, lease)
}

async function takeUp(parked: readonly NewTask[], { links, intake }: PartsForTransfers): Promise<void> {
  const found = parked.flatMap((task) => {
    const link = links.get(task.linkId)
    return link === null ? [] : [{ link, task }]
  })
  await intake.offer(found, { kind: 'again' })
}

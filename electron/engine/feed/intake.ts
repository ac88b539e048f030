import type { NewTask, UrgentEnqueue } from '../journal/port/tasks.ts'
import type { TaskQueue } from '../queue/port.ts'
import { decide, type RuleIndex } from '../rule/decide.ts'
import type { RuleLink } from '../rule/link.ts'
import type { Brakes } from './brakes.ts'
import type { Change, Placed, PlacingIntake } from './port.ts'

export interface IntakeOptions {
  /** The rules and links of this moment. */
  readonly index: () => RuleIndex
  readonly queue: Pick<TaskQueue, 'enqueue'>
  readonly brakes: Pick<Brakes, 'count'>
}

/** Puts what was found into the queue: one task per change and link that wants it, durable when a promise resolves. */
export function createIntake(options: IntakeOptions): PlacingIntake {
  const place = async (changes: readonly Change[], urgent?: UrgentEnqueue): Promise<readonly Placed[]> => {
    const byLink = tasksByLink(options.index(), changes)
    if (byLink.size === 0) return []
    // A brake that trips must hold the rule before its deletes can be handed out.
    for (const { link, tasks } of byLink.values()) await options.brakes.count(link.rule, tasks)
    const tasks = [...byLink.values()].flatMap(({ tasks: some }) => some)
    const seqs = await options.queue.enqueue(tasks, urgent)
    let at = 0
    return [...byLink.values()].flatMap(({ link, changes }) =>
      changes.map((change) => ({ change, link, seq: seqs[at++]! })),
    )
  }
  return {
    place: (changes) => place(changes, {}),
    async offer(changes) {
      await place(changes)
    },
    linksFor: (change) => decide(options.index(), { site: change.siteId, bucket: change.bucket }, change),
  }
}

interface LinkTasks {
  readonly link: RuleLink
  readonly changes: Change[]
  readonly tasks: NewTask[]
}

function tasksByLink(index: RuleIndex, changes: readonly Change[]): ReadonlyMap<string, LinkTasks> {
  const byLink = new Map<string, LinkTasks>()
  for (const change of changes) {
    const { key, versionId, operation, sizeBytes, changedAt } = change
    const bypass = change.bypassGovernance === true ? ({ bypassGovernance: true } as const) : {}
    for (const link of decide(index, { site: change.siteId, bucket: change.bucket }, change)) {
      const { linkId } = link
      let found = byLink.get(linkId)
      if (found === undefined) byLink.set(linkId, (found = { link, changes: [], tasks: [] }))
      found.changes.push(change)
      found.tasks.push({ linkId, key, versionId, operation, sizeBytes, changedAt, absentSeenAt: 0, ...bypass })
    }
  }
  return byLink
}

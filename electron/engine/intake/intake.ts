import type { Change } from '../feed/port.ts'
import type { NewTask, ReadsAtOnce, UrgentEnqueue } from '../journal/port/tasks.ts'
import type { TaskQueue } from '../queue/port.ts'
import { decide, type RuleIndex } from '../rule/decide.ts'
import type { RuleLink } from '../rule/link.ts'
import type { Brakes } from '../brake/brakes.ts'
import type { ScanOrigin } from '../brake/link-brake.ts'
import type { Found, Intake, ChangeOrigin } from './port.ts'

export interface IntakeOptions {
  /** The rules and links of this moment. */
  readonly index: () => RuleIndex
  readonly queue: Pick<TaskQueue, 'enqueue'>
  readonly atOnce: Pick<ReadsAtOnce, 'unsettled'>
  readonly brakes: Pick<Brakes, 'count'>
  /** How far the site's clock may be from ours, ms. */
  readonly skewMs: (siteId: string) => number
}

export function createIntake(options: IntakeOptions): Intake {
  const { index, queue, brakes } = options
  return {
    async offer(changes, origin) {
      const offered = [...decided(changes, index)].map((one) => ({ ...one, pending: pendingOf(one, origin, options) }))
      if (offered.length === 0) return []
      // A brake that trips must hold the rule before its deletes can be handed out.
      if (isCounted(origin))
        for (const { link, tasks, pending } of offered)
          await brakes.count(link.rule, tasks, scanOf(origin, link, pending, options))
      const seqs = await queue.enqueue(
        offered.flatMap(({ tasks }) => tasks),
        urgentOf(origin),
      )
      let at = 0
      return offered.flatMap(({ link, changes: own, tasks, pending }) =>
        own.map((change, place) => ({ change, link, seq: seqs[at++]!, isNew: !pending.has(tasks[place]!) })),
      )
    },
    linksFor: (change) => decide(index(), { site: change.siteId, bucket: change.bucket }, change),
  }
}

/** What one link is offered; `changes` and `tasks` go together, place by place. */
interface Offered<T> {
  readonly link: RuleLink
  readonly changes: T[]
  readonly tasks: NewTask[]
}

function decided<T extends Change | Found>(changes: readonly T[], index: () => RuleIndex): Iterable<Offered<T>> {
  const byLink = new Map<string, Offered<T>>()
  const add = (link: RuleLink, change: T, task: NewTask): void => {
    let offered = byLink.get(link.linkId)
    if (offered === undefined) byLink.set(link.linkId, (offered = { link, changes: [], tasks: [] }))
    offered.changes.push(change)
    offered.tasks.push(task)
  }
  for (const change of changes) {
    if ('link' in change) add(change.link, change, change.task)
    else
      for (const link of decide(index(), { site: change.siteId, bucket: change.bucket }, change))
        add(link, change, taskFor(change, link))
  }
  return byLink.values()
}

function taskFor(change: Change, { linkId }: RuleLink): NewTask {
  const { key, versionId, operation, sizeBytes, changedAt } = change
  const bypass = change.bypassGovernance === true ? ({ bypassGovernance: true } as const) : {}
  return { linkId, key, versionId, operation, sizeBytes, changedAt, absentSeenAt: 0, ...bypass }
}

const isCounted = ({ kind }: ChangeOrigin): boolean => kind === 'event' || kind === 'client' || kind === 'scan'

/** Of what a scan found, the tasks that the journal holds already: what an event told is no second change. */
function pendingOf({ tasks }: Offered<unknown>, origin: ChangeOrigin, { atOnce }: IntakeOptions): ReadonlySet<NewTask> {
  if (origin.kind !== 'scan') return new Set()
  const found = new Set(notPending(tasks, atOnce))
  return new Set(tasks.filter((task) => !found.has(task)))
}

function scanOf(
  origin: ChangeOrigin,
  { source }: RuleLink,
  pending: ReadonlySet<NewTask>,
  { skewMs }: IntakeOptions,
): ScanOrigin | undefined {
  if (origin.kind !== 'scan') return undefined
  return { startedAt: origin.startedAt, skewMs: skewMs(source.site), isPending: (task) => pending.has(task) }
}

/** A client that waits does not wait for company in a commit. */
function urgentOf(origin: ChangeOrigin): UrgentEnqueue | undefined {
  if (origin.kind === 'dual-write') return { committed: origin.committed }
  return origin.kind === 'client' ? {} : undefined
}

/** Versions of one key are few; what lies beyond is counted twice, on the safe side of a brake. */
const pendingOfKey = 1000

/** Tasks of one link that the journal does not hold already: the delete brake counts a change once, whoever tells it. */
function notPending(tasks: readonly NewTask[], atOnce: Pick<ReadsAtOnce, 'unsettled'>): readonly NewTask[] {
  const pending = new Map<string, ReadonlySet<string | null>>()
  const pendingVersions = ({ linkId, key }: NewTask): ReadonlySet<string | null> => {
    const known = pending.get(key)
    if (known !== undefined) return known
    const versions = new Set(atOnce.unsettled(linkId, key, pendingOfKey).map((row) => row.versionId))
    pending.set(key, versions)
    return versions
  }
  return tasks.filter((task) => !pendingVersions(task).has(task.versionId))
}

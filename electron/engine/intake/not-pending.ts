import type { NewTask, ReadsAtOnce } from '../journal/port/tasks.ts'

/** Versions of one key are few; what lies beyond is counted twice, on the safe side of a brake. */
const pendingOfKey = 1000

/** Tasks of one link that the journal does not hold already: the delete brake counts a change once, whoever tells it. */
export function notPending(tasks: readonly NewTask[], atOnce: Pick<ReadsAtOnce, 'unsettled'>): readonly NewTask[] {
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

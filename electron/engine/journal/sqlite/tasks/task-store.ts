import type { DatabaseSync } from 'node:sqlite'
import type { ReadsAtOnce, TaskStore } from '../../port/tasks.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { History } from '../history/history.ts'
import type { NotKept } from '../history/not-kept.ts'
import type { LinkTable } from '../tables/links.ts'
import { openBriefings } from './briefings.ts'
import { openEnqueue } from './enqueue.ts'
import { openFailures } from './failures.ts'
import { openMarkerNotes } from './marker-notes.ts'
import type { Pairs } from './pairs.ts'
import { openTaskReads } from './task-reads.ts'
import { openTaskWrites, TaskWrites } from './task-writes.ts'
import type { UploadTable } from './uploads.ts'

interface Tables {
  readonly links: LinkTable
  readonly history: History
  readonly pairs: Pairs
  readonly uploads: UploadTable
  readonly notKept: NotKept
}

/** The port of tasks, and the reads that are made in the midst of a turn. `onFailures`: of the port, told by every commit. */
export function openTaskStore(
  database: DatabaseSync,
  commit: GroupCommit,
  tables: Tables,
  now: () => number,
  onFailures: TaskStore['onFailures'],
): { readonly tasks: TaskStore; readonly atOnce: ReadsAtOnce } {
  const { links, history, pairs, uploads } = tables
  const writes = new TaskWrites(database, tables, now)
  const markers = openMarkerNotes(database, commit, links)
  const { lastSeq, enqueue } = openEnqueue(database, commit, links, history, now)
  const { handedOut, raiseHandedOut } = openHandedOut(database, commit)
  const reads = openTaskReads(database, links)
  const atOnce = { lastSeq, handedOut, ...reads.atOnce, pairs: pairs.of }
  const briefings = openBriefings({
    ...atOnce,
    openSeqs: reads.openSeqs,
    tombstones: pairs.tombstonesOf,
    upload: uploads.of,
    markers: markers.of,
  })
  return {
    tasks: {
      enqueue,
      ...openTaskWrites(writes, commit),
      ...openFailures(database, commit, links, writes),
      ...uploads.port,
      ...markers.port,
      ...reads.told,
      ...briefings,
      onFailures,
      raiseHandedOut,
    },
    atOnce,
  }
}

function openHandedOut(
  database: DatabaseSync,
  commit: GroupCommit,
): Pick<ReadsAtOnce, 'handedOut'> & Pick<TaskStore, 'raiseHandedOut'> {
  const read = query<readonly [number]>(database, "SELECT seq FROM mark WHERE name = 'handed-out'")
  const raise = database.prepare("UPDATE mark SET seq = max(seq, ?) WHERE name = 'handed-out'")
  return {
    handedOut: () => read.get()![0],
    raiseHandedOut: (seq) => commit.submit(1, () => void raise.run(seq)),
  }
}

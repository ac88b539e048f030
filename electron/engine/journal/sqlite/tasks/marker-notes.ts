import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { LinkTable } from '../tables/links.ts'
import type { NotedMarker, TaskStore } from '../../port/tasks.ts'
import { noteCode, storedNote, storedVersion } from '../tables/task-row.ts'

interface MarkerNoteTable {
  readonly port: Pick<TaskStore, 'noteMarker'>
  readonly of: (linkId: string, key: string) => readonly NotedMarker[]
}

/** Delete markers that were sent and not heard of: few tasks have such a note, and an index of those alone finds them. */
export function openMarkerNotes(database: DatabaseSync, commit: GroupCommit, links: LinkTable): MarkerNoteTable {
  const write = database.prepare('UPDATE task SET marker = ? WHERE link = ? AND key = ? AND version_id = ?')
  const ofKey = query<readonly [versionId: string, marker: number]>(
    database,
    'SELECT version_id, marker FROM task INDEXED BY task_marker WHERE link = ? AND key = ? AND marker <> 0',
  )
  return {
    port: {
      noteMarker: ({ linkId, key, versionId }, note) =>
        commit.submit(1, () => {
          const link = links.named(linkId)
          if (link !== undefined) write.run(noteCode(note), link.id, key, storedVersion(versionId))
        }),
    },
    of(linkId, key) {
      const link = links.named(linkId)
      if (link === undefined) return []
      return ofKey.all(link.id, key).map(([versionId, marker]) => ({ versionId, note: storedNote(marker) }))
    },
  }
}

import type { DatabaseSync } from 'node:sqlite'
import type { UploadedPart } from '../../../store/port.ts'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { TaskStore, UploadRecord } from '../../port/tasks.ts'

export interface UploadTable {
  readonly port: Pick<TaskStore, 'saveUpload' | 'savePart' | 'forgetUpload'>
  /** null for a task that has no upload under way. */
  readonly of: (seq: number) => UploadRecord | null
  /** Only inside a transaction. Costs nothing for a task that has no upload. */
  drop(seq: number): void
}

/** Multipart uploads under way, with the parts that the target has: what a restart needs to go on with them. */
export function openUploads(database: DatabaseSync, commit: GroupCommit): UploadTable {
  const save = database.prepare('INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?)')
  const savePart = database.prepare('INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)')
  const dropUpload = database.prepare('DELETE FROM upload WHERE seq = ?')
  const dropParts = database.prepare('DELETE FROM part WHERE seq = ?')
  const read = query<readonly [string, string, string]>(
    database,
    'SELECT upload_id, source_etag, layout FROM upload WHERE seq = ?',
  )
  const readParts = query<readonly [number, string, number]>(
    database,
    'SELECT number, etag, size FROM part WHERE seq = ? ORDER BY number',
  )
  // Few tasks have one; knowing which spares every other task two deletes when it settles.
  const open = new Set(
    query<readonly [number]>(database, 'SELECT seq FROM upload')
      .all()
      .map(([seq]) => seq),
  )
  const drop = (seq: number): void => {
    if (!open.delete(seq)) return
    dropUpload.run(seq)
    dropParts.run(seq)
  }
  const partsOf = (seq: number): readonly UploadedPart[] =>
    readParts.all(seq).map(([partNumber, etag, sizeBytes]) => ({ partNumber, etag, sizeBytes }))
  return {
    drop,
    of(seq) {
      const row = open.has(seq) ? read.get(seq) : undefined
      if (row === undefined) return null
      const [uploadId, sourceEtag, json] = row
      const layout: readonly number[] = JSON.parse(json)
      return { uploadId, sourceEtag, layout, parts: partsOf(seq) }
    },
    port: {
      saveUpload(seq, { uploadId, sourceEtag, layout }) {
        const json = JSON.stringify(layout)
        return commit.submit(1, () => {
          drop(seq)
          open.add(seq)
          save.run(seq, uploadId, sourceEtag, json)
        })
      },
      savePart: (seq, { partNumber, etag, sizeBytes }) =>
        commit.submit(1, () => {
          if (open.has(seq)) savePart.run(seq, partNumber, etag, sizeBytes)
        }),
      forgetUpload: (seq) => commit.submit(1, () => drop(seq)),
    },
  }
}

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { formatSegments, parseSegments, type Segment } from './segment.ts'
import { sqlNumber, sqlText, type SqlRow } from './sql-value.ts'
import type { VersionFacts } from './version-table.ts'

/** What a multipart upload promised when it was created. */
export interface UploadFacts {
  readonly version: VersionFacts
  readonly storageClass: string
  /** Kept identity of a replica, when the site adopts it. */
  readonly versionId?: string | undefined
  readonly etag?: string | undefined
}

export interface Upload {
  readonly id: string
  readonly bucketId: number
  readonly key: string
  /** Epoch ms. */
  readonly startedAt: number
  readonly facts: UploadFacts
}

export interface Part {
  readonly partNumber: number
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly modifiedAt: number
  readonly segments: readonly Segment[]
}

/** Multipart uploads under way and their parts. */
export class UploadTable {
  readonly #db: DatabaseSync
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #putPart: StatementSync
  readonly #findPart: StatementSync
  readonly #parts: StatementSync
  readonly #list: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#find = db.prepare('SELECT * FROM upload WHERE id = ?')
    this.#insert = db.prepare('INSERT INTO upload (id, bucket_id, key, started_at, facts) VALUES (?, ?, ?, ?, ?)')
    this.#putPart = db.prepare(
      'INSERT OR REPLACE INTO part (upload_id, part_number, etag, size_bytes, modified_at, segments) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#findPart = db.prepare('SELECT * FROM part WHERE upload_id = ? AND part_number = ?')
    this.#parts = db.prepare('SELECT * FROM part WHERE upload_id = ? ORDER BY part_number')
    this.#list = db.prepare('SELECT * FROM upload WHERE bucket_id = ? AND (key, id) > (?, ?) ORDER BY key, id')
  }

  find(id: string): Upload | undefined {
    const row = this.#find.get(id)
    return row === undefined ? undefined : readUpload(row)
  }

  create(upload: Upload): void {
    this.#insert.run(upload.id, upload.bucketId, upload.key, upload.startedAt, JSON.stringify(upload.facts))
  }

  /** Returns the part that it replaces, so that its body can be dropped. */
  putPart(uploadId: string, part: Part): Part | undefined {
    const before = this.#findPart.get(uploadId, part.partNumber)
    const { partNumber, etag, sizeBytes, modifiedAt, segments } = part
    this.#putPart.run(uploadId, partNumber, etag, sizeBytes, modifiedAt, formatSegments(segments))
    return before === undefined ? undefined : readPart(before)
  }

  parts(uploadId: string): readonly Part[] {
    return this.#parts.all(uploadId).map(readPart)
  }

  remove(uploadId: string): void {
    this.#db.prepare('DELETE FROM part WHERE upload_id = ?').run(uploadId)
    this.#db.prepare('DELETE FROM upload WHERE id = ?').run(uploadId)
  }

  /** By key, then by upload id, after the given place. */
  list(bucketId: number, after: { readonly key: string; readonly id: string }): readonly Upload[] {
    return this.#list.all(bucketId, after.key, after.id).map(readUpload)
  }

  *allSegments(): Generator<readonly Segment[]> {
    for (const row of this.#db.prepare('SELECT segments FROM part').iterate()) {
      yield parseSegments(sqlText(row, 'segments'))
    }
  }
}

function readUpload(row: SqlRow): Upload {
  return {
    id: sqlText(row, 'id'),
    bucketId: sqlNumber(row, 'bucket_id'),
    key: sqlText(row, 'key'),
    startedAt: sqlNumber(row, 'started_at'),
    facts: JSON.parse(sqlText(row, 'facts')),
  }
}

function readPart(row: SqlRow): Part {
  return {
    partNumber: sqlNumber(row, 'part_number'),
    etag: sqlText(row, 'etag'),
    sizeBytes: sqlNumber(row, 'size_bytes'),
    modifiedAt: sqlNumber(row, 'modified_at'),
    segments: parseSegments(sqlText(row, 'segments')),
  }
}

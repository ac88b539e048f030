import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { formatSegments, parseSegments, type Segment } from './segment.ts'
import { sqlNumber, sqlText, type SqlRow } from './sql-value.ts'

export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  /** ISO 8601, as the client wrote it. */
  readonly until: string
}

/** To a group, by its URI, or to a user, by its id. */
export interface Grant {
  readonly uri?: string
  readonly id?: string
  readonly permission: string
}

/** What a version carries besides its bytes and what a listing shows. Kept as JSON. */
export interface VersionFacts {
  /** Standard headers by wire name, such as `content-type`. */
  readonly content?: Readonly<Record<string, string>>
  /** Without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  readonly retention?: Retention
  readonly legalHold?: boolean
  /** Of the ACL, besides the owner's own right. */
  readonly grants?: readonly Grant[]
  readonly checksums?: Readonly<Record<string, string>>
  /** Response headers that tell of encryption. */
  readonly encryption?: Readonly<Record<string, string>>
  /** Base64 MD5 of the customer's key: reading needs the same one. */
  readonly customerKeyMd5?: string
  /** Written as a replica: `x-amz-replication-status: REPLICA`. */
  readonly replica?: boolean
  /** The segments are parts of a multipart upload. */
  readonly multipart?: boolean
}

export interface Version {
  readonly key: string
  readonly versionId: string
  readonly deleteMarker: boolean
  /** Without quotes; '' for delete markers. */
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly modifiedAt: number
  readonly storageClass: string
  readonly segments: readonly Segment[]
  readonly facts: VersionFacts
  /** Newest first means: `sortAt` descending, then `seq` descending. */
  readonly sortAt: number
  readonly seq: number
}

export type VersionToKeep = Omit<Version, 'seq'>

const columns =
  'key, sort_at, seq, version_id, delete_marker, etag, size_bytes, modified_at, storage_class, segments, facts'

/** All versions and delete markers, in the order of ListObjectVersions. */
export class VersionTable {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #nextSeq: number

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#nextSeq = 1 + sqlNumber(db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM version').get() ?? {}, 'seq')
  }

  /** The newest version or marker of a key. */
  newest(bucketId: number, key: string): Version | undefined {
    const sql = `SELECT ${columns} FROM version WHERE bucket_id = ? AND key = ? ORDER BY sort_at DESC, seq DESC LIMIT 1`
    return optional(this.#prepare(sql).get(bucketId, key))
  }

  find(bucketId: number, key: string, versionId: string): Version | undefined {
    const sql = `SELECT ${columns} FROM version WHERE bucket_id = ? AND key = ? AND version_id = ?`
    return optional(this.#prepare(sql).get(bucketId, key, versionId))
  }

  insert(bucketId: number, version: VersionToKeep): void {
    this.#prepare(`INSERT INTO version (bucket_id, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
      bucketId,
      version.key,
      version.sortAt,
      this.#nextSeq++,
      version.versionId,
      version.deleteMarker ? 1 : 0,
      version.etag,
      version.sizeBytes,
      version.modifiedAt,
      version.storageClass,
      formatSegments(version.segments),
      JSON.stringify(version.facts),
    )
  }

  changeFacts(bucketId: number, version: Version, facts: VersionFacts): void {
    const sql = 'UPDATE version SET facts = ? WHERE bucket_id = ? AND key = ? AND version_id = ?'
    this.#prepare(sql).run(JSON.stringify(facts), bucketId, version.key, version.versionId)
  }

  /** Returns what was removed, so that its body can be dropped too. */
  remove(bucketId: number, key: string, versionId: string): Version | undefined {
    const sql = `DELETE FROM version WHERE bucket_id = ? AND key = ? AND version_id = ? RETURNING ${columns}`
    return optional(this.#prepare(sql).get(bucketId, key, versionId))
  }

  /** Versions of the keys from `key` on (or after it), by key ascending in UTF-8 order, newest first. */
  *scan(bucketId: number, from: { readonly key: string; readonly inclusive: boolean }): Generator<Version> {
    const sql =
      `SELECT ${columns} FROM version WHERE bucket_id = ? AND key ${from.inclusive ? '>=' : '>'} ? ` +
      'ORDER BY key, sort_at DESC, seq DESC'
    // A statement of its own: a listing that jumps over a prefix starts the next scan while this one is open.
    for (const row of this.#db.prepare(sql).iterate(bucketId, from.key)) yield readVersion(row)
  }

  /** The versions of one key that are older than the given place. */
  olderThan(bucketId: number, key: string, place: Pick<Version, 'sortAt' | 'seq'>): readonly Version[] {
    const sql =
      `SELECT ${columns} FROM version WHERE bucket_id = ? AND key = ? AND (sort_at, seq) < (?, ?) ` +
      'ORDER BY sort_at DESC, seq DESC'
    return this.#prepare(sql).all(bucketId, key, place.sortAt, place.seq).map(readVersion)
  }

  isEmpty(bucketId: number): boolean {
    return this.#prepare('SELECT 1 FROM version WHERE bucket_id = ? LIMIT 1').get(bucketId) === undefined
  }

  *allSegments(): Generator<readonly Segment[]> {
    for (const row of this.#db.prepare(`SELECT segments FROM version WHERE segments LIKE '%f%'`).iterate()) {
      yield parseSegments(sqlText(row, 'segments'))
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

const optional = (row: SqlRow | undefined): Version | undefined => (row === undefined ? undefined : readVersion(row))

function readVersion(row: SqlRow): Version {
  return {
    key: sqlText(row, 'key'),
    versionId: sqlText(row, 'version_id'),
    deleteMarker: sqlNumber(row, 'delete_marker') === 1,
    etag: sqlText(row, 'etag'),
    sizeBytes: sqlNumber(row, 'size_bytes'),
    modifiedAt: sqlNumber(row, 'modified_at'),
    storageClass: sqlText(row, 'storage_class'),
    segments: parseSegments(sqlText(row, 'segments')),
    facts: JSON.parse(sqlText(row, 'facts')),
    sortAt: sqlNumber(row, 'sort_at'),
    seq: sqlNumber(row, 'seq'),
  }
}

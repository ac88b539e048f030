import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { Bodies } from './bodies.ts'
import { BucketTable } from './bucket-table.ts'
import { UploadTable } from './upload-table.ts'
import { VersionTable } from './version-table.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS bucket (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, region TEXT NOT NULL,
    versioning TEXT NOT NULL, object_lock INTEGER NOT NULL, default_retention TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS version (
    bucket_id INTEGER NOT NULL, key TEXT NOT NULL, sort_at INTEGER NOT NULL, seq INTEGER NOT NULL,
    version_id TEXT NOT NULL, delete_marker INTEGER NOT NULL, etag TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    modified_at INTEGER NOT NULL, storage_class TEXT NOT NULL, segments TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (bucket_id, key, sort_at DESC, seq DESC)) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS version_by_id ON version (bucket_id, key, version_id);
  CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY, bucket_id INTEGER NOT NULL, key TEXT NOT NULL, started_at INTEGER NOT NULL,
    facts TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS upload_by_key ON upload (bucket_id, key, id);
  CREATE TABLE IF NOT EXISTS part (
    upload_id TEXT NOT NULL, part_number INTEGER NOT NULL, etag TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    modified_at INTEGER NOT NULL, segments TEXT NOT NULL, PRIMARY KEY (upload_id, part_number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS small_body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
`

/** All that a sandbox site remembers: an index in SQLite, and the larger bodies as files beside it. */
export class Catalog {
  readonly buckets: BucketTable
  readonly versions: VersionTable
  readonly uploads: UploadTable
  readonly bodies: Bodies
  readonly #db: DatabaseSync

  private constructor(db: DatabaseSync, dir: string) {
    this.#db = db
    this.buckets = new BucketTable(db)
    this.versions = new VersionTable(db)
    this.uploads = new UploadTable(db)
    this.bodies = new Bodies(db, join(dir, 'bodies'))
  }

  /** Opens or makes the index in `dir`, and removes the body files that no version or part names. */
  static async open(dir: string): Promise<Catalog> {
    const db = new DatabaseSync(join(dir, 'index.sqlite'))
    // Without fsync a power cut may lose the newest writes of a sandbox; a killed process loses nothing, because what
    // it wrote is in the system's page cache.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000')
    db.exec(schema)
    const catalog = new Catalog(db, dir)
    await catalog.bodies.sweep(
      [...catalog.versions.allSegments(), ...catalog.uploads.allSegments()].flatMap((segments) => segments),
    )
    return catalog
  }

  /** All or nothing. `change` must not await: one writer, one turn, one transaction. */
  atomic<T>(change: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = change()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }
}

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { sqlNumber, sqlText, type SqlRow } from './sql-value.ts'

export type Versioning = 'Off' | 'Enabled' | 'Suspended'

export interface DefaultRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly unit: 'Days' | 'Years'
  readonly count: number
}

export interface Bucket {
  readonly id: number
  readonly name: string
  /** Epoch ms. */
  readonly createdAt: number
  readonly region: string
  readonly versioning: Versioning
  readonly objectLock: boolean
  readonly defaultRetention: DefaultRetention | null
}

/** The buckets, all of them in memory as well: every request asks for one. */
export class BucketTable {
  readonly #byName: Map<string, Bucket>
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #delete: StatementSync

  constructor(db: DatabaseSync) {
    const rows = db.prepare('SELECT * FROM bucket ORDER BY name').all()
    this.#byName = new Map(rows.map(readBucket).map((bucket) => [bucket.name, bucket]))
    this.#insert = db.prepare(
      'INSERT INTO bucket (name, created_at, region, versioning, object_lock) VALUES (?, ?, ?, ?, ?)',
    )
    this.#update = db.prepare('UPDATE bucket SET versioning = ?, object_lock = ?, default_retention = ? WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM bucket WHERE id = ?')
  }

  find(name: string): Bucket | undefined {
    return this.#byName.get(name)
  }

  /** By name, ascending. */
  list(): readonly Bucket[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  create(bucket: Omit<Bucket, 'id' | 'defaultRetention'>): void {
    const { name, createdAt, region, versioning, objectLock } = bucket
    const { lastInsertRowid } = this.#insert.run(name, createdAt, region, versioning, objectLock ? 1 : 0)
    this.#byName.set(name, { ...bucket, id: Number(lastInsertRowid), defaultRetention: null })
  }

  change(bucket: Bucket, change: Partial<Pick<Bucket, 'versioning' | 'objectLock' | 'defaultRetention'>>): void {
    const changed = { ...bucket, ...change }
    const retention = changed.defaultRetention === null ? null : JSON.stringify(changed.defaultRetention)
    this.#update.run(changed.versioning, changed.objectLock ? 1 : 0, retention, bucket.id)
    this.#byName.set(bucket.name, changed)
  }

  remove(bucket: Bucket): void {
    this.#delete.run(bucket.id)
    this.#byName.delete(bucket.name)
  }
}

function readBucket(row: SqlRow): Bucket {
  const retention = row['default_retention']
  const versioning = sqlText(row, 'versioning')
  return {
    id: sqlNumber(row, 'id'),
    name: sqlText(row, 'name'),
    createdAt: sqlNumber(row, 'created_at'),
    region: sqlText(row, 'region'),
    versioning: versioning === 'Enabled' || versioning === 'Suspended' ? versioning : 'Off',
    objectLock: sqlNumber(row, 'object_lock') === 1,
    defaultRetention: typeof retention === 'string' ? JSON.parse(retention) : null,
  }
}

import type { DatabaseSync } from 'node:sqlite'
import { query, type PreparedQuery } from '../file/database.ts'
import { OldestPending } from './oldest-pending.ts'
import type { LinkEnd, LinkIdentity } from '../../port/records.ts'
import { isPending, stateCode } from './task-row.ts'

/** One link and its totals. They change with every task, in memory, and reach the disk in the same transaction. */
export interface LinkEntry {
  readonly id: number
  readonly name: string
  /** null for a link that nobody opened. */
  identity: LinkIdentity | null
  pending: number
  bytes: number
  delayed: number
  /** Those that met a fault and are not parked: delayed, or ready for their next attempt. */
  failing: number
  parked: number
  lingering: number
  settledCount: number
  settledBytes: number
  readonly oldest: OldestPending
}

/** What the totals need to know of a task. */
export interface CountedTask {
  readonly seq: number
  readonly state: number
  readonly size: number | null
  readonly changedAt: number
  /** It met a fault: it is in the failure list. */
  readonly failed: boolean
}

type LinkRow = readonly [number, string | null, number, number, number, number, number, number, number]
type Text = string | null
type IdentityRow = readonly [string, Text, Text, Text, Text, Text, Text, Text, number, number]

/** The links by name and by number. */
export class LinkTable {
  readonly #database: DatabaseSync
  readonly #byName = new Map<string, LinkEntry>()
  readonly #byId = new Map<number, LinkEntry>()
  readonly #dirty = new Set<LinkEntry>()
  #failuresChanged = false
  readonly #update
  readonly #saveChunk
  readonly #dropChunk
  readonly #oldestIn: PreparedQuery<readonly [number | null]>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#update = database.prepare(
      'UPDATE link SET pending = ?, bytes = ?, delayed = ?, failing = ?, parked = ?, settled_count = ?, settled_bytes = ? WHERE id = ?',
    )
    this.#saveChunk = database.prepare(
      'INSERT OR REPLACE INTO oldest (link, chunk, tasks, changed_at) VALUES (?, ?, ?, ?)',
    )
    this.#dropChunk = database.prepare('DELETE FROM oldest WHERE link = ? AND chunk = ?')
    this.#oldestIn = query(
      database,
      `SELECT min(changed_at) FROM task WHERE seq BETWEEN ? AND ? AND +link = ? AND ${isPending}`,
    )
    this.reload()
  }

  reload(): void {
    this.#byName.clear()
    this.#byId.clear()
    this.#dirty.clear()
    const columns = 'id, name, pending, bytes, delayed, failing, parked, settled_count, settled_bytes'
    for (const row of query<LinkRow>(this.#database, `SELECT ${columns} FROM link`).all()) this.#restore(row)
    // Not kept with the others: they are few, and an index of those alone finds them.
    const lingering = query<readonly [number, number]>(
      this.#database,
      `SELECT link, count(*) FROM task WHERE state = ${stateCode.lingering} GROUP BY link`,
    ).all()
    for (const [link, count] of lingering) {
      const entry = this.#byId.get(link)
      if (entry !== undefined) entry.lingering = count
    }
    const identities = `SELECT name, ${identityColumns} FROM link WHERE name IS NOT NULL`
    for (const row of query<IdentityRow>(this.#database, identities).all())
      this.#byName.get(row[0])!.identity = identityOf(row)
    const chunks = query<readonly [number, number, number, number]>(this.#database, 'SELECT * FROM oldest').iterate()
    for (const [link, chunk, tasks, changedAt] of chunks)
      this.#byId.get(link)?.oldest.restore({ chunk, tasks, changedAt })
  }

  named(name: string): LinkEntry | undefined {
    return this.#byName.get(name)
  }

  /** undefined too for a link that was forgotten. */
  numbered(id: number): LinkEntry | undefined {
    return this.#byId.get(id)
  }

  /** Only inside a transaction. */
  intern(name: string): LinkEntry {
    return this.#byName.get(name) ?? this.#insert(name)
  }

  all(): readonly LinkEntry[] {
    return [...this.#byName.values()]
  }

  /** Only inside a transaction. */
  open(identity: LinkIdentity): void {
    const { linkId, ruleId, source, target, generation, openedAt } = identity
    const ends = [source.site, source.bucket, source.endpoint, target.site, target.bucket, target.endpoint]
    const entry = this.intern(linkId)
    this.#database
      .prepare(`UPDATE link SET (${identityColumns}) = (?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?`)
      .run(ruleId, ...ends, generation, openedAt, entry.id)
    entry.identity = identity
  }

  /** The links of one rule, one link, or all: their numbers. */
  matching(ruleId: string | null, linkId: string | null): readonly number[] {
    return [...this.#byName.values()]
      .filter(({ identity }) => ruleId === null || identity?.ruleId === ruleId)
      .filter(({ name }) => linkId === null || name === linkId)
      .map(({ id }) => id)
  }

  /**
   * Only inside a transaction. The link's rows lose their owner at once and are swept away later: deleting a million of
   * them in one step would block the thread for seconds.
   */
  forget(name: string): void {
    const entry = this.#byName.get(name)
    if (entry === undefined) return
    this.#database.prepare('UPDATE link SET name = NULL WHERE id = ?').run(entry.id)
    this.#byName.delete(name)
    this.#byId.delete(entry.id)
    this.#dirty.delete(entry)
    if (entry.failing + entry.parked > 0) this.#failuresChanged = true
  }

  arrive(entry: LinkEntry, task: CountedTask): void {
    this.#count(entry, task, 1)
    if (isCountedPending(task)) entry.oldest.add(task.seq, task.changedAt)
  }

  leave(entry: LinkEntry, task: CountedTask): void {
    this.#count(entry, task, -1)
    if (isCountedPending(task)) entry.oldest.remove(task.seq, task.changedAt)
  }

  settled(entry: LinkEntry, count: number, bytes: number): void {
    entry.settledCount += count
    entry.settledBytes += bytes
    this.#dirty.add(entry)
  }

  oldestPendingAt(entry: LinkEntry): number | null {
    return entry.oldest.find((from, to) => this.#oldestIn.get(from, to, entry.id)?.[0] ?? null)
  }

  /** Only inside a transaction, as its last step. True: the failure list is another once this is on the disk. */
  persist(): boolean {
    for (const entry of this.#dirty) {
      const { id, pending, bytes, delayed, failing, parked, settledCount, settledBytes } = entry
      this.#update.run(pending, bytes, delayed, failing, parked, settledCount, settledBytes, id)
      for (const { chunk, tasks, changedAt } of entry.oldest.changed()) {
        if (tasks === 0) this.#dropChunk.run(id, chunk)
        else this.#saveChunk.run(id, chunk, tasks, changedAt)
      }
    }
    this.#dirty.clear()
    const changed = this.#failuresChanged
    this.#failuresChanged = false
    return changed
  }

  #count(entry: LinkEntry, task: CountedTask, sign: 1 | -1): void {
    if (task.state === stateCode.parked) entry.parked += sign
    else if (task.state === stateCode.lingering) entry.lingering += sign
    else {
      entry.pending += sign
      entry.bytes += sign * (task.size ?? 0)
      if (task.state === stateCode.delayed) entry.delayed += sign
      if (task.failed) entry.failing += sign
    }
    if (task.failed) this.#failuresChanged = true
    this.#dirty.add(entry)
  }

  #insert(name: string): LinkEntry {
    const { lastInsertRowid } = this.#database.prepare('INSERT INTO link (name) VALUES (?)').run(name)
    return this.#restore([Number(lastInsertRowid), name, 0, 0, 0, 0, 0, 0, 0])!
  }

  #restore([
    id,
    name,
    pending,
    bytes,
    delayed,
    failing,
    parked,
    settledCount,
    settledBytes,
  ]: LinkRow): LinkEntry | null {
    if (name === null) return null
    const oldest = new OldestPending()
    const counts = { pending, bytes, delayed, failing, parked, lingering: 0, settledCount, settledBytes }
    const entry: LinkEntry = { id, name, identity: null, ...counts, oldest }
    this.#byName.set(name, entry)
    this.#byId.set(id, entry)
    return entry
  }
}

const isCountedPending = ({ state }: CountedTask): boolean =>
  state !== stateCode.parked && state !== stateCode.lingering

const identityColumns =
  'rule, source_site, source_bucket, source_endpoint, target_site, target_bucket, target_endpoint, generation, opened_at'

/** null for a row that lacks a part: of an earlier release, and its rule or a site is gone. */
function identityOf([linkId, ruleId, ...rest]: IdentityRow): LinkIdentity | null {
  const [sourceSite, sourceBucket, sourceEndpoint, targetSite, targetBucket, targetEndpoint, generation, openedAt] =
    rest
  const source = endOf(sourceSite, sourceBucket, sourceEndpoint)
  const target = endOf(targetSite, targetBucket, targetEndpoint)
  if (ruleId === null || source === null || target === null) return null
  return { linkId, ruleId, source, target, generation, openedAt }
}

const endOf = (site: Text, bucket: Text, endpoint: Text): LinkEnd | null =>
  site === null || bucket === null || endpoint === null ? null : { site, bucket, endpoint }

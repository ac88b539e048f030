import type { DatabaseSync } from 'node:sqlite'
import type { Fault } from '../../../shared/model/fault.ts'
import type { ItemEvent } from '../../../shared/model/task.ts'
import { query } from './database.ts'
import { storedFault, storedVersion } from './task-row.ts'

export interface HistoryLimits {
  readonly events: number
  readonly eventAgeMs: number
}

/** Which version an event is about. */
export interface EventSubject {
  readonly link: number
  readonly key: string
  readonly version: string
}

const PRUNE_EVERY = 256
/** Newest events shown of one version: a day and more of retries at the longest delay. */
const SHOWN = 500

/**
 * What happened to tasks that failed. A task that never failed writes nothing here: its line would cost as much as the
 * task itself and tell nothing.
 */
export class History {
  readonly #limits: HistoryLimits
  readonly #add
  readonly #of
  readonly #ends
  readonly #firstAfter
  readonly #deleteUpTo
  #sincePrune = 0

  constructor(database: DatabaseSync, limits: HistoryLimits) {
    this.#limits = limits
    this.#add = database.prepare(
      'INSERT INTO event (link, key, version_id, at, what, attempt, fault) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#of = query<readonly [number, ItemEvent['what'], number | null, string | null]>(
      database,
      'SELECT at, what, attempt, fault FROM event WHERE link = ? AND key = ? AND version_id = ? ORDER BY id DESC LIMIT ?',
    )
    this.#ends = query<readonly [number | null, number | null]>(
      database,
      'SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event)',
    )
    this.#firstAfter = query<readonly [number]>(database, 'SELECT at FROM event WHERE id >= ? ORDER BY id LIMIT 1')
    this.#deleteUpTo = database.prepare('DELETE FROM event WHERE id < ?')
  }

  /** Only inside a transaction. */
  add(of: EventSubject, at: number, what: ItemEvent['what'], attempt: number | null, fault: Fault | null): void {
    this.#add.run(of.link, of.key, of.version, at, what, attempt, fault === null ? null : JSON.stringify(fault))
    if (++this.#sincePrune < PRUNE_EVERY) return
    this.#sincePrune = 0
    this.#prune(at)
  }

  of(link: number, key: string, versionId: string | null): readonly ItemEvent[] {
    const rows = this.#of.all(link, key, storedVersion(versionId), SHOWN).toReversed()
    return rows.map(([at, what, attempt, fault]) => ({ at, what, attempt, fault: storedFault(fault) }))
  }

  /** Twice as many as came since the last time, at most: the table shrinks, and no step is long. */
  #prune(now: number): void {
    const [first, last] = this.#ends.get()!
    if (first === null || last === null) return
    const step = Math.min(first + 2 * PRUNE_EVERY, last)
    const surplus = last - this.#limits.events + 1
    const old = (this.#firstAfter.get(step)?.[0] ?? now) < now - this.#limits.eventAgeMs
    const upTo = old ? step : Math.min(surplus, step)
    if (upTo > first) this.#deleteUpTo.run(upTo)
  }
}

import type { DatabaseSync } from 'node:sqlite'
import type { ItemEvent, SettledBy } from '../../../../../shared/model/task.ts'
import { query } from '../file/database.ts'
import { storedFault, storedVersion } from '../tables/task-row.ts'

export interface HistoryLimits {
  readonly events: number
  readonly eventAgeMs: number
}

/** Which task and version an event is about. */
export interface EventSubject {
  readonly seq: number
  readonly link: number
  readonly key: string
  readonly version: string
}

/** A task that failed once and has left the queue. */
export interface Ended {
  readonly link: number
  readonly key: string
  readonly version: string
  readonly at: number
  readonly did: SettledBy | null
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
  readonly #last
  readonly #ends
  readonly #firstAfter
  readonly #deleteUpTo
  #sincePrune = 0

  constructor(database: DatabaseSync, limits: HistoryLimits) {
    this.#limits = limits
    this.#add = database.prepare(
      `INSERT INTO event (task, link, key, version_id, at, what, attempt, fault, did) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#of = query<readonly [number, ItemEvent['what'], number | null, string | null, SettledBy | null]>(
      database,
      'SELECT at, what, attempt, fault, did FROM event WHERE link = ? AND key = ? AND version_id = ? ORDER BY id DESC LIMIT ?',
    )
    this.#last = query<readonly [ItemEvent['what'], number, string, string, number, SettledBy | null]>(
      database,
      'SELECT what, link, key, version_id, at, did FROM event WHERE task = ? ORDER BY id DESC LIMIT 1',
    )
    this.#ends = query<readonly [number | null, number | null]>(
      database,
      'SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event)',
    )
    this.#firstAfter = query<readonly [number]>(database, 'SELECT at FROM event WHERE id >= ? ORDER BY id LIMIT 1')
    this.#deleteUpTo = database.prepare('DELETE FROM event WHERE id < ?')
  }

  /** Only inside a transaction. */
  add(of: EventSubject, { at, what, attempt, fault, did }: ItemEvent): void {
    const json = fault === null ? null : JSON.stringify(fault)
    this.#add.run(of.seq, of.link, of.key, of.version, at, what, attempt, json, did)
    if (++this.#sincePrune < PRUNE_EVERY) return
    this.#sincePrune = 0
    this.#prune(at)
  }

  of(link: number, key: string, versionId: string | null): readonly ItemEvent[] {
    const rows = this.#of.all(link, key, storedVersion(versionId), SHOWN).toReversed()
    return rows.map(([at, what, attempt, fault, did]) => ({ at, what, attempt, fault: storedFault(fault), did }))
  }

  /** How the task ended; null when it never failed, when that is forgotten, or when it has not ended. */
  ended(seq: number): Ended | null {
    const [what, link, key, version, at, did] = this.#last.get(seq) ?? []
    return what !== 'settled' ? null : { link: link!, key: key!, version: version!, at: at!, did: did ?? null }
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

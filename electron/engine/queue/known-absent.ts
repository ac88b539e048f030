import type { NewTask } from '../journal/port/tasks.ts'

/** Keys whose last lease is remembered: about 20 MB of names. */
const RECENT_KEYS = 100_000

export interface KnownAbsentOptions {
  /** Epoch ms. */
  readonly now: () => number
  /** The last task of earlier runs. */
  readonly lastBefore: number
}

/**
 * Decides whether what a scan did not see at the target is still known to be absent there: nothing of the key was handed out
 * since the scan looked, and it looked in this run.
 */
export class KnownAbsent {
  readonly #now: () => number
  readonly #lastBefore: number
  readonly #startedAt: number
  readonly #recency = new Recency(RECENT_KEYS)
  #latest = 0

  constructor({ now, lastBefore }: KnownAbsentOptions) {
    this.#now = now
    this.#lastBefore = lastBefore
    this.#startedAt = now()
  }

  /** The key was handed out or given back: what a scan saw of it until now is worth nothing. */
  touched({ linkId, key }: Pick<NewTask, 'linkId' | 'key'>): void {
    this.#recency.note(linkId, key, this.#time())
  }

  /**
   * What a scan of an earlier run saw is worth nothing: where an older copy of the data directory was put back, that run went
   * on elsewhere, and what its journal says was never handed out may be at the target long since, below newer versions.
   */
  holds(task: NewTask & { readonly seq: number }): boolean {
    return task.seq > this.#lastBefore && this.#isUntouched(task)
  }

  /** A sight that is out of date goes in the journal as none: after a restart nobody knows what was handed out before. */
  withTrueSight(task: NewTask): NewTask {
    if (task.absentSeenAt === 0) return task
    this.#latest = Math.max(this.#latest, task.absentSeenAt)
    if (task.absentSeenAt >= this.#startedAt && this.#isUntouched(task)) return task
    return { ...task, absentSeenAt: 0 }
  }

  #isUntouched({ absentSeenAt, linkId, key }: NewTask): boolean {
    return absentSeenAt > 0 && this.#recency.untouchedSince(linkId, key, absentSeenAt)
  }

  /** The time, never earlier than any time seen: a clock that is set back must not make an old sight look new. */
  #time(): number {
    this.#latest = Math.max(this.#latest, this.#now())
    return this.#latest
  }
}

/**
 * Remembers when a key of a link was last handed out or given back, for a bounded number of keys. What was forgotten
 * counts as handed out at the time of the youngest forgotten entry, so forgetting costs a look at the target, never a
 * second copy.
 */
export class Recency {
  readonly #limit: number
  readonly #handedOutAt = new Map<string, number>()
  #floor = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  note(linkId: string, key: string, at: number): void {
    const name = nameOf(linkId, key)
    // Deleted first: a Map keeps the place of its first insertion, and eviction takes the oldest place.
    this.#handedOutAt.delete(name)
    this.#handedOutAt.set(name, at)
    if (this.#handedOutAt.size > this.#limit) this.#evict()
  }

  /** Whether nothing of the key was handed out or given back at that instant or after it. */
  untouchedSince(linkId: string, key: string, at: number): boolean {
    return at > (this.#handedOutAt.get(nameOf(linkId, key)) ?? this.#floor)
  }

  #evict(): void {
    for (const [name, at] of this.#handedOutAt) {
      this.#handedOutAt.delete(name)
      this.#floor = Math.max(this.#floor, at)
      return
    }
  }
}

/** A link id has no line break; a key may have one, but comes last. */
const nameOf = (linkId: string, key: string): string => `${linkId}\n${key}`

import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import type { RecordStore } from '../../journal/port/records.ts'
import type { Tell } from '../../log/activity.ts'

/** Something that stands in the way of many, for as long as it is seen. */
export interface WatchedCause {
  readonly id: string
  /** How many it stands in the way of. */
  readonly size: number
  /** Kept until it has ended, for the words of then. */
  readonly title: string
}

export interface CauseWatchParts<C extends WatchedCause> {
  /** Names what was told in the journal. */
  readonly recordName: string
  /** Asked with each look; a look that cannot be answered changes nothing. */
  readonly causes: () => readonly C[] | Promise<readonly C[]>
  readonly records: Pick<RecordStore, 'read' | 'write'>
  readonly clock: Clock
  readonly began: (cause: C) => Parameters<Tell>
  /** `most`: its greatest size while it was told. */
  readonly ended: (title: string, most: number) => Parameters<Tell>
  readonly tell: Tell
  /** So long after a start an absence means nothing: the causes of the run before are found again one by one. */
  readonly startMs: number
}

const lookEveryMs = 2_000
/** Looks in a row that must agree: some causes pass at once. */
const looksToTell = 2
/** What a cause meets comes to it one after the other: so many looks its size may grow before it is told. */
const looksToGrow = 5
const recordSchema = z.array(z.tuple([z.string(), z.string()]).rest(z.number())).catch([])

interface ToldCause {
  readonly title: string
  readonly most: number
}

/** Tells of each cause once, and once when it is there no more; a restart tells nothing again. */
export class CauseWatch<C extends WatchedCause> {
  readonly #parts: CauseWatchParts<C>
  readonly #startedAt: number
  /** By id: what was told and has not ended. */
  #told = new Map<string, ToldCause>()
  /** Looks in a row that saw a cause which is not told, with its size the last time; or that missed one which is. */
  readonly #looks = new Map<string, { readonly times: number; readonly size: number }>()
  #cancel: () => void = () => undefined
  #isStopped = false

  constructor(parts: CauseWatchParts<C>) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  async start(): Promise<void> {
    const { records, recordName } = this.#parts
    const record = recordSchema.parse(await records.read(recordName))
    this.#told = new Map(record.map(([id, title, most = 0]) => [id, { title, most }]))
    this.#later()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  #later(): void {
    this.#cancel = this.#parts.clock.after(lookEveryMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const causes = await this.#ask()
    if (this.#isStopped) return
    if (causes !== null) this.#saw(causes)
    this.#later()
  }

  async #ask(): Promise<readonly C[] | null> {
    try {
      return await this.#parts.causes()
    } catch {
      // Whoever cannot answer says so elsewhere, as the journal does: here it is asked again.
      return null
    }
  }

  #saw(causes: readonly C[]): void {
    const { clock, startMs } = this.#parts
    const seen = new Map(causes.map((cause) => [cause.id, cause]))
    for (const id of this.#looks.keys()) if (seen.has(id) === this.#told.has(id)) this.#looks.delete(id)
    for (const [id, cause] of seen) {
      if (this.#told.has(id)) this.#grow(cause)
      else if (this.#isSure(id, cause.size)) this.#tellBegan(cause)
    }
    if (clock.now() - this.#startedAt < startMs) return
    for (const [id, told] of this.#told) if (!seen.has(id) && this.#isSure(id, 0)) this.#tellEnded(id, told)
  }

  #isSure(id: string, size: number): boolean {
    const before = this.#looks.get(id)
    const times = (before?.times ?? 0) + 1
    this.#looks.set(id, { times, size })
    return times >= looksToGrow || (times >= looksToTell && before?.size === size)
  }

  #grow({ id, title, size }: C): void {
    if (size <= this.#told.get(id)!.most) return
    this.#told.set(id, { title, most: size })
    this.#keep()
  }

  #tellBegan(cause: C): void {
    const { id, title, size } = cause
    this.#told.set(id, { title, most: size })
    this.#parts.tell(...this.#parts.began(cause))
    this.#keep()
  }

  #tellEnded(id: string, { title, most }: ToldCause): void {
    this.#told.delete(id)
    this.#parts.tell(...this.#parts.ended(title, most))
    this.#keep()
  }

  #keep(): void {
    const record = [...this.#told].map(([id, { title, most }]) => [id, title, most])
    // Not written, it is told once more after a restart.
    this.#parts.records.write(this.#parts.recordName, record).catch(() => undefined)
  }
}

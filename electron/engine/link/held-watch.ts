import { z } from 'zod'
import { fault } from '../../../shared/model/fault.ts'
import type { HeldCause } from '../../../shared/model/sync-state.ts'
import { heldRules, heldTitle } from '../../../shared/text/held-words.ts'
import type { Tell } from '../log/activity.ts'
import type { Clock } from '../base/clock.ts'
import type { RecordStore } from '../journal/port/records.ts'

export interface HeldWatchParts {
  readonly causes: () => readonly HeldCause[]
  readonly records: Pick<RecordStore, 'read' | 'write'>
  readonly tell: Tell
  readonly clock: Clock
}

const lookEveryMs = 2_000
/** Looks in a row that must agree: some causes pass at once. */
const looksToTell = 2
/** Rules of one cause come to be held one after the other: so many looks their number may grow before it is told. */
const looksToGrow = 5
/** After a start the causes of the run before are found again one by one. */
const startMs = 60_000
const recordName = 'held-told'
const recordSchema = z.array(z.tuple([z.string(), z.string()])).catch([])

/** Tells of each cause that holds links once, and once when it holds none any more; a restart tells nothing again. */
export class HeldWatch {
  readonly #parts: HeldWatchParts
  readonly #startedAt: number
  /** Title by cause: what was told and has not ended. */
  #told = new Map<string, string>()
  /** Looks in a row that saw a cause which is not told, with its links the last time; or that missed one which is. */
  readonly #looks = new Map<string, { readonly times: number; readonly links: number }>()
  #cancel: () => void = () => undefined

  constructor(parts: HeldWatchParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  async start(): Promise<void> {
    this.#told = new Map(recordSchema.parse(await this.#parts.records.read(recordName)))
    this.#later()
  }

  stop(): void {
    this.#cancel()
  }

  #later(): void {
    this.#cancel = this.#parts.clock.after(lookEveryMs, () => {
      this.#look()
      this.#later()
    })
  }

  #look(): void {
    const { causes, clock } = this.#parts
    // A site that goes or comes is told of by its own event.
    const seen = new Map(causes().flatMap((cause) => (cause.what === 'offline' ? [] : [[cause.id, cause] as const])))
    for (const id of this.#looks.keys()) if (seen.has(id) === this.#told.has(id)) this.#looks.delete(id)
    for (const [id, cause] of seen)
      if (!this.#told.has(id) && this.#isSure(id, cause.linkIds.length)) this.#tellHeld(cause)
    if (clock.now() - this.#startedAt < startMs) return
    for (const [id, title] of this.#told) if (!seen.has(id) && this.#isSure(id, 0)) this.#tellEnded(id, title)
  }

  #isSure(id: string, links: number): boolean {
    const before = this.#looks.get(id)
    const times = (before?.times ?? 0) + 1
    this.#looks.set(id, { times, links })
    return times >= looksToGrow || (times >= looksToTell && before?.links === links)
  }

  #tellHeld(cause: HeldCause): void {
    const { id, code, reason, remedy, siteId, ruleIds } = cause
    const title = heldTitle(cause)
    this.#told.set(id, title)
    this.#parts.tell('error', 'rule', `${title} ${heldRules(cause)}.`, {
      siteId,
      ruleId: ruleIds.length === 1 ? ruleIds[0]! : null,
      fault: fault(code, reason, { remedy, ...(siteId !== null && { site: siteId }) }),
    })
    this.#keep()
  }

  #tellEnded(id: string, title: string): void {
    this.#told.delete(id)
    this.#parts.tell('info', 'rule', `No rule is held any more by this: ${title}`)
    this.#keep()
  }

  #keep(): void {
    // Not written, it is told once more after a restart.
    this.#parts.records.write(recordName, [...this.#told]).catch(() => undefined)
  }
}

import { z } from 'zod'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { brakeReportSchema } from '../../../shared/model/brake.ts'
import { ruleSchema, type Rule } from '../../../shared/model/rule.ts'
import type { RecordStore } from '../journal/port/records.ts'

const pausedSchema = z.object({
  by: z.enum(['operator', 'brake']),
  reason: z.string(),
  at: z.number(),
  brake: brakeReportSchema.optional(),
})
export type Paused = z.infer<typeof pausedSchema>

export const ruleRecordSchema = z.object({ rule: ruleSchema, paused: pausedSchema.nullable(), createdAt: z.number() })
/** A rule with what the operator and the brake made of it. `createdAt`: where a rule without existing objects begins. */
export type RuleRecord = Readonly<z.infer<typeof ruleRecordSchema>>

const nameOf = (id: string): string => `rule/${id}`

/** The rules, kept in the journal. Changes are durable before they take effect. */
export class RuleBook {
  readonly #records: Pick<RecordStore, 'write' | 'erase'>
  readonly #now: () => number
  readonly #known = new Map<string, RuleRecord>()
  /** Rules whose pause is not on record yet, or could not be put there. */
  readonly #pausing = new Set<string>()
  #rules: readonly Rule[] | null = null

  private constructor(records: Pick<RecordStore, 'write' | 'erase'>, now: () => number) {
    this.#records = records
    this.#now = now
  }

  static async open(records: RecordStore, now: () => number): Promise<RuleBook> {
    const book = new RuleBook(records, now)
    for (const value of (await records.all(nameOf(''))).values()) {
      const record = ruleRecordSchema.parse(value)
      book.#known.set(record.rule.id, record)
    }
    return book
  }

  list(): readonly RuleRecord[] {
    return [...this.#known.values()]
  }

  /** The same array for as long as no record changes: what is made of it need not be made again. */
  rules(): readonly Rule[] {
    return (this.#rules ??= this.list().map((record) => record.rule))
  }

  /** Those that read from the site or write to it. */
  ofSite(siteId: string): readonly Rule[] {
    return this.rules().filter((rule) => [rule.source, ...rule.targets].some(({ site }) => site === siteId))
  }

  get(id: string): RuleRecord {
    const record = this.#known.get(id)
    if (record === undefined) throw new FaultError(fault('NOT_FOUND', `There is no rule “${id}”.`))
    return record
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  async put(rule: Rule): Promise<RuleRecord> {
    const before = this.#known.get(rule.id)
    return this.#write({ rule, paused: before?.paused ?? null, createdAt: before?.createdAt ?? this.#now() })
  }

  /** May nothing of it be handed out? From the turn in which its pause is asked for; switched off, paused or unknown. */
  isHeld(id: string): boolean {
    const record = this.#known.get(id)
    return record === undefined || !record.rule.enabled || record.paused !== null || this.#pausing.has(id)
  }

  /** Holds at once, before it is on record: see {@link isHeld}. */
  async pause(id: string, paused: Paused): Promise<RuleRecord> {
    const before = this.get(id)
    this.#pausing.add(id)
    const record = await this.#write({ ...before, paused })
    this.#pausing.delete(id)
    return record
  }

  async resume(id: string): Promise<RuleRecord> {
    const record = await this.#write({ ...this.get(id), paused: null })
    this.#pausing.delete(id)
    return record
  }

  async remove(id: string): Promise<void> {
    this.get(id)
    await this.#records.erase(nameOf(id))
    this.#known.delete(id)
    this.#rules = null
  }

  async #write(record: RuleRecord): Promise<RuleRecord> {
    await this.#records.write(nameOf(record.rule.id), record)
    this.#known.set(record.rule.id, record)
    this.#rules = null
    return record
  }
}

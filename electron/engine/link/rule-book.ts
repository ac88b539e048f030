import { z } from 'zod'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { brakeReportSchema } from '../../../shared/model/brake.ts'
import { ruleSchema, type Rule } from '../../../shared/model/rule.ts'
import type { Journal } from '../journal/port/journal.ts'

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
  readonly #journal: Journal
  readonly #now: () => number
  readonly #records = new Map<string, RuleRecord>()
  #rules: readonly Rule[] | null = null

  constructor(journal: Journal, now: () => number) {
    this.#journal = journal
    this.#now = now
    for (const name of journal.names('rule/')) {
      const record = ruleRecordSchema.parse(journal.read(name))
      this.#records.set(record.rule.id, record)
    }
  }

  list(): readonly RuleRecord[] {
    return [...this.#records.values()]
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
    const record = this.#records.get(id)
    if (record === undefined) throw new FaultError(fault('NOT_FOUND', `There is no rule “${id}”.`))
    return record
  }

  has(id: string): boolean {
    return this.#records.has(id)
  }

  async put(rule: Rule): Promise<RuleRecord> {
    const before = this.#records.get(rule.id)
    return this.#write({ rule, paused: before?.paused ?? null, createdAt: before?.createdAt ?? this.#now() })
  }

  async pause(id: string, paused: Paused): Promise<RuleRecord> {
    return this.#write({ ...this.get(id), paused })
  }

  async resume(id: string): Promise<RuleRecord> {
    return this.#write({ ...this.get(id), paused: null })
  }

  async remove(id: string): Promise<void> {
    this.get(id)
    await this.#journal.erase(nameOf(id))
    this.#records.delete(id)
    this.#rules = null
  }

  async #write(record: RuleRecord): Promise<RuleRecord> {
    await this.#journal.write(nameOf(record.rule.id), record)
    this.#records.set(record.rule.id, record)
    this.#rules = null
    return record
  }
}

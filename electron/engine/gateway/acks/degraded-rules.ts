import type { Degraded, Rule } from '../../../../shared/model/rule.ts'
import type { Clock } from '../../base/clock.ts'
import type { LinkTotals } from '../../journal/port/tasks.ts'
import type { LinksOf } from '../../rule/decide.ts'

export interface DegradedRulesOptions {
  readonly totals: (linkId: string) => Pick<LinkTotals, 'backlogCount' | 'delayed' | 'oldestPendingAt'>
  /** The rule as it is now; null when it is gone. */
  readonly rule: (ruleId: string) => Rule | null
  readonly linksOf: LinksOf
  readonly clock: Clock
  readonly onDegraded: (rule: Rule, reason: string) => void
  /** `forMs`: how long it was degraded. */
  readonly onRecovered: (rule: Rule, forMs: number) => void
}

/** What ends otherwise than by a task (a resync, an edited rule) is noticed this much later at most. */
const lookAgainMs = 1_000

/** The rules that answer as `async` for the time being, and their way back. */
export class DegradedRules {
  readonly #options: DegradedRulesOptions
  readonly #rules = new Map<string, Degraded>()
  #cancel: (() => void) | null = null

  constructor(options: DegradedRulesOptions) {
    this.#options = options
  }

  has(ruleId: string): boolean {
    return this.#rules.has(ruleId)
  }

  get(ruleId: string): Degraded | null {
    return this.#rules.get(ruleId) ?? null
  }

  /** Marks the rule, unless it is degraded already. */
  mark(rule: Rule, reason: string): void {
    if (this.#rules.has(rule.id)) return
    this.#rules.set(rule.id, { since: this.#options.clock.now(), reason })
    this.#options.onDegraded(rule, reason)
    this.#lookLater()
  }

  /** A task of the rule ended: it may have caught up. */
  taskEnded(ruleId: string): void {
    if (this.#rules.has(ruleId)) this.#look(ruleId)
  }

  stop(): void {
    this.#cancel?.()
    this.#rules.clear()
  }

  #lookLater(): void {
    this.#cancel ??= this.#options.clock.after(lookAgainMs, () => {
      this.#cancel = null
      for (const ruleId of this.#rules.keys()) this.#look(ruleId)
      if (this.#rules.size > 0) this.#lookLater()
    })
  }

  #look(ruleId: string): void {
    const { rule: find, linksOf, totals, clock, onRecovered } = this.#options
    const rule = find(ruleId)
    const since = this.#rules.get(ruleId)!.since
    const now = clock.now()
    if (rule !== null && !linksOf(rule).every(({ linkId }) => hasCaughtUp(totals(linkId), since, now))) return
    this.#rules.delete(ruleId)
    if (rule !== null) onRecovered(rule, now - since)
  }
}

/**
 * Nothing is pending but what came a moment ago: under steady traffic something always is. Changes of before the rule was
 * marked, and such as failed, are what it waits for. Pure.
 */
export function hasCaughtUp(
  { backlogCount, delayed, oldestPendingAt }: Pick<LinkTotals, 'backlogCount' | 'delayed' | 'oldestPendingAt'>,
  since: number,
  now: number,
): boolean {
  if (backlogCount === 0) return true
  return delayed === 0 && oldestPendingAt !== null && oldestPendingAt > since && now - oldestPendingAt < steadyMs
}

const steadyMs = 500

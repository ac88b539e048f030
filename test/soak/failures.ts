import type { Speaker } from './engine-life.ts'
import type { Ledger } from './ledger.ts'
import { differencesOf } from './reading.ts'
import type { SoakRule } from './rules.ts'
import type { Stage } from './stage.ts'
import type { Tally } from './tally.ts'

interface Parts {
  readonly stage: Stage
  readonly engine: Speaker
  readonly ledger: Ledger
  readonly tally: Tally
  readonly rules: readonly SoakRule[]
  /** How long a row may stay after it could have been found to be done, or after its attempt was due. Default 150 s. */
  readonly staleMs?: number
}

/** Holds the rows of the failure list against both sides. */
export class FailureChecker {
  readonly #parts: Parts
  /** Rows of keys that are equal on both sides, by task and attempts, with when that was first seen. */
  readonly #equalSince = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async check(): Promise<void> {
    const { rows } = await this.#parts.engine.now.api.failures.list.query({ limit: 200 })
    const { staleMs = 150_000 } = this.#parts
    const seen = new Set<string>()
    for (const row of rows) {
      const rule = this.#parts.rules.find(({ id }) => id === row.ruleId)
      const target = rule?.targets.find((name) => name === row.target.site)
      if (rule === undefined || target === undefined) continue
      const { stage, ledger, tally } = this.#parts
      const isFair = [rule.source, target].every((name) => {
        const { weather, since } = stage[name].truth
        return weather === 'fair' && Date.now() - since >= staleMs
      })
      const name = `${row.seq} ${row.attempts}`
      const overdueMs = row.state === 'delayed' && row.nextAttemptAt !== null ? Date.now() - row.nextAttemptAt : 0
      if (isFair && overdueMs > staleMs)
        tally.lie('failure', `${rule.id} ${row.key}: its next attempt was due ${Math.round(overdueMs / 1000)} s ago`)
      const isQuiet = ledger.isQuietSince(rule.id, row.key, row.lastAttemptAt)
      const differences = await differencesOf(stage, rule, target, { prefix: row.key, only: (key) => key === row.key })
      if (!isQuiet || differences.length > 0) {
        tally.held('failure')
        continue
      }
      seen.add(name)
      const since = this.#equalSince.get(name) ?? Date.now()
      this.#equalSince.set(name, since)
      if (isFair && Date.now() - since > staleMs)
        tally.lie(
          'failure',
          `${rule.id} ${row.key}: listed as ${row.state} (${row.fault.code}), and both sides are equal`,
        )
      else tally.held('failure')
    }
    for (const name of this.#equalSince.keys()) if (!seen.has(name)) this.#equalSince.delete(name)
  }
}

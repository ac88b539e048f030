import { versionsOf } from '../support/s3-acts.ts'
import { Random } from '../support/random.ts'
import { neededTargets } from '../../shared/model/quorum.ts'
import type { Ledger } from './ledger.ts'
import type { Done } from './load.ts'
import { bucketAt, differencesOf, inWords, listingOf, reached, sequence } from './reading.ts'
import type { SoakRule } from './rules.ts'
import type { SiteName, Stage } from './stage.ts'
import type { Tally } from './tally.ts'

interface Parts {
  readonly stage: Stage
  readonly ledger: Ledger
  readonly tally: Tally
  readonly seed: number
  /** Of the answers, those that are looked at as soon as they came; default one in eight. */
  readonly share?: number
}

/**
 * Holds *acknowledged* against the sites, twice. Of some answers the targets are looked at as soon as it came, while
 * nobody else touches the key. And each minute every write that was ever answered under `all`, and is still at the source,
 * must be at every target: what was there once cannot lawfully have gone.
 */
export class AcknowledgedChecker {
  readonly #parts: Parts
  readonly #random: Random
  /** Of rules with the policy `all`: version ids at the source by bucket and key. */
  readonly #answered = new Map<string, Map<string, Set<string>>>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#random = new Random(parts.seed)
  }

  async atOnce(rule: SoakRule, done: Done): Promise<void> {
    if (rule.by !== 'gateway') return
    this.#remember(rule, done)
    if (!this.#random.chance(this.#parts.share ?? 1 / 8)) return
    const { tally } = this.#parts
    try {
      const apart = await this.#targetsWithout(rule, done)
      if (rule.targets.length - apart.length >= owed(rule, done)) return tally.held('acknowledged')
      tally.lie(
        'acknowledged',
        `${rule.id}: ${done.step} of ${done.key} was answered (${rule.ack.policy}, by ${done.acks ?? '?'} sites); ${apart.join('; ')}`,
      )
    } catch (error) {
      tally.unasked('acknowledged', error instanceof Error ? error.message : String(error))
    }
  }

  /** All that was answered under `all` until now. */
  async everything(rules: readonly SoakRule[]): Promise<void> {
    for (const rule of rules.filter(({ ack, by }) => ack.policy === 'all' && by === 'gateway')) {
      const owed = new Map([...(this.#answered.get(rule.id) ?? [])].map(([key, ids]) => [key, [...ids]]))
      const source = await listingOf(bucketAt(this.#parts.stage, rule.source, rule))
      for (const target of rule.targets) await this.#owedAt(rule, target, owed, source)
    }
  }

  async #owedAt(
    rule: SoakRule,
    target: SiteName,
    owed: ReadonlyMap<string, readonly string[]>,
    source: Awaited<ReturnType<typeof listingOf>>,
  ): Promise<void> {
    const there = await listingOf(bucketAt(this.#parts.stage, target, rule))
    let looked = 0
    for (const [key, ids] of owed)
      for (const { versionId, etag, sizeBytes } of (source.get(key) ?? []).filter((one) =>
        ids.includes(one.versionId),
      )) {
        looked += 1
        const copies = there.get(key) ?? []
        if (copies.some((copy) => copy.etag === etag && copy.sizeBytes === sizeBytes)) continue
        if (!(await this.#isStillAt(rule, key, versionId))) continue
        const evidence = `${key} ${versionId} (${sizeBytes} B ${etag}) was answered and is not at ${target}, which has [${sequence(copies)}]`
        this.#parts.tally.lie('acknowledged', `${rule.id}: ${evidence}`)
      }
    this.#parts.tally.held('acknowledged', looked)
  }

  /** A permanent delete may have come between the two listings. */
  async #isStillAt(rule: SoakRule, key: string, versionId: string): Promise<boolean> {
    const now = await reached(() => versionsOf(bucketAt(this.#parts.stage, rule.source, rule), key))
    return now.some((version) => version.versionId === versionId)
  }

  #remember(rule: SoakRule, { key, step, state }: Done): void {
    const id = state.at(-1) ?? null
    if ((step !== 'put' && step !== 'multipart') || id === null || id === 'null') return
    const keys = this.#answered.get(rule.id) ?? new Map<string, Set<string>>()
    this.#answered.set(rule.id, keys)
    keys.set(key, (keys.get(key) ?? new Set()).add(id))
  }

  /** In words, the targets that do not have what was answered. */
  async #targetsWithout(rule: SoakRule, done: Done): Promise<readonly string[]> {
    const found = await Promise.all(rule.targets.map((target) => this.#whyNot(rule, target, done)))
    return found.filter((one) => one !== null)
  }

  async #whyNot(rule: SoakRule, target: SiteName, { key, step, state }: Done): Promise<string | null> {
    const { stage, ledger } = this.#parts
    if (ledger.isCertain(rule.id, key)) {
      const differences = await differencesOf(stage, rule, target, { prefix: key, only: (one) => one === key })
      return differences.length === 0 ? null : `${target}: ${inWords(differences)}`
    }
    const [source, there] = await reached(() =>
      Promise.all([rule.source, target].map((site) => versionsOf(bucketAt(stage, site, rule), key))),
    )
    if (step === 'deleteMarker') return there![0]?.kind === 'object' ? `${target} shows [${sequence(there!)}]` : null
    if (step !== 'put' && step !== 'multipart') return null
    const written = source!.find(({ versionId }) => versionId === state.at(-1))
    if (written === undefined) return null
    const isThere = there!.some((copy) => copy.etag === written.etag && copy.sizeBytes === written.sizeBytes)
    return isThere ? null : `${target} has [${sequence(there!)}], not ${written.sizeBytes} B ${written.etag}`
  }
}

/** Targets that must have it. Where a rule may fall back, as many as the answer itself said: whether it has caught up since is another question. */
function owed(rule: SoakRule, { acks }: Done): number {
  const promised = neededTargets(rule.ack.policy ?? 'async', rule.targets.length)
  return rule.ack.onTimeout === 'degrade' && acks !== null ? acks - 1 : promised
}

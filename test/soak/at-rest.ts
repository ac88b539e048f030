import { setTimeout as wait } from 'node:timers/promises'
import type { RuleView } from '../../shared/model/rule.ts'
import type { Speaker } from './engine-life.ts'
import { isLate, scannedSince } from './in-step.ts'
import type { Load } from './load.ts'
import { bucketAt, differencesOf, inWords, listingOf, listingsApart } from './reading.ts'
import type { SoakRule } from './rules.ts'
import type { SiteName, Stage } from './stage.ts'
import type { Tally } from './tally.ts'

interface Parts {
  readonly stage: Stage
  readonly engine: Speaker
  readonly load: Pick<Load, 'standStill' | 'goOn'>
  readonly tally: Tally
}

interface Apart {
  readonly keys: ReadonlySet<string>
  readonly words: string
}

const settleMs = 40_000

/**
 * Lets the clients of one rule stand still for a moment, so that both sides can be held still and the words *settled*,
 * *pending*, *equal* and *different* be taken at their full meaning. Faults go on meanwhile.
 */
export class AtRestChecker {
  readonly #parts: Parts
  /** Per rule and target: keys that were proved equal whole, with the listing they had at the source then. */
  readonly #proved = new Map<string, string>()
  #visits = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async check(rule: SoakRule): Promise<void> {
    const { load, engine, tally } = this.#parts
    await load.standStill(rule.id)
    try {
      const { api } = engine.now
      const stillSince = Date.now()
      // Every other time with a resync before, after which late tags and locks are promised as well.
      const resynced = this.#visits++ % 2 === 0 && (await resync(api, rule.id))
      const { settled } = await api.wait.settled.query({ ruleId: rule.id, timeoutMs: settleMs })
      const [view] = (await api.rules.list.query()).filter(({ id }) => id === rule.id)
      const apart = await this.#apart(rule, resynced)
      if (settled && apart.keys.size > 0) tally.lie('settled', `${rule.id}: ${apart.words}`)
      else if (settled) tally.held('settled')
      else tally.unasked('settled', 'not settled within its time')
      if (view !== undefined) this.#checkPending(rule, view, stillSince, apart)
      await this.#checkVerdict(rule, settled, apart, resynced)
    } finally {
      load.goOn(rule.id)
    }
  }

  #checkPending(rule: SoakRule, view: Pick<RuleView, 'feeds' | 'links'>, stillSince: number, apart: Apart): void {
    const scannedAt = scannedSince(view)
    if (scannedAt === null || scannedAt < stillSince)
      return this.#parts.tally.unasked('pending', 'no scan has ended that began at rest')
    if (view.links.some(({ unknown }) => unknown !== null))
      return this.#parts.tally.unasked('pending', 'the engine says that it is not known')
    const counted = view.links.reduce((sum, { backlogCount, parked }) => sum + backlogCount + parked, 0)
    if (apart.keys.size > counted)
      this.#parts.tally.lie(
        'pending',
        `${rule.id}: ${counted} pending or parked, ${apart.keys.size} keys differ: ${apart.words}`,
      )
    else this.#parts.tally.held('pending')
  }

  async #checkVerdict(rule: SoakRule, settled: boolean, before: Apart, resynced: boolean): Promise<void> {
    const { engine, tally } = this.#parts
    const { api } = engine.now
    const job = await api.compare.start.mutate({ ruleId: rule.id, level: 'bytes' })
    await ended(api, job.id)
    const verdict = (await api.compare.report.query({ jobId: job.id }))?.verdict ?? 'unknown'
    if (verdict === 'unknown' || verdict === 'on-its-way') return tally.unasked('equal', `compare said ${verdict}`)
    if (verdict === 'equal') {
      const after = await this.#apart(rule, true)
      if (after.keys.size > 0) tally.lie('equal', `${rule.id}: ${after.words}`)
      else tally.held('equal')
    } else if (settled && resynced && before.keys.size === 0) {
      const report = await api.compare.report.query({ jobId: job.id })
      tally.lie('different', `${rule.id}: ${JSON.stringify(report?.differences.slice(0, 3))}`)
    } else tally.held('different')
  }

  /** All keys of the rule by listing; those that were not proved before in this very state are read whole on both sides. */
  async #apart(rule: SoakRule, withLate: boolean): Promise<Apart> {
    const keys = new Set<string>()
    const words: string[] = []
    for (const target of rule.targets) await this.#apartAt(rule, target, withLate, keys, words)
    return { keys, words: words.slice(0, 5).join(' | ') }
  }

  async #apartAt(
    rule: SoakRule,
    target: SiteName,
    withLate: boolean,
    keys: Set<string>,
    words: string[],
  ): Promise<void> {
    const { stage } = this.#parts
    const source = await listingOf(bucketAt(stage, rule.source, rule))
    const there = await listingOf(bucketAt(stage, target, rule))
    const apart = listingsApart(source, there, () => true)
    for (const [key, how] of apart) {
      keys.add(key)
      words.push(`${target}: ${key}: ${how}`)
    }
    const stateOf = (key: string): string => JSON.stringify([source.get(key), there.get(key)])
    const name = (key: string): string => `${rule.id} ${target} ${key}`
    const unproved = (key: string): boolean => !apart.has(key) && this.#proved.get(name(key)) !== stateOf(key)
    const differences = (await differencesOf(stage, rule, target, { only: unproved })).filter(
      ({ field }) => withLate || !isLate(rule, field),
    )
    for (const { key } of differences) keys.add(key)
    if (differences.length > 0) words.push(`${target}: ${inWords(differences)}`)
    for (const key of source.keys()) if (!keys.has(key)) this.#proved.set(name(key), stateOf(key))
  }
}

type Api = Speaker['now']['api']

/** A full pass with attributes; false when it did not come to its end. */
async function resync(api: Api, ruleId: string): Promise<boolean> {
  const pass = await api.rules.resync.mutate({ ruleId })
  return (await ended(api, pass.id)) === 'done'
}

async function ended(api: Api, jobId: string): Promise<string> {
  for (const until = Date.now() + 120_000; Date.now() < until;) {
    const job = (await api.jobs.list.query()).find(({ id }) => id === jobId)
    if (job !== undefined && job.state !== 'running') return job.state
    await wait(200)
  }
  return 'running'
}

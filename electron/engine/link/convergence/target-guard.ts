import { z } from 'zod'
import type { Fault } from '../../../../shared/model/fault.ts'
import { twoSidedKeySchema, type Rule, type TwoSidedKey } from '../../../../shared/model/rule.ts'
import { faultFrom } from '../../base/errors.ts'
import type { Clock } from '../../base/clock.ts'
import { findTargetWrites, isEmptyTarget, type KeySides, type TargetLook } from '../../scan/target-writes.ts'
import type { Jobs } from '../../job/jobs.ts'
import type { VersionStore } from '../../journal/port/versions.ts'
import type { KeptBooks } from '../../journal/kept-books.ts'
import { bucketKey, linkNameOf } from '../../rule/link.ts'
import { compileKeyMatch } from '../../rule/match.ts'
import type { ListRequest, VersionPage } from '../../store/port.ts'
import type { LinkOrder } from '../../replicate/port.ts'
import type { Link } from '../link.ts'

const recordSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('looking') }),
  z.object({ state: z.literal('cancelled') }),
  z.object({
    state: z.literal('stopped'),
    count: z.number(),
    isOver: z.boolean(),
    keys: z.array(twoSidedKeySchema).readonly(),
  }),
])
type GuardRecord = Readonly<z.infer<typeof recordSchema>>

/** Why a link does not run yet: its target is being looked over, or holds what the rule would cover. */
export type Guarded =
  | { readonly state: 'looking'; readonly fault: Fault | null }
  | { readonly state: 'cancelled' }
  | {
      readonly state: 'stopped'
      readonly count: number
      readonly isOver: boolean
      readonly keys: readonly TwoSidedKey[]
    }

export interface TargetGuardParts {
  readonly versions: Pick<VersionStore, 'pairs'>
  readonly marks: Pick<KeptBooks, 'guards' | 'covers'>
  readonly links: () => readonly Link[]
  readonly isPaired: (link: Link) => boolean
  readonly order: (linkId: string) => LinkOrder | null
  readonly isOffline: (siteId: string) => boolean
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly isReplica: (link: Link, sides: KeySides, signal: AbortSignal) => Promise<boolean>
  readonly jobs: Pick<Jobs, 'start'>
  readonly clock: Clock
  /** A link may go on now, or stays stopped: holds and consoles follow. */
  readonly onChange: (link: Link, found: Guarded | null) => void
}

const nameOf = ({ ruleId, target }: Pick<Link, 'ruleId' | 'target'>): string => linkNameOf(ruleId, target)
const namesOf = ({ id, targets }: Rule): readonly string[] => targets.map((target) => linkNameOf(id, target))
const lookEveryMs = 100
const retryMs = 5000

/**
 * Holds the links of a one-way rule that is started or resumed until a look over both sides has found that it covers nothing
 * of others at the target; what it finds waits for the operator. Durable: a restart goes on with the look, or stays stopped.
 */
export class TargetGuard {
  readonly #parts: TargetGuardParts
  readonly #records = new Map<string, GuardRecord>()
  readonly #faults = new Map<string, Fault>()
  /** The looks under way, each with the rule that it is for. */
  readonly #running = new Map<string, { readonly rule: Rule; readonly abort: AbortController }>()
  /** The rule that a look was asked for: until the links have it, one of what it was before would say nothing. */
  readonly #wanted = new Map<string, Rule>()
  readonly #notBefore = new Map<string, number>()
  #cancelTimer: (() => void) | null = null
  #isStopped = false

  constructor(parts: TargetGuardParts) {
    this.#parts = parts
    const { guards } = parts.marks
    for (const name of guards.names()) {
      // What cannot be read is looked at anew.
      const record = recordSchema.catch({ state: 'looking' }).parse(guards.get(name))
      this.#records.set(name, record)
    }
  }

  /** null when nothing keeps the link back. */
  of(link: Link): Guarded | null {
    const name = nameOf(link)
    const record = this.#records.get(name)
    if (record === undefined || !isGuarded(link.rule) || this.#parts.isPaired(link)) return null
    return record.state === 'looking' ? { state: 'looking', fault: this.#faults.get(name) ?? null } : record
  }

  /** Before the rule is started or resumed: holds from this turn on, durable when it resolves. */
  async require(rule: Rule): Promise<void> {
    if (!isGuarded(rule)) return this.clear(rule)
    const names = namesOf(rule)
    for (const name of names) {
      this.#running.get(name)?.abort.abort()
      this.#wanted.set(name, rule)
    }
    await Promise.all(names.map((name) => this.#set(name, { state: 'looking' })))
  }

  /** What others wrote at the target before this instant may be covered; epoch ms. */
  coversBefore(link: Link): number {
    if (link.rule.onTargetWrites === 'cover') return Infinity
    return coverSchema.parse(this.#parts.marks.covers.get(nameOf(link)))
  }

  /** The operator lets the rule cover what is there. */
  async cover(rule: Rule): Promise<void> {
    const { marks, clock } = this.#parts
    for (const name of namesOf(rule)) await marks.covers.write(name, clock.now())
    await this.clear(rule)
  }

  /** A rule that begins anew was never told what it may cover. */
  async forgetAnswers(rule: Rule): Promise<void> {
    for (const name of namesOf(rule)) await this.#parts.marks.covers.erase(name)
  }

  /** Nothing keeps the rule back any more. */
  async clear(rule: Rule): Promise<void> {
    for (const name of namesOf(rule)) {
      this.#running.get(name)?.abort.abort()
      this.#wanted.delete(name)
      await this.#set(name, null)
    }
  }

  /** Links, rules or sites changed. */
  sync(): void {
    const links = new Map(this.#parts.links().map((link) => [nameOf(link), link]))
    for (const [name, { rule, abort }] of this.#running) if (links.get(name)?.rule !== rule) abort.abort()
    for (const name of this.#records.keys())
      if (!links.has(name) && !this.#wanted.has(name)) void this.#set(name, null).catch(() => undefined)
    this.#later()
  }

  /** A look that failed need not wait for its next turn. */
  again(link: Link): void {
    this.#notBefore.delete(nameOf(link))
    this.#later()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelTimer?.()
    for (const { abort } of this.#running.values()) abort.abort()
  }

  #later(): void {
    const waits = this.#parts.links().some((link) => this.of(link)?.state === 'looking')
    if (this.#isStopped || !waits) return
    this.#cancelTimer ??= this.#parts.clock.after(lookEveryMs, () => {
      this.#cancelTimer = null
      for (const link of this.#parts.links()) this.#begin(link)
      this.#later()
    })
  }

  #begin(link: Link): void {
    const { rule, paused } = link
    const { order, isOffline, clock } = this.#parts
    const name = nameOf(link)
    const known = order(link.linkId)
    if (this.of(link)?.state !== 'looking' || known === null || paused !== null) return
    if (this.#running.has(name) || clock.now() < (this.#notBefore.get(name) ?? 0)) return
    if (startsAnew(this.#wanted.get(name) ?? rule, rule)) return
    if ([link.source, link.target].some(({ site }) => isOffline(site))) return
    const abort = new AbortController()
    this.#running.set(name, { rule, abort })
    void this.#look(link, known, abort.signal).finally(() => this.#running.delete(name))
  }

  async #look(link: Link, order: LinkOrder, signal: AbortSignal): Promise<void> {
    const name = nameOf(link)
    try {
      const found = await this.#find(link, order, signal)
      if (signal.aborted) return
      this.#faults.delete(name)
      this.#wanted.delete(name)
      await this.#set(name, found)
      this.#parts.onChange(link, this.of(link))
    } catch (error) {
      if (signal.aborted) return
      this.#faults.set(name, faultFrom(error, { operation: 'Look at the target' }))
      this.#notBefore.set(name, this.#parts.clock.now() + retryMs)
      this.#parts.onChange(link, this.of(link))
    }
  }

  async #find(link: Link, order: LinkOrder, signal: AbortSignal): Promise<GuardRecord | null> {
    if (await isEmptyTarget(this.#asked(link, order, signal, () => {}))) return null
    return new Promise((resolve, reject) => {
      this.#parts.jobs.start({
        kind: 'scan',
        title: `Look for writes of others at ${bucketKey(link.target)} before rule ${link.ruleId} goes on`,
        ruleId: link.ruleId,
        run: async (report) => {
          const both = AbortSignal.any([signal, report.signal])
          try {
            const asked = this.#asked(link, order, both, (keys) => report.progress(keys, null))
            const { count, isOver, keys } = await findTargetWrites(asked)
            resolve(count === 0 ? null : { state: 'stopped', count, isOver, keys })
            return count === 0
              ? 'Nothing there that the rule would cover.'
              : `${isOver ? 'At least ' : ''}${count.toLocaleString('en')} keys that the rule would cover.`
          } catch (error) {
            if (report.signal.aborted && !signal.aborted) resolve({ state: 'cancelled' })
            else reject(error)
            throw error
          }
        },
      })
    })
  }

  #asked(link: Link, order: LinkOrder, signal: AbortSignal, onProgress: (keys: number) => void): TargetLook {
    const { versions, list, isReplica, clock } = this.#parts
    const { rule, source, target, linkId } = link
    return {
      source,
      target,
      prefix: rule.filter.prefix,
      covers: compileKeyMatch(rule.filter),
      wants: (version) => version.modifiedAt >= order.copySince && (rule.deleteMarkers || !version.deleteMarker),
      byTime: order.ordersByMtime && order.identity !== 'mints',
      list,
      pairs: (key) => versions.pairs(linkId, key),
      isReplica: (sides, both) => isReplica(link, sides, both),
      now: () => clock.now(),
      signal,
      onProgress,
    }
  }

  async #set(name: string, record: GuardRecord | null): Promise<void> {
    const { guards } = this.#parts.marks
    if (record === null && !this.#records.has(name)) return
    if (record === null) {
      await guards.erase(name)
      // Asked for again meanwhile: held until that look has ended.
      if (!this.#wanted.has(name)) this.#records.delete(name)
      return
    }
    // At once: nothing may be handed out while it is being written down.
    this.#records.set(name, record)
    await guards.write(name, record)
  }
}

const coverSchema = z.number().catch(0)

const isGuarded = (rule: Rule): boolean => rule.enabled && rule.onTargetWrites === 'stop'

/** Does the change make the rule bring what it did not bring before? Then it starts anew. */
export function startsAnew(before: Rule | null, after: Rule): boolean {
  if (!after.enabled) return false
  if (before === null || !before.enabled) return true
  const parts = ({ source, targets, filter, existingObjects, onTargetWrites }: Rule): string =>
    JSON.stringify([source, targets, filter, existingObjects, onTargetWrites])
  return parts(before) !== parts(after)
}

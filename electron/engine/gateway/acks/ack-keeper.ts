/*
 * Ack policy: how many sites must have a write before its client hears of success. Called by `operations/write.ts`; told by
 * the ends of tasks, never by the health of a site.
 */

import type { Clock } from '../../base/clock.ts'
import type { TaskEnds } from '../../queue/task-ends.ts'
import type { Rule } from '../../../../shared/model/rule.ts'
import type { DegradedRules } from './degraded-rules.ts'
import { PendingWrite, type PlacedWrite } from './pending-write.ts'

export interface AckKeeperOptions {
  readonly taskEnds: Pick<TaskEnds, 'watch'>
  readonly degraded: Pick<DegradedRules, 'has' | 'mark'>
  readonly clock: Clock
  /** Brings these tasks before all others: a client waits for them. */
  readonly makeUrgent: (seqs: readonly number[]) => void
}

export interface AckVerdict {
  /** False: the promise of a rule that must not fall back was not kept. */
  readonly confirmed: boolean
  /** Why it will not be kept either when the write is repeated, in words for the client; null where it may be. */
  readonly refusal: string | null
  readonly acks: string
}

/** Holds a client's answer until the promises of all rules are kept, or a rule's time is over. */
export class AckKeeper {
  readonly #options: AckKeeperOptions

  constructor(options: AckKeeperOptions) {
    this.#options = options
  }

  /** To be called in the turn in which the changes were placed. Ends early, without a verdict on anything, with the signal. */
  confirm(placed: readonly PlacedWrite[], signal: AbortSignal): Promise<AckVerdict> {
    const write = new PendingWrite(placed)
    return new Promise((resolve) => {
      new Wait(write, this.#options, resolve).begin(signal)
    })
  }
}

/** One write and the rules whose promise is still open. The strictest of them decides: all must be kept. */
class Wait {
  readonly #write: PendingWrite
  readonly #options: AckKeeperOptions
  readonly #open = new Map<string, Rule>()
  readonly #undo: (() => void)[] = []
  readonly #resolve: (verdict: AckVerdict) => void
  #ended = false

  constructor(write: PendingWrite, options: AckKeeperOptions, resolve: (verdict: AckVerdict) => void) {
    this.#write = write
    this.#options = options
    this.#resolve = resolve
  }

  begin(signal: AbortSignal): void {
    const { degraded, clock } = this.#options
    for (const rule of this.#write.rules) {
      if (rule.ack.policy === 'async' || degraded.has(rule.id)) continue
      this.#open.set(rule.id, rule)
      this.#undo.push(clock.after(rule.ack.timeoutMs, () => this.#broken(rule)))
    }
    if (this.#open.size === 0) this.#end(true)
    else this.#watch(signal)
  }

  #watch(signal: AbortSignal): void {
    const onGone = (): void => this.#end(false)
    signal.addEventListener('abort', onGone, { once: true })
    this.#undo.push(() => signal.removeEventListener('abort', onGone))
    for (const seq of this.#write.seqs)
      this.#undo.push(
        this.#options.taskEnds.watch(seq, (end) => {
          this.#write.ended(seq, end)
          this.#look()
        }),
      )
    this.#options.makeUrgent(this.#write.seqs)
  }

  #look(): void {
    for (const rule of this.#open.values()) {
      const state = this.#write.promiseStateOf(rule.id)
      if (state === 'lost') this.#broken(rule, this.#write.refusalOf(rule.id))
      else if (state === 'kept') this.#open.delete(rule.id)
    }
    if (this.#open.size === 0) this.#end(true)
  }

  #broken(rule: Rule, refusal: string | null = null): void {
    if (this.#ended || !this.#open.delete(rule.id)) return
    if (rule.ack.onTimeout === 'fail') return this.#end(false, refusal)
    this.#options.degraded.mark(rule, this.#write.reasonOf(rule.id))
    if (this.#open.size === 0) this.#end(true)
  }

  #end(confirmed: boolean, refusal: string | null = null): void {
    if (this.#ended) return
    this.#ended = true
    for (const undo of this.#undo) undo()
    this.#resolve({ confirmed, refusal, acks: this.#write.acks() })
  }
}

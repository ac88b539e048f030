import type { Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port/tasks.ts'
import type { Remembered } from '../journal/remembered.ts'
import type { Lease } from '../queue/port.ts'
import type { Held } from '../scan/held-count.ts'
import type { Judgement, SettledOutcome } from '../replicate/port.ts'
import { LinkBrake, type ScanOrigin, type TrippedBrake } from './link-brake.ts'

export interface BrakesOptions {
  /** What each link's brake counted. */
  readonly marks: Remembered
  readonly now: () => number
  /** The ids of the links that the rule has at this moment. */
  readonly linksOf: (ruleId: string) => readonly string[]
  /** Decides which keys are judged where not all are. */
  readonly seed: string
  /**
   * Called once when a rule's brake trips, before anything more can be handed out: holds the rule's links in this very turn,
   * and remembers why. The enqueue waits for it.
   */
  readonly onTrip: (rule: Rule, tripped: TrippedBrake) => void | Promise<void>
}

/** The brakes of all rules. Everything that enqueues changes shows them here first. What they counted survives a restart. */
export class Brakes {
  readonly #options: BrakesOptions
  readonly #links = new Map<string, LinkBrake>()

  constructor(options: BrakesOptions) {
    this.#options = options
  }

  /** Counts tasks of one link, wherever they come from. */
  async count(rule: Rule, tasks: readonly NewTask[], scan?: ScanOrigin): Promise<void> {
    const linkId = tasks[0]?.linkId
    if (linkId === undefined) return
    const brake = this.#brake(linkId)
    const tripped = brake.count(rule, tasks, this.#options.now(), scan)
    if (brake.wantsSaving) this.#save(linkId, brake)
    if (tripped !== null) await this.#options.onTrip(rule, tripped)
  }

  /** What a worker is to find out about a task that is handed out. */
  judgement(rule: Rule, lease: Lease): Judgement | undefined {
    return this.#brake(lease.task.linkId).judgement(rule, lease)
  }

  /** So much is overwritten that writes have to pass the workers, which see what they put out of use. */
  isAttentive(rule: Rule, linkId: string): boolean {
    return this.#brake(linkId).isAttentive(rule, this.#options.now())
  }

  /** A task of a link has ended. `skewMs`: how far the source's clock is ahead of ours. Resolves when a trip is on record. */
  async ended(rule: Rule, lease: Lease, outcome: SettledOutcome, skewMs: number): Promise<void> {
    const { linkId } = lease.task
    const brake = this.#brake(linkId)
    const tripped = brake.ended(rule, lease, outcome, skewMs, this.#options.now())
    if (brake.wantsSaving) this.#save(linkId, brake)
    if (tripped !== null) await this.#options.onTrip(rule, tripped)
  }

  /** A whole scan has told what the bucket holds. */
  scanned(rule: Rule, linkId: string, held: Held, startedAt: number): void {
    const brake = this.#brake(linkId)
    brake.scanned(rule, held, startedAt)
    this.#save(linkId, brake)
  }

  /** The operator lets the burst through: the windows of the rule start empty. Durable when it resolves. */
  async release(rule: Rule): Promise<void> {
    const { marks, now } = this.#options
    const saves = this.#options.linksOf(rule.id).map((linkId) => {
      const brake = this.#brake(linkId)
      brake.release(rule, now())
      return marks.write(linkId, brake.saved)
    })
    await Promise.all(saves)
  }

  /** The link is gone; what is kept of it goes with it. */
  forget(linkId: string): void {
    this.#links.delete(linkId)
    void this.#options.marks.erase(linkId).catch(() => undefined)
  }

  #brake(linkId: string): LinkBrake {
    const known = this.#links.get(linkId)
    if (known !== undefined) return known
    const brake = new LinkBrake(this.#options.marks.get(linkId), this.#options.seed)
    this.#links.set(linkId, brake)
    return brake
  }

  /** Not waited for: it is written with the tasks that were counted, in one commit, or the journal tells of its fault. */
  #save(linkId: string, brake: LinkBrake): void {
    void this.#options.marks.write(linkId, brake.saved).catch(() => undefined)
  }
}

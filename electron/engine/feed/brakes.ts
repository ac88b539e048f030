import type { Rule } from '../../../shared/model/rule.ts'
import type { Journal, NewTask } from '../journal/port.ts'
import type { Held } from '../rule/brake-window.ts'
import type { BrakeTrip } from '../rule/delete-brake.ts'
import { LinkBrake, type ScanOrigin } from './link-brake.ts'

/** A brake that tripped, and keys of the burst, a few for example. */
export interface TrippedBrake {
  readonly trip: BrakeTrip
  readonly keys: readonly string[]
}

export interface BrakesOptions {
  readonly journal: Pick<Journal, 'read' | 'write' | 'names' | 'erase'>
  readonly now: () => number
  /**
   * Called once when a rule's brake trips, before the deletes that tripped it can be handed out: holds the rule's links
   * and remembers why. The enqueue waits for it.
   */
  readonly onTrip: (rule: Rule, tripped: TrippedBrake) => void | Promise<void>
}

const nameOf = (linkId: string): string => `brake/${linkId}`

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
    if (rule.deleteBrake === null || linkId === undefined) return
    const brake = this.#brake(linkId)
    const trip = brake.count(rule.deleteBrake, tasks, this.#options.now(), scan)
    if (brake.wantsSaving) this.#save(linkId, brake)
    if (trip !== null) await this.#options.onTrip(rule, { trip, keys: brake.examples })
  }

  /** A whole scan has told what the bucket holds. */
  scanned(rule: Rule, linkId: string, held: Held, startedAt: number): void {
    if (rule.deleteBrake === null) return
    const brake = this.#brake(linkId)
    brake.scanned(rule.deleteBrake, held, startedAt)
    this.#save(linkId, brake)
  }

  /** A version came to the target of a link. `skewMs`: how far the source's clock is ahead of ours. */
  brought(rule: Rule, { linkId, changedAt }: NewTask, skewMs: number, isNew: boolean): void {
    if (rule.deleteBrake !== null) this.#brake(linkId).brought(rule.deleteBrake, changedAt - skewMs, isNew)
  }

  /** The operator lets the burst through: the windows of the rule start empty. Durable when it resolves. */
  async release(rule: Rule): Promise<void> {
    const { journal, now } = this.#options
    const saves = this.#linksOf(rule.id).map((linkId) => {
      const brake = this.#brake(linkId)
      if (rule.deleteBrake !== null) brake.release(rule.deleteBrake, now())
      return journal.write(nameOf(linkId), brake.saved)
    })
    await Promise.all(saves)
  }

  /** The rule is gone. */
  async forget(ruleId: string): Promise<void> {
    for (const linkId of this.#linksOf(ruleId)) {
      this.#links.delete(linkId)
      await this.#options.journal.erase(nameOf(linkId))
    }
  }

  #linksOf(ruleId: string): readonly string[] {
    const saved = this.#options.journal.names(nameOf(`${ruleId}/`)).map((name) => name.slice(nameOf('').length))
    const known = [...this.#links.keys()].filter((linkId) => linkId.startsWith(`${ruleId}/`))
    return [...new Set([...saved, ...known])]
  }

  #brake(linkId: string): LinkBrake {
    const known = this.#links.get(linkId)
    if (known !== undefined) return known
    const brake = new LinkBrake(this.#options.journal.read(nameOf(linkId)))
    this.#links.set(linkId, brake)
    return brake
  }

  /** Not waited for: it is written with the tasks that were counted, in one commit, or the journal tells of its fault. */
  #save(linkId: string, brake: LinkBrake): void {
    void this.#options.journal.write(nameOf(linkId), brake.saved).catch(() => undefined)
  }
}

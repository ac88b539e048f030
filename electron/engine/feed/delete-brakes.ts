import type { Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port.ts'
import { releasedBrake, stepBrake, type BrakeState, type BrakeTrip } from '../rule/delete-brake.ts'

export interface DeleteBrakesOptions {
  readonly now: () => number
  /**
   * Called once when a rule's brake trips, before the deletes that tripped it can be handed out: holds the rule's links
   * and remembers why. The enqueue waits for it.
   */
  readonly onTrip: (rule: Rule, trip: BrakeTrip) => void | Promise<void>
}

/** The delete brakes of all rules. Everything that enqueues changes shows them here first. */
export class DeleteBrakes {
  readonly #options: DeleteBrakesOptions
  readonly #states = new Map<string, { ruleId: string; state: BrakeState }>()

  constructor(options: DeleteBrakesOptions) {
    this.#options = options
  }

  /** Counts tasks of one link. Each link has a window of its own: a rule with three targets must not count a delete thrice. */
  async count(rule: Rule, tasks: readonly NewTask[]): Promise<void> {
    const first = tasks[0]
    if (rule.deleteBrake === null || first === undefined) return
    const before = this.#states.get(first.linkId)?.state ?? releasedBrake
    const deletes = tasks.filter(isDelete).length
    const event = { type: 'changes', at: this.#options.now(), deletes, others: tasks.length - deletes } as const
    const state = stepBrake(before, event, rule.deleteBrake)
    this.#states.set(first.linkId, { ruleId: rule.id, state })
    if (before.trip === null && state.trip !== null) await this.#options.onTrip(rule, state.trip)
  }

  /** The operator lets the deletes through: the windows of the rule start empty. Also when a rule goes. */
  release(ruleId: string): void {
    for (const [linkId, entry] of this.#states) if (entry.ruleId === ruleId) this.#states.delete(linkId)
  }
}

export const isDelete = (task: NewTask): boolean =>
  task.operation === 'deleteMarker' || task.operation === 'deleteVersion'

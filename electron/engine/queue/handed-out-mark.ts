import type { ReadsAtOnce, TaskStore } from '../journal/port/tasks.ts'

/** How far the mark is raised beyond need: one small write per so many leases. */
const STEP = 5000

/**
 * The durable mark below which tasks may have been handed out. It goes up ahead of need; a task above it waits until the
 * raised mark is on disk, because after a crash only the mark tells that a worker may have begun with it.
 */
export class HandedOutMark {
  /** Where the mark stood at the start: earlier runs may have begun with all up to it. */
  readonly atStart: number
  readonly #tasks: Pick<TaskStore, 'raiseHandedOut'>
  readonly #onRaised: () => void
  #durable: number
  #raising = false

  constructor(tasks: Pick<TaskStore, 'raiseHandedOut'>, atOnce: Pick<ReadsAtOnce, 'handedOut'>, onRaised: () => void) {
    this.#tasks = tasks
    this.#onRaised = onRaised
    this.atStart = atOnce.handedOut()
    this.#durable = this.atStart
  }

  /** Whether the task may be handed out now; if not, `onRaised` is called when it may. */
  covers(seq: number): boolean {
    if (seq > this.#durable - STEP / 2 && !this.#raising) void this.#raise(Math.max(seq, this.#durable) + STEP)
    return seq <= this.#durable
  }

  async #raise(to: number): Promise<void> {
    this.#raising = true
    try {
      await this.#tasks.raiseHandedOut(to)
    } catch {
      // The journal is unwritable and has told the engine; nothing above the old mark is handed out any more.
      return
    }
    this.#durable = to
    this.#raising = false
    this.#onRaised()
  }
}

import type { ReadsAtOnce, TaskRow } from '../journal/port/tasks.ts'
import type { LinkWindow } from './link-window.ts'

type Way = { readonly from: string; readonly to: string }

/** So many tasks of one key are looked at: those that ran before are the first of it. */
const looked = 4

export interface OppositeParts {
  readonly windows: ReadonlyMap<string, LinkWindow>
  readonly atOnce: Pick<ReadsAtOnce, 'unsettled'>
  /** False for a link that is held: nobody waits for what may never go on. */
  readonly runs: (window: LinkWindow) => boolean
  /** A worker had it before, and what it wrote may be at its target. Not for one that is put off beyond any backoff. */
  readonly mayHaveRun: (task: TaskRow) => boolean
}

/**
 * Keys that links of one pair of buckets work at in both directions. A delete marker bears no seal: only the journal tells the one
 * that a rule wrote from the one of a client, and only when the task that wrote it has ended. So a task of a delete, and any other of the
 * same key the other way, are never with workers at the same time, and the later waits for the earlier one that may have written
 * already. Each waits for what runs or for a lower number, so that never two wait for each other.
 */
export class OppositeKeys {
  readonly #parts: OppositeParts
  #known = new Map<LinkWindow, readonly LinkWindow[]>()

  constructor(parts: OppositeParts) {
    this.#parts = parts
  }

  /** Links came or went. */
  changed(): void {
    this.#known = new Map()
  }

  mustWait(window: LinkWindow, task: TaskRow): boolean {
    return this.#of(window).some((other) => this.#isAt(other, task))
  }

  /** A task of the key ended: what waits the other way is asked again. */
  freed(window: LinkWindow, key: string, now: number): void {
    for (const other of this.#of(window)) other.resume(key, now)
  }

  /** The link hands out nothing any more. */
  stopped(window: LinkWindow, now: number): void {
    for (const other of this.#of(window)) other.resumeAll(now)
  }

  #isAt(other: LinkWindow, task: TaskRow): boolean {
    const running = other.leasedOf(task.key)
    if (running !== undefined && isOfDelete(task, running)) return true
    if (!this.#parts.runs(other)) return false
    const open = this.#parts.atOnce.unsettled(other.linkId, task.key, looked)
    return open.some((one) => one.seq < task.seq && isOfDelete(task, one) && this.#parts.mayHaveRun(one))
  }

  #of(window: LinkWindow): readonly LinkWindow[] {
    let found = this.#known.get(window)
    if (found === undefined) {
      found = [...this.#parts.windows.values()].filter((other) => isBack(window.spec.way, other.spec.way))
      this.#known.set(window, found)
    }
    return found
  }
}

const isBack = (way: Way | undefined, other: Way | undefined): boolean =>
  way !== undefined && other !== undefined && way.from === other.to && way.to === other.from

const isOfDelete = (...tasks: readonly TaskRow[]): boolean =>
  tasks.some(({ operation }) => operation === 'deleteMarker')

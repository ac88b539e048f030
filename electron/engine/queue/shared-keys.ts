import type { ReadsAtOnce, TaskRow } from '../journal/port/tasks.ts'
import type { LinkWindow } from './link-window.ts'
import type { LinkSpec } from './port.ts'

/** So many tasks of one key are looked at: those that ran before are the first of it. */
const looked = 4

export interface SharedKeysParts {
  readonly windows: ReadonlyMap<string, LinkWindow>
  readonly atOnce: Pick<ReadsAtOnce, 'unsettled'>
  /** False for a link that is held: nobody waits for what may never go on. */
  readonly runs: (window: LinkWindow) => boolean
  /** A worker had it before, and what it wrote may be at its target. Not for one that is put off beyond any backoff. */
  readonly mayHaveRun: (task: TaskRow) => boolean
}

/** Another link that works at the same keys, and what of its tasks a task has to wait for. */
interface Neighbour {
  readonly window: LinkWindow
  /** Not both with workers at one time. */
  readonly excludes: (task: TaskRow, running: TaskRow) => boolean
  /** A task that waits there goes first, if it came first. */
  readonly precedes: (task: TaskRow, open: TaskRow) => boolean
}

/**
 * Keys that several links work at. Links of opposite ways between one pair of buckets: a delete marker bears no seal, and only the
 * journal tells the one that a rule wrote from the one of a client, and only when the task that wrote it has ended. So a task of a
 * delete, and any other of the same key the other way, are never with workers at the same time, and the later waits for the
 * earlier one that may have written already. Links of one order group: whatever the task, they go one by one in the order in
 * which they came. Each waits for what runs or for a lower number, so that never two wait for each other.
 */
export class SharedKeys {
  readonly #parts: SharedKeysParts
  #known = new Map<LinkWindow, readonly Neighbour[]>()

  constructor(parts: SharedKeysParts) {
    this.#parts = parts
  }

  /** Links came or went. */
  changed(): void {
    this.#known = new Map()
  }

  mustWait(window: LinkWindow, task: TaskRow): boolean {
    return this.#of(window).some((other) => this.#isBehind(task, other))
  }

  /** A task of the key ended: what waits elsewhere is asked again. */
  freed(window: LinkWindow, key: string, now: number): void {
    for (const other of this.#of(window)) other.window.resume(key, now)
  }

  /** The link hands out nothing any more. */
  stopped(window: LinkWindow, now: number): void {
    for (const other of this.#of(window)) other.window.resumeAll(now)
  }

  #isBehind(task: TaskRow, { window, excludes, precedes }: Neighbour): boolean {
    const running = window.leasedOf(task.key)
    if (running !== undefined && excludes(task, running)) return true
    if (!this.#parts.runs(window)) return false
    const open = this.#parts.atOnce.unsettled(window.linkId, task.key, looked)
    return open.some((one) => one.seq < task.seq && precedes(task, one))
  }

  #of(window: LinkWindow): readonly Neighbour[] {
    let found = this.#known.get(window)
    if (found === undefined) {
      found = [...this.#parts.windows.values()].flatMap((other) => this.#neighbour(window, other))
      this.#known.set(window, found)
    }
    return found
  }

  #neighbour(window: LinkWindow, other: LinkWindow): readonly Neighbour[] {
    if (other === window) return []
    if (isGroup(window.spec, other.spec)) return [{ window: other, excludes: always, precedes: always }]
    if (!isBack(window.spec, other.spec)) return []
    const precedes = (task: TaskRow, open: TaskRow): boolean => isOfDelete(task, open) && this.#parts.mayHaveRun(open)
    return [{ window: other, excludes: isOfDelete, precedes }]
  }
}

const always = (): boolean => true

const isGroup = (one: LinkSpec, other: LinkSpec): boolean =>
  one.orderGroup !== undefined && one.orderGroup === other.orderGroup

const isBack = ({ way }: LinkSpec, { way: other }: LinkSpec): boolean =>
  way !== undefined && other !== undefined && way.from === other.to && way.to === other.from

const isOfDelete = (...tasks: readonly TaskRow[]): boolean =>
  tasks.some(({ operation }) => operation === 'deleteMarker')

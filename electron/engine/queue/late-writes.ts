import type { Lingering, TaskRow, TaskStore } from '../journal/port/tasks.ts'
import type { AckedSettlement } from './port.ts'
import type { Timers } from '../base/timers.ts'

export interface LateWritesOptions {
  readonly tasks: Pick<TaskStore, 'wakeLingering' | 'lingersUntil'>
  readonly now: () => number
  /** From 0 up to 1. */
  readonly random: () => number
  readonly timers: Timers
  /** How long after the end of an attempt nobody heard the end of may what it wrote come to lie at the target, ms. */
  readonly landsWithinMs: number
  /** Earlier runs of the engine may have begun with all up to this number. */
  readonly handedOutAtStart: number
  readonly onWoken: (tasks: readonly Pick<TaskRow, 'seq' | 'linkId' | 'key'>[]) => void
}

/** After a start amid a backlog many thousands end at one moment: waking them in one step would block the thread for a second. */
const wokenAtOnce = 256

/**
 * Writes whose answer nobody heard: a connection broke, a process ended, and the site goes on with what it has got. It may come to lie
 * there after the next attempt has looked, and brought the same. So a task that had such an attempt lingers when it is done, and is
 * looked at once more when nothing of it can come any more.
 */
export class LateWrites {
  readonly #options: LateWritesOptions
  readonly #startedAt: number
  /** Tasks that workers gave back without an end that is on disk, and when, epoch ms; null where all that they wrote has ended. */
  readonly #returned = new Map<number, number | null>()
  /** Of this run of the engine, and how many attempts began in it: together the name of each. */
  readonly #run: string
  #begun = 0
  #cancel: (() => void) | null = null
  #armedFor = Infinity
  #closed = false

  constructor(options: LateWritesOptions) {
    this.#options = options
    this.#startedAt = options.now()
    this.#run = Math.floor(options.random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0')
    void this.#arm()
  }

  /** The name of an attempt that begins. */
  nextAttempt(): string {
    return `${this.#run}${(this.#begun++).toString(36)}`
  }

  /** Heard: all that its worker wrote has ended, so nothing of it is under way. */
  returned(seq: number, isHeard: boolean): void {
    this.#returned.set(seq, isHeard ? null : this.#options.now())
  }

  /** The end of its attempt is on disk. */
  ended(seq: number): void {
    this.#returned.delete(seq)
  }

  /** A worker may have had it before, and no end of that is known. */
  mayHaveRun({ seq, attempts, triedBefore, marker, lingered }: TaskRow): boolean {
    return (
      attempts + triedBefore > 0 ||
      seq <= this.#options.handedOutAtStart ||
      this.#returned.has(seq) ||
      marker !== undefined ||
      lingered === true
    )
  }

  /** How a task that was taken up as this row stays; undefined where nothing of it is under way. */
  lingering(task: TaskRow, end: Ended): Lingering | undefined {
    const until = this.#landsUntil(task)
    if (until <= this.#options.now() || (this.#unheard(task) <= 1 && hasFoundOwn(task, end))) return undefined
    return { until }
  }

  /** A task lingers from now on. */
  lingers({ until }: Lingering): void {
    this.#armAt(until)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  /** Attempts before this one whose end is not known to have been heard. */
  #unheard({ seq, attempts, triedBefore, lingered }: TaskRow): number {
    const isOfBefore = seq <= this.#options.handedOutAtStart
    const isUnheard = typeof this.#returned.get(seq) === 'number'
    return attempts + triedBefore + Number(isOfBefore) + Number(isUnheard) + Number(lingered === true)
  }

  #landsUntil({ seq, lastAttemptAt, dueAt, lingered }: TaskRow): number {
    const { landsWithinMs, handedOutAtStart } = this.#options
    const unheard = [lastAttemptAt, this.#returned.get(seq), seq <= handedOutAtStart ? this.#startedAt : null]
    const until = unheard.map((at) => (at == null ? 0 : at + landsWithinMs))
    return Math.ceil(Math.max(lingered === true ? dueAt : 0, ...until))
  }

  async #arm(): Promise<void> {
    const next = await this.#options.tasks.lingersUntil().catch(() => null)
    if (next !== null) this.#armAt(next)
  }

  #armAt(until: number): void {
    if (this.#closed || until >= this.#armedFor) return
    this.#cancel?.()
    this.#armedFor = until
    this.#cancel = this.#options.timers.after(Math.max(1, until - this.#options.now()), () => void this.#wake())
  }

  async #wake(): Promise<void> {
    this.#armedFor = Infinity
    try {
      const woken = await this.#options.tasks.wakeLingering(this.#options.now(), wokenAtOnce)
      if (woken.length > 0 && !this.#closed) this.#options.onWoken(woken)
    } catch {
      // The journal is unwritable and has told the engine: after the restart they are woken.
      return
    }
    await this.#arm()
  }
}

type Ended = Pick<AckedSettlement, 'did' | 'learned' | 'hasLanded'>

/**
 * The one attempt that was not heard of is the one that brought what lies there: only a version that this look knew for the task's own says
 * so. That nothing was to be done says it of no delete, no tags and no write of the gateway: theirs may be under way still.
 */
const hasFoundOwn = ({ versionId }: TaskRow, { did, learned, hasLanded }: Ended): boolean =>
  did === 'already-there' &&
  (hasLanded === true ||
    learned.some(({ sourceVersionId, proof }) => sourceVersionId === versionId && proof === undefined))

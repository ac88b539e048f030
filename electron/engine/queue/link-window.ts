import type { Lane, TaskState } from '../../../shared/model/task.ts'
import type { LineReads, ReadsAtOnce, TaskRow } from '../journal/port/tasks.ts'
import { laneOf, LaneQueue, lanes } from './lanes.ts'
import type { LinkSpec } from './port.ts'

/** One task in memory. At most one per key: the first of the key that may go. */
export interface Entry {
  task: TaskRow
  state: TaskState
  readonly lane: Lane
  /** Other tasks of the key may wait in the journal: ask it when the key is free again. */
  more: boolean
  /** Left the window without being leased. */
  gone: boolean
}

export interface WindowLimits {
  /** Rows read at once: bounds how long one read blocks the thread. */
  readonly page: number
  /** Tasks in memory per lane; those that come back may go beyond it. */
  readonly most: number
  /** A lane is filled again when fewer than this are left. */
  readonly least: number
}

export const windowLimits: WindowLimits = { page: 256, most: 512, least: 128 }

type Reads = LineReads & Pick<ReadsAtOnce, 'unsettled'>

/** The lowest delayed seq of a key that nobody has asked the journal for yet. */
const UNKNOWN = 0

/**
 * The tasks of one link that may be leased now, read from the journal page by page. Rows whose key is taken are passed by
 * and not kept: when a key is free again the journal tells what is next of it. So memory holds a window, however many
 * thousands wait behind one key.
 */
export class LinkWindow {
  spec: LinkSpec
  active = true
  /** Epoch ms of the next delayed task that is not in memory; 0 when the journal was not asked yet. */
  nextDueAt = 0
  #leased = 0
  #leasedReady = 0
  readonly #atOnce: Reads
  readonly #limits: WindowLimits
  readonly #held = new Map<string, Entry>()
  readonly #delayed = new Map<string, number>()
  /** Delayed rows that are due and known here, leased ones too: the journal lists them still. */
  readonly #dueHere = new Set<number>()
  /** Keys whose first task waits for one of another link: in no line until that has ended. */
  readonly #aside = new Set<string>()
  #lanes = newLanes()
  /** Per lane the seq up to which every ready row was seen. A full lane stays where it is; the others go on. */
  #after = { small: 0, large: 0, mrf: 0 }
  /** The highest seq ever read. */
  #top = 0
  /** The highest seq passed by for the sake of an older task of its key that was not read yet. */
  #passedBy = 0
  #atEnd = { small: false, large: false, mrf: false }

  constructor(spec: LinkSpec, atOnce: Reads, limits: WindowLimits) {
    this.spec = spec
    this.#atOnce = atOnce
    this.#limits = limits
    this.#loadDelayed()
  }

  get linkId(): string {
    return this.spec.linkId
  }

  get priority(): number {
    return this.spec.priority
  }

  /** How many of its tasks are out. */
  get leased(): number {
    return this.#leased
  }

  /** Of the leased ones, those that the journal counts as ready. */
  get leasedReady(): number {
    return this.#leasedReady
  }

  /** Drops all but the leases: nothing of the link is handed out until {@link revive}. */
  retire(): void {
    this.active = false
    this.#lanes = newLanes()
    this.#aside.clear()
    for (const [key, entry] of this.#held) {
      if (entry.state === 'leased') continue
      this.#held.delete(key)
      this.#dueHere.delete(entry.task.seq)
    }
  }

  /** Starts to read again from the first row; keys that are leased still stay taken. */
  revive(spec: LinkSpec): void {
    this.spec = spec
    this.active = true
    this.nextDueAt = 0
    for (const entry of this.#held.values()) entry.more = true
    this.#top = 0
    this.#passedBy = 0
    this.#readAgainFrom(1)
    this.#delayed.clear()
    this.#loadDelayed()
  }

  /** The task was written to the journal, as a new one or over the one that it held of this version. */
  arrived(seq: number, key: string, now: number): void {
    const isNew = seq > this.#top && (this.#held.get(key)?.task.seq ?? 0) < seq
    if (!isNew) this.reconsider(seq, key, now)
    else for (const lane of lanes) this.#atEnd[lane] = false
  }

  /** The task may have become ready though rows behind it were read already: it goes before later ones of its key. */
  reconsider(seq: number, key: string, now: number): void {
    const entry = this.#held.get(key)
    if (entry !== undefined && entry.state !== 'leased' && entry.task.seq >= seq) this.#drop(entry)
    if (this.#delayed.has(key)) this.#delayed.set(key, UNKNOWN)
    this.#readAgainFrom(seq)
    // What other links wait for may be this one.
    this.resume(key, now)
  }

  peek(lane: Lane): TaskRow | undefined {
    return this.#lanes[lane].peek()?.task
  }

  /** Takes the first of the lane; its key is taken until {@link free}. */
  lease(lane: Lane): Entry | undefined {
    const entry = this.#lanes[lane].shift()
    if (entry === undefined) return undefined
    entry.state = 'leased'
    this.#countLease(entry, 1)
    return entry
  }

  /** The task of the key that a worker has, also while its end is being written down. */
  leasedOf(key: string): TaskRow | undefined {
    const held = this.#held.get(key)
    return held?.state === 'leased' ? held.task : undefined
  }

  /** The first of the lane has to wait for a task of another link: its key is passed by until {@link resume}. */
  setAside(lane: Lane): void {
    const entry = this.#lanes[lane].shift()
    if (entry === undefined) return
    this.#held.delete(entry.task.key)
    this.#aside.add(entry.task.key)
  }

  /** What was set aside of the key may be asked for again. */
  resume(key: string, now: number): void {
    if (this.#aside.delete(key) && this.active) this.#takeNext(key, now)
  }

  resumeAll(now: number): void {
    for (const key of this.#aside) this.resume(key, now)
  }

  /** Takes this task before all that waits; null unless it is ready and the first of its key, and the key is free. */
  claim(task: TaskRow): Entry | null {
    const held = this.#held.get(task.key)
    if (held?.state === 'leased') held.more = true
    if (held?.state === 'leased' || task.state !== 'ready' || !this.#isFirst(task)) return null
    if (held !== undefined) this.#drop(held)
    // Others of the key may wait in the journal: it is asked when the key is free again.
    const entry: Entry = { task, state: 'leased', lane: laneOf(task), more: true, gone: false }
    this.#held.set(task.key, entry)
    this.#aside.delete(task.key)
    this.#delayed.delete(task.key)
    this.#countLease(entry, 1)
    return entry
  }

  /**
   * The lease ended, and the journal knows how: its key goes to the next one. `delayedUntil` is null unless the task was
   * delayed; `again` says that the task may be had once more.
   */
  free(entry: Entry, end: { readonly delayedUntil: number | null; readonly again: boolean }, now: number): void {
    this.#countLease(entry, -1)
    this.#forget(entry)
    const { key, seq } = entry.task
    if (end.delayedUntil !== null) {
      this.#delayed.set(key, seq)
      this.nextDueAt = Math.min(this.nextDueAt, end.delayedUntil)
    }
    if (this.active && (entry.more || end.again)) this.#takeNext(key, now)
  }

  /** Reads what is due, and at most one page of the lanes apart and one of the small lane. */
  fill(now: number): void {
    if (this.nextDueAt <= now && this.#isLow('mrf')) this.#fillDue(now)
    if (!this.wantsMore()) return
    const apartSeenTo = this.#readApart()
    if (this.#isLow('small') && !this.#atEnd.small) this.#readSmall(apartSeenTo)
  }

  /** Another {@link fill} would find more for a lane that has run low. */
  wantsMore(): boolean {
    return lanes.some((lane) => this.#isLow(lane) && !this.#atEnd[lane])
  }

  #isLow(lane: Lane): boolean {
    return this.#lanes[lane].size < this.#limits.least
  }

  #readAgainFrom(seq: number): void {
    for (const lane of lanes) {
      this.#after[lane] = Math.min(this.#after[lane], seq - 1)
      this.#atEnd[lane] = false
    }
  }

  /** Returns the seq up to which no row of these lanes is unseen at this moment. */
  #readApart(): number {
    const open = lanesApart.filter((lane) => this.#lanes[lane].size < this.#limits.most)
    if (open.length > 0) this.#readInto(open)
    return Math.min(
      ...lanesApart.map((lane) => (open.includes(lane) && this.#atEnd[lane] ? Infinity : this.#after[lane])),
    )
  }

  #readInto(open: readonly Lane[]): void {
    const from = Math.min(...open.map((lane) => this.#after[lane]))
    const rows = this.#atOnce.readyApart(this.linkId, from, this.#limits.page)
    const full = new Set<Lane>()
    for (const row of rows) {
      const lane = laneOf(row)
      if (!open.includes(lane) || full.has(lane) || row.seq <= this.#after[lane]) continue
      // Always in doubt: the small lane may be far behind, with an older task of the key.
      if (this.#consider(row, true)) continue
      full.add(lane)
      this.#after[lane] = row.seq - 1
    }
    const last = rows.at(-1)?.seq ?? from
    for (const lane of open) {
      this.#atEnd[lane] = rows.length < this.#limits.page && !full.has(lane)
      if (!full.has(lane)) this.#after[lane] = Math.max(this.#after[lane], last)
    }
    this.#top = Math.max(this.#top, last)
  }

  #readSmall(apartSeenTo: number): void {
    const rows = this.#atOnce.ready(this.linkId, this.#after.small, this.#limits.page)
    for (const row of rows) {
      if (laneOf(row) === 'small' && !this.#consider(row, row.seq > apartSeenTo)) return
      this.#after.small = row.seq
      this.#top = Math.max(this.#top, row.seq)
    }
    this.#atEnd.small = rows.length < this.#limits.page
  }

  /** Takes the row, passes it by because its key is taken, or returns false because its lane is full. */
  #consider(row: TaskRow, unseenBefore: boolean): boolean {
    const held = this.#held.get(row.key)
    if (held !== undefined) {
      if (held.task.seq !== row.seq) held.more = true
      else if (held.state !== 'leased') held.task = row
      return true
    }
    if (this.#aside.has(row.key)) return true
    const delayed = this.#delayed.get(row.key)
    if (delayed !== undefined && delayed !== UNKNOWN && delayed < row.seq) return true
    const doubtful = unseenBefore || delayed === UNKNOWN
    if (doubtful && !this.#isFirst(row)) {
      this.#passedBy = Math.max(this.#passedBy, row.seq)
      return true
    }
    if (this.#lanes[laneOf(row)].size >= this.#limits.most) return false
    this.#take(row, doubtful || delayed !== undefined || row.seq < this.#passedBy, 'new')
    return true
  }

  #isFirst(row: TaskRow): boolean {
    const first = this.#atOnce.unsettled(this.linkId, row.key, 1)[0]
    // Remembered, so that the rows behind it cost no query each.
    if (first?.state === 'delayed') this.#delayed.set(row.key, first.seq)
    return first?.seq === row.seq
  }

  #take(task: TaskRow, more: boolean, place: 'back' | 'new'): void {
    const entry: Entry = { task, state: task.state, lane: laneOf(task), more, gone: false }
    this.#held.set(task.key, entry)
    this.#delayed.delete(task.key)
    if (task.state === 'delayed') this.#dueHere.add(task.seq)
    this.#lanes[entry.lane].push(entry, place)
  }

  /** The key is free: its first task by seq goes on, if it may now. */
  #takeNext(key: string, now: number): void {
    const [first, second] = this.#atOnce.unsettled(this.linkId, key, 2)
    if (first === undefined) this.#delayed.delete(key)
    else if (first.state === 'delayed' && first.dueAt > now) {
      this.#delayed.set(key, first.seq)
      this.nextDueAt = Math.min(this.nextDueAt, first.dueAt)
    } else this.#take(first, second !== undefined, 'back')
  }

  #fillDue(now: number): void {
    const wanted = this.#dueHere.size + this.#limits.most - this.#lanes.mrf.size
    const rows = this.#atOnce.due(this.linkId, now, wanted)
    for (const row of rows) if (!this.#dueHere.has(row.seq)) this.#considerDue(row, now)
    if (rows.length < wanted) this.nextDueAt = this.#firstDueAt()
  }

  #considerDue(row: TaskRow, now: number): void {
    // Due and known, whatever becomes of it: one that must wait for another of its key is found when that one ends.
    this.#dueHere.add(row.seq)
    const held = this.#held.get(row.key)
    if (held !== undefined) held.more = true
    else if (!this.#aside.has(row.key)) this.#takeNext(row.key, now)
  }

  #firstDueAt(): number {
    const rows = this.#atOnce.due(this.linkId, Number.MAX_SAFE_INTEGER, this.#dueHere.size + 1)
    return rows.find((row) => !this.#dueHere.has(row.seq))?.dueAt ?? Infinity
  }

  #drop(entry: Entry): void {
    entry.gone = true
    this.#lanes[entry.lane].lost()
    this.#forget(entry)
    if (entry.task.state === 'delayed') this.nextDueAt = 0
  }

  #countLease({ task }: Entry, by: 1 | -1): void {
    this.#leased += by
    if (task.state === 'ready') this.#leasedReady += by
  }

  #forget(entry: Entry): void {
    this.#held.delete(entry.task.key)
    this.#dueHere.delete(entry.task.seq)
  }

  #loadDelayed(): void {
    for (const key of this.#atOnce.delayedKeys(this.linkId)) this.#delayed.set(key, UNKNOWN)
  }
}

const lanesApart: readonly Lane[] = ['large', 'mrf']
const newLanes = (): Record<Lane, LaneQueue<Entry>> => ({
  small: new LaneQueue(),
  large: new LaneQueue(),
  mrf: new LaneQueue(),
})

/** In how many of these lanes these windows have something to offer. */
export function countOffers(windows: readonly LinkWindow[], of: readonly Lane[]): number {
  let count = 0
  for (const window of windows) for (const lane of of) if (window.peek(lane) !== undefined) count++
  return count
}

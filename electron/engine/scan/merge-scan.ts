import type { NewTask } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import type { KeyMatch } from '../rule/match.ts'
import type { VersionEntry } from '../store/port.ts'
import { checkedReader } from './checked-reader.ts'
import type { CheckRate } from '../store/current-keys.ts'
import { compareKeys } from '../base/key-order.ts'
import type { Recognition } from './source-recognition.ts'
import type { Span } from './checkpoint.ts'
import type { GoneTask } from './gone-tasks.ts'
import type { KeyContext } from './key-view.ts'
import { tasksForKey, taskToLook } from './key-tasks.ts'
import type { ScanCounts, ScannerOptions } from './port.ts'
import type { VersionReader } from './version-reader.ts'

export interface MergeScanOptions extends Pick<
  ScannerOptions,
  | 'link'
  | 'list'
  | 'pairsBetween'
  | 'clock'
  | 'skewMs'
  | 'replicas'
  | 'tellsOfTags'
  | 'restoresOrder'
  | 'coversBefore'
  | 'twoWay'
  | 'watch'
> {
  readonly enqueue: (tasks: readonly NewTask[]) => Promise<void>
  /** Told of each key once, with what the source has of it. */
  readonly onKey: (source: readonly VersionEntry[]) => void
  /** The site refuses the listing that this one is checked by. */
  readonly onUnchecked: (at: BucketAt) => void
  readonly prefix: string
  readonly covers: KeyMatch
  readonly isParked: NonNullable<ScannerOptions['isParked']>
  readonly thorough: boolean
  /** How much of the listings is held against ListObjectsV2. */
  readonly checkRate: CheckRate
  readonly changedSince: number
  readonly span: Span
  /** Shared by the scans of one pass. */
  readonly recognition: Recognition
  readonly signal: AbortSignal
  /** Resolves when the queue may take more. */
  readonly room: () => Promise<void>
  readonly onPage: (scan: MergeScan) => void
  /** Writes down what is {@link MergeScan.settled}, here and in the scans beside it. */
  readonly save: () => Promise<void>
}

/** How far a scan has come for good: what was counted up to there, and what an engine that starts again has to look at. */
export interface ScannedForGood {
  readonly counts: ScanCounts
  readonly rest: Span
}

const batchSize = 1000
/** Versions asked about at one time. */
const provenAtOnce = 16
const checkpointKeys = 10_000
const checkpointMs = 5000
const none: readonly VersionEntry[] = []
const noPairs: readonly VersionPair[] = []

/** One pass over a span of both listings in key order, side by side. Holds two pages a side and one batch of tasks, never more. */
export class MergeScan {
  readonly #options: MergeScanOptions
  readonly #source: VersionReader
  readonly #target: VersionReader
  #tasks: NewTask[] = []
  #gone: GoneTask[] = []
  #pairs: ReadonlyMap<string, readonly VersionPair[]> = new Map()
  /** Pairs are loaded up to this key. */
  #pairsTo: string | null = null
  /** The last key whose tasks are made. */
  #after: string | null
  #until: string | null
  #keys = 0
  #versions = 0
  #differences = 0
  /** The last key whose tasks are durable, and what was counted up to there. */
  #settledAfter: string | null
  #settledCounts: ScanCounts = { keys: 0, versions: 0, differences: 0 }
  #ended = false
  #savedAt: number
  #savedKeys = 0
  #context: KeyContext
  #isWatched = false

  constructor(options: MergeScanOptions) {
    this.#options = options
    const { span, clock, link } = options
    this.#after = this.#settledAfter = span.after
    this.#until = span.until
    this.#savedAt = clock.now()
    this.#context = this.#contextAt(this.#savedAt)
    this.#isWatched = options.watch?.isWatched() ?? false
    this.#source = this.#reader(link.source)
    this.#target = this.#reader(link.target)
  }

  get counts(): ScanCounts {
    return { keys: this.#keys, versions: this.#versions, differences: this.#differences }
  }

  get settled(): ScannedForGood {
    return { counts: this.#settledCounts, rest: { after: this.#settledAfter, until: this.#until } }
  }

  /** What is not looked at yet. */
  get ahead(): Span {
    return { after: this.#after, until: this.#until }
  }

  /** Leaves what comes after this key to another scan. False when it is there already. */
  end(key: string): boolean {
    if (this.#ended || this.#after === null || compareKeys(this.#after, key) >= 0) return false
    this.#until = key
    return true
  }

  async run(): Promise<void> {
    await Promise.all([this.#source.fill(), this.#target.fill()])
    for (;;) {
      const ours = this.#source.key
      const theirs = this.#target.key
      const key = earlier(ours, theirs)
      if (key === null) break
      // Another scan may have taken over what lies ahead meanwhile: the keys are looked up anew.
      if (!this.#hasPairsAt(key)) {
        await this.#readPairs(key)
        continue
      }
      this.#visit(key, ours === key, theirs === key)
      this.#after = key
      if (ours === key && !this.#source.advance()) await this.#fill(this.#source)
      if (theirs === key && !this.#target.advance()) await this.#fill(this.#target)
      if (this.#tasks.length + this.#gone.length >= batchSize) await this.#flush()
    }
    this.#ended = true
    await this.#flush()
  }

  #reader(at: BucketAt): VersionReader {
    const { list, prefix, signal, clock, checkRate: rate, onUnchecked } = this.#options
    const span = { after: this.#after, until: () => this.#until, now: () => clock.now() }
    return checkedReader({ ...span, at, prefix, list, rate, signal, onUnavailable: () => onUnchecked(at) })
  }

  /** A page boundary is where a scan looks up: signal, progress, checkpoint. Between them it only computes. */
  async #fill(reader: VersionReader): Promise<void> {
    this.#options.signal.throwIfAborted()
    const now = this.#options.clock.now()
    if (this.#keys - this.#savedKeys >= checkpointKeys || now - this.#savedAt >= checkpointMs) await this.#save(now)
    this.#context = this.#contextAt(now)
    this.#isWatched = this.#options.watch?.isWatched() ?? false
    this.#options.onPage(this)
    await reader.fill()
  }

  #visit(key: string, atSource: boolean, atTarget: boolean): void {
    if (!this.#options.covers(key)) return
    const source = atSource ? this.#source.group() : none
    const target = atTarget ? this.#target.group() : none
    this.#keys += 1
    this.#versions += source.length
    this.#options.onKey(source)
    const view = {
      key,
      source,
      target,
      pairs: this.#pairs.get(key) ?? noPairs,
      sourceAskedAt: this.#source.askedAt,
      targetAskedAt: this.#target.askedAt,
    }
    // Nothing is concluded of a key whose order is not told: the task that looks at it tells why.
    const isUndecided = (atSource && this.#source.isUndecided) || (atTarget && this.#target.isUndecided)
    const { tasks, gone } = isUndecided ? taskToLook(view, this.#context) : tasksForKey(view, this.#context)
    for (const task of tasks) this.#add(task)
    this.#options.recognition.see(view)
    this.#gone.push(...this.#options.recognition.admit(gone))
    if (this.#isWatched) this.#options.watch?.saw(view, tasks.length > 0 || gone.some(({ proven }) => proven))
  }

  #add(task: NewTask): void {
    if (this.#options.isParked(task.key, task.versionId, task.operation)) return
    this.#differences += 1
    this.#tasks.push(task)
  }

  async #prove(): Promise<void> {
    const { replicas, signal, recognition } = this.#options
    const gone = await this.#stillGone([...recognition.release(), ...this.#gone.splice(0)])
    for (const { task } of gone.filter(({ proven }) => proven)) this.#add(task)
    if (replicas === undefined) return
    const unproven = gone.filter(({ proven }) => !proven)
    if (unproven.length === 0) return
    const sharesIds = replicas.sharesIds()
    if (sharesIds === null) replicas.passedOver()
    if (sharesIds !== true) return
    for (let at = 0; at < unproven.length; at += provenAtOnce) {
      const asked = unproven.slice(at, at + provenAtOnce)
      const proven = await Promise.all(
        asked.map(({ task, replicaId }) => replicas.isReplica(task.key, replicaId, signal)),
      )
      asked.forEach(({ task }, index) => proven[index] === true && this.#add(task))
    }
  }

  #hasPairsAt(key: string): boolean {
    return this.#pairsTo !== null && compareKeys(key, this.#pairsTo) <= 0
  }

  async #readPairs(key: string): Promise<void> {
    // Up to the nearer of the two pages' ends: the other may reach over millions of keys of this side.
    const ends = [this.#source.lastKey, this.#target.lastKey].filter(
      (end) => end !== null && compareKeys(end, key) >= 0,
    )
    const to = ends.reduce<string | null>(earlier, null) ?? key
    this.#pairs = await this.#options.pairsBetween(key, to)
    this.#pairsTo = to
  }

  /** A replica was listed before the source is asked here: what that does not show is gone, however young it is. */
  async #stillGone(gone: readonly GoneTask[]): Promise<readonly GoneTask[]> {
    const young = gone.filter(({ isYoung }) => isYoung)
    const there = new Set<GoneTask>()
    for (let at = 0; at < young.length; at += provenAtOnce) {
      const asked = young.slice(at, at + provenAtOnce)
      const isGone = await Promise.all(asked.map(({ task }) => this.#isUnlisted(task)))
      asked.forEach((one, index) => isGone[index] === true || there.add(one))
    }
    return there.size === 0 ? gone : gone.filter((one) => !there.has(one))
  }

  /** False also where the key's versions go on over more than a page. */
  async #isUnlisted({ key, versionId }: NewTask): Promise<boolean> {
    const { list, link, signal } = this.#options
    const { site, bucket } = link.source
    const { entries, next } = await list(site, { bucket, prefix: key }, signal)
    if (next?.keyMarker === key) return false
    return !entries.some((entry) => entry.key === key && (versionId === null || entry.versionId === versionId))
  }

  #contextAt(now: number): KeyContext {
    const { link, skewMs, replicas, thorough, changedSince } = this.#options
    const tellsOfTags = this.#options.tellsOfTags?.() ?? true
    const since = link.rule.existingObjects ? 0 : link.ruleStartedAt
    const sharesIds = replicas !== undefined && replicas.sharesIds() !== false
    const restoresOrder = this.#options.restoresOrder?.() ?? false
    const twoWay = this.#options.twoWay?.() ?? false
    const coversBefore = this.#options.coversBefore?.() ?? 0
    const checks = { thorough, changedSince, tellsOfTags, sharesIds, restoresOrder, twoWay, coversBefore }
    return { linkId: link.linkId, switches: link.rule, since, skewMs: skewMs(), now, ...checks }
  }

  /** Tasks first: a checkpoint must never stand behind a difference that is not durable. */
  async #flush(): Promise<void> {
    await this.#prove()
    const tasks = this.#tasks
    if (tasks.length > 0) {
      this.#options.signal.throwIfAborted()
      this.#tasks = []
      await this.#options.room()
      await this.#options.enqueue(tasks)
    }
    this.#settledAfter = this.#after
    this.#settledCounts = this.counts
  }

  async #save(now: number): Promise<void> {
    await this.#flush()
    this.#savedAt = now
    this.#savedKeys = this.#keys
    await this.#options.save()
  }
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a === b || compareKeys(a, b) < 0 ? a : b
}

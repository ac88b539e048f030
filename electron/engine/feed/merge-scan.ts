import type { NewTask, VersionPair } from '../journal/port.ts'
import type { KeyMatch } from '../rule/match.ts'
import type { VersionEntry } from '../store/port.ts'
import { compareKeys } from './key-order.ts'
import type { ScanCheckpoint } from './scan-checkpoint.ts'
import type { GoneTask } from './scan-gone.ts'
import { tasksForKey, type KeyContext } from './scan-key.ts'
import type { ScanCounts, ScannerOptions } from './scanner.ts'
import { VersionReader } from './version-reader.ts'

export interface MergeScanOptions extends Pick<
  ScannerOptions,
  | 'link'
  | 'list'
  | 'pairsBetween'
  | 'enqueue'
  | 'clock'
  | 'skewMs'
  | 'replicas'
  | 'tellsOfTags'
  | 'mendsOrder'
  | 'twoWay'
> {
  readonly prefix: string
  readonly covers: KeyMatch
  readonly isParked: (key: string, versionId: string | null) => boolean
  readonly thorough: boolean
  readonly changedSince: number
  readonly begin: ScanCheckpoint | null
  readonly signal: AbortSignal
  readonly onProgress: ((counts: ScanCounts) => void) | undefined
  /** Resolves when the queue may take more. */
  readonly room: () => Promise<void>
  readonly save: (checkpoint: ScanCheckpoint) => Promise<void>
}

const batchSize = 1000
/** Versions asked about at one time. */
const provenAtOnce = 16
const checkpointKeys = 10_000
const checkpointMs = 5000
const none: readonly VersionEntry[] = []
const noPairs: readonly VersionPair[] = []

/** One pass over both listings in key order, side by side. Holds two pages a side and one batch of tasks, never more. */
export class MergeScan {
  readonly #options: MergeScanOptions
  readonly #source: VersionReader
  readonly #target: VersionReader
  #keys: number
  #versions: number
  #differences: number
  #tasks: NewTask[] = []
  #unproven: GoneTask[] = []
  #pairs: ReadonlyMap<string, readonly VersionPair[]> = new Map()
  /** Pairs are loaded up to this key. */
  #pairsTo: string | null = null
  /** The last key whose tasks are made. */
  #after: string | null
  #savedAt: number
  #savedKeys: number
  #context: KeyContext

  constructor(options: MergeScanOptions) {
    this.#options = options
    const { begin, clock, link } = options
    this.#keys = this.#savedKeys = begin?.keys ?? 0
    this.#versions = begin?.versions ?? 0
    this.#differences = begin?.differences ?? 0
    this.#after = begin?.after ?? null
    this.#savedAt = clock.now()
    this.#context = this.#contextAt(this.#savedAt)
    this.#source = this.#reader(link.source)
    this.#target = this.#reader(link.target)
  }

  async run(): Promise<ScanCounts> {
    await Promise.all([this.#source.fill(), this.#target.fill()])
    for (;;) {
      const ours = this.#source.key
      const theirs = this.#target.key
      const key = earlier(ours, theirs)
      if (key === null) break
      this.#visit(key, ours === key, theirs === key)
      this.#after = key
      if (ours === key && !this.#source.advance()) await this.#fill(this.#source)
      if (theirs === key && !this.#target.advance()) await this.#fill(this.#target)
      if (this.#tasks.length + this.#unproven.length >= batchSize) await this.#flush()
    }
    await this.#flush()
    return this.#report()
  }

  #reader(at: { readonly site: string; readonly bucket: string }): VersionReader {
    const { list, prefix, signal, clock } = this.#options
    return new VersionReader({
      list: (from) => list(at.site, { bucket: at.bucket, prefix, from }, signal),
      now: () => clock.now(),
      after: this.#after,
    })
  }

  /** A page boundary is where a scan looks up: signal, progress, checkpoint. Between them it only computes. */
  async #fill(reader: VersionReader): Promise<void> {
    this.#options.signal.throwIfAborted()
    const now = this.#options.clock.now()
    if (this.#keys - this.#savedKeys >= checkpointKeys || now - this.#savedAt >= checkpointMs) await this.#save(now)
    this.#context = this.#contextAt(now)
    this.#report()
    await reader.fill()
  }

  #visit(key: string, atSource: boolean, atTarget: boolean): void {
    if (!this.#options.covers(key)) return
    const source = atSource ? this.#source.group() : none
    const target = atTarget ? this.#target.group() : none
    this.#keys += 1
    this.#versions += source.length
    const view = {
      key,
      source,
      target,
      pairs: this.#pairsOf(key),
      sourceAskedAt: this.#source.askedAt,
      targetAskedAt: this.#target.askedAt,
    }
    const { tasks, unproven } = tasksForKey(view, this.#context)
    for (const task of tasks) this.#add(task)
    this.#unproven.push(...unproven)
  }

  #add(task: NewTask): void {
    if (this.#options.isParked(task.key, task.versionId)) return
    this.#differences += 1
    this.#tasks.push(task)
  }

  async #prove(): Promise<void> {
    const { replicas, signal } = this.#options
    const unproven = this.#unproven.splice(0)
    if (replicas === undefined) return
    for (let at = 0; at < unproven.length; at += provenAtOnce) {
      const asked = unproven.slice(at, at + provenAtOnce)
      const proven = await Promise.all(
        asked.map(({ task, replicaId }) => replicas.isReplica(task.key, replicaId, signal)),
      )
      asked.forEach(({ task }, index) => proven[index] === true && this.#add(task))
    }
  }

  #pairsOf(key: string): readonly VersionPair[] {
    if (this.#pairsTo === null || compareKeys(key, this.#pairsTo) > 0) {
      // Up to the nearer of the two pages' ends: the other may reach over millions of keys of this side.
      const ends = [this.#source.lastKey, this.#target.lastKey].filter(
        (end) => end !== null && compareKeys(end, key) >= 0,
      )
      this.#pairsTo = ends.reduce<string | null>(earlier, null) ?? key
      this.#pairs = this.#options.pairsBetween(key, this.#pairsTo)
    }
    return this.#pairs.get(key) ?? noPairs
  }

  #contextAt(now: number): KeyContext {
    const { link, skewMs, replicas, thorough, changedSince } = this.#options
    const tellsOfTags = this.#options.tellsOfTags?.() ?? true
    const since = link.rule.existingObjects ? 0 : link.ruleStartedAt
    const sharesIds = replicas?.sharesIds() ?? false
    const mendsOrder = this.#options.mendsOrder?.() ?? false
    const twoWay = this.#options.twoWay?.() ?? false
    const checks = { thorough, changedSince, tellsOfTags, sharesIds, mendsOrder, twoWay }
    return { linkId: link.linkId, switches: link.rule, since, skewMs: skewMs(), now, ...checks }
  }

  async #flush(): Promise<void> {
    await this.#prove()
    const tasks = this.#tasks
    if (tasks.length === 0) return
    this.#options.signal.throwIfAborted()
    this.#tasks = []
    await this.#options.room()
    await this.#options.enqueue(tasks)
  }

  /** Tasks first: a checkpoint must never stand behind a difference that is not durable. */
  async #save(now: number): Promise<void> {
    const after = this.#after
    await this.#flush()
    this.#savedAt = now
    this.#savedKeys = this.#keys
    if (after !== null) await this.#options.save({ prefix: this.#options.prefix, after, ...this.#counts() })
  }

  #counts(): ScanCounts {
    return { keys: this.#keys, versions: this.#versions, differences: this.#differences }
  }

  #report(): ScanCounts {
    const counts = this.#counts()
    this.#options.onProgress?.(counts)
    return counts
  }
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a === b || compareKeys(a, b) < 0 ? a : b
}

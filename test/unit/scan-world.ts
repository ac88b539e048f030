import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { VersionPair } from '../../electron/engine/journal/port/versions.ts'
import { align } from '../../electron/engine/replicate/versions/align.ts'
import { sequence } from '../../electron/engine/replicate/attempt/in-order.ts'
import { restoresOrder } from '../../electron/engine/replicate/versions/restores-order.ts'
import { compareKeys } from '../../electron/engine/base/key-order.ts'
import type { ScanLink, ScannerOptions } from '../../electron/engine/scan/port.ts'
import { createScanner } from '../../electron/engine/scan/scanner.ts'
import type { ListRequest, VersionEntry, VersionPage } from '../../electron/engine/store/port.ts'

/** A clock that stands until it is wound. */
export class HandClock {
  #now: number
  #timers: { readonly at: number; readonly run: () => void }[] = []
  constructor(now = 1_000_000) {
    this.#now = now
  }
  now = (): number => this.#now
  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
  wind(ms: number): void {
    this.#now += ms
    const due = this.#timers.filter((timer) => timer.at <= this.#now)
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now)
    for (const timer of due) timer.run()
  }
}

/** One bucket in memory that lists as S3 does: keys by UTF-8 bytes, versions newest first, in pages. */
export class Side {
  readonly keys = new Map<string, VersionEntry[]>()
  readonly asked: ListRequest[] = []
  readonly pageSize: number
  readonly #name: string
  #minted = 0
  #sorted: readonly VersionEntry[] | null = null
  constructor(name: string, pageSize: number) {
    this.#name = name
    this.pageSize = pageSize
  }

  /** Newest first. */
  versions(key: string): readonly VersionEntry[] {
    return this.keys.get(key) ?? []
  }

  /** A put, or a delete marker where the content is null; an id in use keeps only the newer version, as `null` does. */
  add(key: string, content: string | null, modifiedAt: number, versionId = `${this.#name}${++this.#minted}`): string {
    this.remove(key, versionId)
    const entry: VersionEntry = {
      key,
      versionId,
      isLatest: true,
      deleteMarker: content === null,
      etag: content ?? '',
      sizeBytes: content?.length ?? 0,
      modifiedAt,
      storageClass: null,
    }
    this.keys.set(key, [entry, ...this.versions(key)])
    return versionId
  }

  remove(key: string, versionId: string): void {
    this.#sorted = null
    const rest = this.versions(key).filter((entry) => entry.versionId !== versionId)
    if (rest.length === 0) this.keys.delete(key)
    else this.keys.set(key, rest)
  }

  /** Puts the newest version below all others, as a write that ended half way may leave it. */
  sink(key: string): void {
    const [newest, ...rest] = this.versions(key)
    if (newest !== undefined) this.keys.set(key, [...rest, newest])
  }

  list = (request: ListRequest): VersionPage => {
    const { prefix, from } = request
    if (request.current === true) return this.#current(prefix, from?.keyMarker ?? '')
    if (request.delimiter !== undefined) return this.#folders(prefix, from?.keyMarker ?? '')
    this.asked.push(request)
    const all = (this.#sorted ??= this.#all()).filter((entry) => entry.key.startsWith(prefix))
    const begin = from === undefined ? 0 : all.findIndex((entry) => isAfter(entry, from, all))
    const entries = begin < 0 ? [] : all.slice(begin, begin + this.pageSize)
    const last = entries.at(-1)
    const more = last !== undefined && begin + this.pageSize < all.length
    return { entries, next: more ? { keyMarker: last.key, versionIdMarker: last.versionId } : null, folders: [] }
  }

  #current(prefix: string, after: string): VersionPage {
    const all = (this.#sorted ??= this.#all())
    const entries: VersionEntry[] = []
    for (const [index, entry] of all.entries()) {
      const isCurrent = !entry.deleteMarker && entry.key !== all[index - 1]?.key
      if (!isCurrent || !entry.key.startsWith(prefix) || compareKeys(entry.key, after) <= 0) continue
      if (entries.length === this.pageSize) return { entries, next: { keyMarker: entries.at(-1)!.key }, folders: [] }
      entries.push(entry)
    }
    return { entries, next: null, folders: [] }
  }

  #folders(prefix: string, after: string): VersionPage {
    const keys = this.#all().map(({ key }) => key)
    const later = keys.filter(
      (key) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
    )
    const ends = later.map((key) => [key, key.indexOf('/', prefix.length) + 1] as const)
    const folders = [...new Set(ends.flatMap(([key, end]) => (end > 0 ? [key.slice(0, end)] : [])))]
    const next = folders.length > this.pageSize ? { keyMarker: folders[this.pageSize - 1]! } : null
    return { entries: [], folders: folders.slice(0, this.pageSize), next }
  }

  #all(): readonly VersionEntry[] {
    const keys = [...this.keys.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return keys.flatMap((key) => this.versions(key))
  }
}

function isAfter(entry: VersionEntry, from: NonNullable<ListRequest['from']>, all: readonly VersionEntry[]): boolean {
  const order = Buffer.compare(Buffer.from(entry.key), Buffer.from(from.keyMarker))
  if (order !== 0 || from.versionIdMarker === undefined) return order > 0
  const marker = all.findIndex((one) => one.key === from.keyMarker && one.versionId === from.versionIdMarker)
  return all.indexOf(entry) > marker
}

export interface WorldOptions {
  readonly adopts?: boolean
  readonly pageSize?: number
  readonly rule?: Partial<ScanLink['rule']>
  readonly ruleStartedAt?: number
}

/** Two sides, a version map, and a worker in a few lines: enough to carry out what a scan finds. */
export class World {
  readonly clock = new HandClock()
  readonly source: Side
  readonly target: Side
  readonly pairs = new Map<string, VersionPair[]>()
  readonly link: ScanLink
  checkpoint: unknown = null
  queued: NewTask[] = []
  readonly order: Parameters<typeof sequence>[3]
  readonly #adopts: boolean

  constructor({ adopts = false, pageSize = 7, rule = {}, ruleStartedAt = 0 }: WorldOptions = {}) {
    this.#adopts = adopts
    this.order = { identity: adopts ? 'adopts-ceph' : 'mints', ordersByMtime: false }
    this.source = new Side('s', pageSize)
    this.target = new Side('t', pageSize)
    this.link = {
      linkId: 'r/t/b',
      source: { site: 's', bucket: 'bucket' },
      target: { site: 't', bucket: 'bucket' },
      rule: {
        filter: { prefix: '', exclude: [], tags: {} },
        existingObjects: true,
        deleteMarkers: true,
        versionDeletes: false,
        metadata: true,
        ...rule,
      },
      ruleStartedAt,
    }
  }

  scanner(more: Partial<ScannerOptions> = {}): ReturnType<typeof createScanner> {
    return createScanner({
      link: this.link,
      list: (site, request) => Promise.resolve((site === 's' ? this.source : this.target).list(request)),
      pairsBetween: async (from, to) => this.#pairsBetween(from, to),
      enqueue: (tasks) => {
        this.queued.push(...tasks)
        return Promise.resolve()
      },
      backlogCount: () => 0,
      checkpoint: {
        read: async () => this.checkpoint,
        write: (value) => {
          this.checkpoint = value
          return Promise.resolve()
        },
      },
      clock: this.clock,
      restoresOrder: () => restoresOrder(this.order),
      skewMs: () => 0,
      ...more,
    })
  }

  /** Copies one version now, as an earlier run of the engine would have, and remembers the pair where `known`. */
  replicate(version: VersionEntry, known: boolean): void {
    const content = version.deleteMarker ? null : version.etag
    const adopted = this.#adopts ? version.versionId : undefined
    const id = this.target.add(version.key, content, this.clock.now(), adopted)
    if (!known || id === version.versionId) return
    const others = (this.pairs.get(version.key) ?? []).filter((pair) => pair.sourceVersionId !== version.versionId)
    this.pairs.set(version.key, [...others, { sourceVersionId: version.versionId, targetVersionId: id }])
  }

  async scan(reason: 'start' | 'interval' | 'resync' = 'interval'): Promise<readonly NewTask[]> {
    this.queued = []
    await this.scanner().run({ reason, signal: new AbortController().signal })
    return this.queued
  }

  /** What the worker promises: blind where the scan saw an absence, looking and in order otherwise. */
  apply(task: NewTask): void {
    const version = this.source.versions(task.key).find((entry) => entry.versionId === task.versionId)
    if (task.operation === 'deleteVersion') this.#purge(task)
    if (version === undefined || task.operation === 'metadata' || task.operation === 'deleteVersion') return
    if (task.absentSeenAt > 0) this.replicate(version, true)
    else this.#lookAndBring(version)
  }

  #lookAndBring(named: VersionEntry): void {
    const { key } = named
    const source = this.source.versions(key)
    const alignment = align(source, this.target.versions(key), this.pairs.get(key) ?? [])
    const begin = alignment.missing.includes(named) ? named : alignment.misplaced
    if (begin === null) return
    for (const { version, former } of sequence(begin, { source, alignment }, () => true, this.order)) {
      if (former !== null) this.target.remove(key, former.versionId)
      this.replicate(version, true)
    }
  }

  #purge(task: NewTask): void {
    const pair = this.pairs.get(task.key)?.find((one) => one.sourceVersionId === task.versionId)
    if (pair !== undefined) this.target.remove(task.key, pair.targetVersionId)
  }

  #pairsBetween(from: string, to: string): ReadonlyMap<string, readonly VersionPair[]> {
    const inside = (key: string): boolean =>
      Buffer.compare(Buffer.from(key), Buffer.from(from)) >= 0 && Buffer.compare(Buffer.from(key), Buffer.from(to)) <= 0
    return new Map([...this.pairs].filter(([key]) => inside(key)))
  }
}

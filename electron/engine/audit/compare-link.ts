import type { Difference } from '../../../shared/model/job.ts'
import { compareKeys } from '../feed/key-order.ts'
import { VersionReader } from '../feed/version-reader.ts'
import type { VersionPair } from '../journal/port.ts'
import type { ListRequest, ObjectStore, VersionEntry, VersionPage } from '../store/port.ts'
import type { LinkOrder } from '../worker/port.ts'
import { compileKeyMatch } from '../rule/match.ts'
import { compareVersions } from './compare-versions.ts'
import { differencesOfKey } from './key-differences.ts'

export interface CompareParts {
  readonly link: LinkOrder
  readonly prefix: string
  /** Also reads headers, metadata, tags and locks of every version, and the bytes where the ETags cannot tell. */
  readonly deep: boolean
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly pairs: (key: string) => readonly VersionPair[]
  readonly source: ObjectStore
  readonly target: ObjectStore
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress: (keys: number) => void
}

export interface CompareResult {
  readonly keys: number
  readonly versions: number
  readonly differenceCount: number
  /** The first 1,000. */
  readonly differences: readonly Difference[]
}

const kept = 1000
/** Deep comparisons under way at one time. */
const deepAtOnce = 16

/** Compares every version of every key under the rule on both sides. Reads only; a broken listing throws its fault. */
export async function compareLink(parts: CompareParts): Promise<CompareResult> {
  const { link } = parts
  const covers = compileKeyMatch({ ...link.rule.filter, prefix: parts.prefix })
  const source = sideOf(link.source, parts)
  const target = sideOf(link.target, parts)
  const found: Difference[] = []
  const deep = new DeepQueue(deepAtOnce, found)
  let keys = 0
  let versions = 0
  await Promise.all([next(source), next(target)])
  while (source.key !== null || target.key !== null) {
    parts.signal.throwIfAborted()
    const key = lesser(source.key, target.key)
    const here = source.key === key ? source.group() : []
    const there = target.key === key ? target.group() : []
    if (covers(key)) {
      keys++
      versions += here.length
      const { differences, pairs } = differencesOfKey(key, here, there, parts.pairs(key), link)
      found.push(...differences)
      if (parts.deep)
        for (const pair of pairs) if (!pair[0].deleteMarker) await deep.add(() => compareVersions(pair, parts))
    }
    if (keys % 1000 === 0) parts.onProgress(keys)
    await Promise.all([source.key === key ? next(source) : null, target.key === key ? next(target) : null])
  }
  await deep.drained()
  parts.onProgress(keys)
  return { keys, versions, differenceCount: found.length, differences: found.slice(0, kept) }
}

function sideOf(at: { readonly site: string; readonly bucket: string }, parts: CompareParts): VersionReader {
  return new VersionReader({
    list: (from) => parts.list(at.site, { bucket: at.bucket, prefix: parts.prefix, from }, parts.signal),
    now: parts.now,
    after: null,
  })
}

async function next(reader: VersionReader): Promise<void> {
  if (!reader.advance()) await reader.fill()
}

function lesser(a: string | null, b: string | null): string {
  if (a === null) return b!
  return b === null || compareKeys(a, b) <= 0 ? a : b
}

/** Runs a bounded number of deep comparisons at once; the first fault ends the whole. */
class DeepQueue {
  readonly #room: number
  readonly #found: Difference[]
  readonly #running = new Set<Promise<void>>()

  constructor(room: number, found: Difference[]) {
    this.#room = room
    this.#found = found
  }

  async add(run: () => Promise<readonly Difference[]>): Promise<void> {
    const one = run().then((differences) => {
      this.#found.push(...differences)
      this.#running.delete(one)
    })
    this.#running.add(one)
    if (this.#running.size >= this.#room) await Promise.race(this.#running)
  }

  async drained(): Promise<void> {
    await Promise.all(this.#running)
  }
}

export type PairOfVersions = readonly [source: VersionEntry, target: VersionEntry]

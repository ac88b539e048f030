/*
 * Compare: holds both sides of a rule against each other, by listing, attributes or bytes, and changes nothing. Started as a job
 * by `api/compare.ts`; a key that differs is looked at a second time before it counts.
 */

import { checkedReader } from '../scan/checked-reader.ts'
import { everyPage } from '../store/current-keys.ts'
import { compareKeys } from '../base/key-order.ts'
import type { VersionReader } from '../scan/version-reader.ts'
import { isCanary } from '../rule/canary-keys.ts'
import { compileKeyMatch } from '../rule/match.ts'
import { Bounded } from './bounded.ts'
import { comparePair } from './compare-pair.ts'
import { differencesOfKey, latestDifference, type KeyDifferences, type KeyToCompare } from './key-differences.ts'
import { FailFast } from './fail-fast.ts'
import type { PairOfVersions } from './findings.ts'
import type { CompareParts, CompareRun } from './port.ts'
import { compareListings, recheckKey, nameOf, place, viewOf, type Anew, type KeyToRecheck } from './recheck-key.ts'
import type { LinkOrder } from '../replicate/port.ts'
import { SilentSides } from './silent-sides.ts'

/** Looks under way at one time; each reads both sides. */
const looksAtOnce = { listing: 16, attributes: 16, bytes: 4 } as const

/**
 * Compares every version of every key under the rule on both sides, and looks again at each key that is not alike. Reads only. What
 * is found goes into the tally; a listing that breaks or cannot be trusted throws its fault.
 */
export async function compareLink(parts: CompareParts): Promise<void> {
  const run: CompareRun = { ...parts, sides: new SilentSides(parts), failFast: new FailFast() }
  const again = await new FirstPass(run).run()
  const looks = new Bounded(looksAtOnce[parts.level])
  try {
    for (const one of again) await looks.add(() => recheckKey(one, run))
    await looks.drained()
  } finally {
    await looks.ended()
  }
}

/** Lists both sides side by side, and looks deeper at each pair where the level asks for it. */
class FirstPass {
  readonly #run: CompareRun
  readonly #looks: Bounded
  readonly #again = new Map<string, KeyToRecheck>()
  #keys = 0

  constructor(run: CompareRun) {
    this.#run = run
    this.#looks = new Bounded(looksAtOnce[run.level])
  }

  /** The keys that have to be looked at again. */
  async run(): Promise<readonly KeyToRecheck[]> {
    try {
      await this.#listBoth()
      await this.#looks.drained()
    } finally {
      await this.#looks.ended()
    }
    this.#run.onProgress(this.#keys)
    return [...this.#again.values()]
  }

  async #listBoth(): Promise<void> {
    const { link, signal, tally, onProgress, prefix } = this.#run
    const covers = compileKeyMatch({ ...link.rule.filter, prefix })
    const source = this.#reader('source')
    const target = this.#reader('target')
    await Promise.all([next(source), next(target)])
    while (source.key !== null || target.key !== null) {
      signal.throwIfAborted()
      const key = lesser(source.key, target.key)
      const here = source.key === key ? source.group() : []
      const there = target.key === key ? target.group() : []
      if (covers(key)) {
        tally.key(here.length)
        const isTold = !(source.key === key && source.isUndecided) && !(target.key === key && target.isUndecided)
        await this.#key(await viewOf(key, { source: here, target: there }, this.#run), isTold)
      } else tally.except({ kind: isCanary(key) ? 'canary' : 'outside-filter', key, versionId: null })
      if (++this.#keys % 1000 === 0) onProgress(this.#keys)
      await Promise.all([source.key === key ? next(source) : null, target.key === key ? next(target) : null])
    }
  }

  #reader(side: 'source' | 'target'): VersionReader {
    const { link, list, prefix, signal, now, tally, listsNested } = this.#run
    const at = link[side]
    const lists = listsNested(side)
    if (lists !== true) tally.nestedUnseen(at, lists === false)
    const onUnavailable = (): void => tally.unchecked(at)
    return checkedReader({ at, prefix, list, now, signal, after: null, rate: everyPage, onUnavailable })
  }

  /** `isTold`: both listings tell in which order the versions of the key came. */
  async #key(view: KeyToCompare, isTold: boolean): Promise<void> {
    const { link, level, tally } = this.#run
    const found = differencesOfKey(view, link, level)
    const isCounted = isTold && isAlike(view, found, link)
    const one = { key: view.key, extras: strayIn(found), alike: new Set<string>(), isCounted }
    if (isCounted) for (const exception of found.exceptions) tally.except(exception)
    else if (this.#hasRoom || !isTold) this.#again.set(one.key, one)
    else {
      tally.once()
      return this.#looks.add(async () => compareListings(one, await this.#asSeen(view), this.#run))
    }
    if (level === 'listing' || !isTold) return
    for (const pair of found.pairs) if (!pair[0].deleteMarker) await this.#looks.add(() => this.#pair(pair, one, view))
  }

  async #pair(
    pair: PairOfVersions,
    one: KeyToRecheck & { readonly alike: Set<string> },
    view: KeyToCompare,
  ): Promise<void> {
    const look = await comparePair(pair, this.#run)
    if (look.differences.length === 0 && look.notSeen.length === 0) {
      one.alike.add(nameOf(pair[0]))
      for (const exception of look.exceptions) this.#run.tally.except(exception)
    } else if (this.#hasRoom || this.#again.has(one.key)) this.#again.set(one.key, one)
    else {
      this.#run.tally.once()
      await place(look, one, await this.#asSeen(view), this.#run)
    }
  }

  get #hasRoom(): boolean {
    return this.#again.size < this.#run.recheckAtMost
  }

  async #asSeen({ key, source, target }: KeyToCompare): Promise<Anew> {
    return { source, target, changed: false, pending: await this.#run.pending(key) }
  }
}

const isAlike = (view: KeyToCompare, found: KeyDifferences, link: LinkOrder): boolean =>
  found.differences.length === 0 &&
  found.doubts.length === 0 &&
  latestDifference(view, found, found.excused, link) === null

const strayIn = ({ differences, doubts }: KeyDifferences): ReadonlySet<string> =>
  new Set([
    ...differences.flatMap(({ kind, versionId }) =>
      kind === 'extra-at-target' && versionId !== null ? [versionId] : [],
    ),
    ...doubts.flatMap((doubt) => (doubt.about === 'extra' ? [doubt.entry.versionId] : [])),
  ])

async function next(reader: VersionReader): Promise<void> {
  if (!reader.advance()) await reader.fill()
}

function lesser(a: string | null, b: string | null): string {
  if (a === null) return b!
  return b === null || compareKeys(a, b) <= 0 ? a : b
}

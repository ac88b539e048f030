import { checkedReader } from '../feed/checked-reader.ts'
import { everyPage } from '../feed/current-keys.ts'
import { compareKeys } from '../feed/key-order.ts'
import type { VersionReader } from '../feed/version-reader.ts'
import { compileKeyMatch, canaryPrefix } from '../rule/match.ts'
import { Bounded } from './bounded.ts'
import { comparePair, type PairLook } from './compare-pair.ts'
import { differencesOfKey, latestDifference, type KeyDifferences, type KeyView } from './key-differences.ts'
import type { CompareParts, PairOfVersions } from './port.ts'
import { lookAgain, nameOf, viewOf, type KeyAgain } from './second-look.ts'
import { SilentSides } from './silent-sides.ts'

/** Looks under way at one time; each reads both sides. */
const looksAtOnce = { listing: 16, attributes: 16, bytes: 4 } as const

/**
 * Compares every version of every key under the rule on both sides, and looks again at each key that is not alike. Reads only. What
 * is found goes into the tally; a listing that breaks or cannot be trusted throws its fault.
 */
export async function compareLink(parts: CompareParts): Promise<void> {
  const sides = new SilentSides(parts)
  const again = await new FirstPass(parts, sides).run()
  const looks = new Bounded(looksAtOnce[parts.level])
  try {
    for (const one of again) await looks.add(() => lookAgain(one, parts, sides))
    await looks.drained()
  } finally {
    await looks.ended()
  }
}

/** Lists both sides side by side, and looks deeper at each pair where the level asks for it. */
class FirstPass {
  readonly #parts: CompareParts
  readonly #sides: SilentSides
  readonly #looks: Bounded
  readonly #again = new Map<string, KeyAgain>()
  #keys = 0

  constructor(parts: CompareParts, sides: SilentSides) {
    this.#parts = parts
    this.#sides = sides
    this.#looks = new Bounded(looksAtOnce[parts.level])
  }

  /** The keys that have to be looked at again. */
  async run(): Promise<readonly KeyAgain[]> {
    try {
      await this.#listBoth()
      await this.#looks.drained()
    } finally {
      await this.#looks.ended()
    }
    this.#parts.onProgress(this.#keys)
    return [...this.#again.values()]
  }

  async #listBoth(): Promise<void> {
    const { link, signal, tally, onProgress, prefix } = this.#parts
    const covers = compileKeyMatch({ ...link.rule.filter, prefix })
    const source = this.#reader('source')
    const target = this.#reader('target')
    await Promise.all([next(source), next(target)])
    while (source.key !== null || target.key !== null) {
      signal.throwIfAborted()
      const key = lesser(source.key, target.key)
      const here = source.key === key ? source.decided() : []
      const there = target.key === key ? target.decided() : []
      if (covers(key)) {
        tally.key(here.length)
        await this.#key({ ...viewOf(key, this.#parts), source: here, target: there })
      } else if (!key.startsWith(canaryPrefix)) tally.except({ kind: 'outside-filter', key, versionId: null })
      if (++this.#keys % 1000 === 0) onProgress(this.#keys)
      await Promise.all([source.key === key ? next(source) : null, target.key === key ? next(target) : null])
    }
  }

  #reader(side: 'source' | 'target'): VersionReader {
    const { link, list, prefix, signal, now } = this.#parts
    return checkedReader({ at: link[side], prefix, list, now, signal, after: null, rate: everyPage })
  }

  async #key(view: KeyView): Promise<void> {
    const { link, level, tally } = this.#parts
    const found = differencesOfKey(view, link, level)
    const isCounted = isAlike(view, found, this.#parts)
    if (isCounted) for (const exception of found.exceptions) tally.except(exception)
    const alike = new Set<string>()
    const { key } = view
    const lookAgainAt = (): void => {
      if (!this.#again.has(key)) this.#again.set(key, { key, extras: extrasOf(found), alike, isCounted })
    }
    if (!isCounted) lookAgainAt()
    if (level === 'listing') return
    for (const pair of found.pairs)
      if (!pair[0].deleteMarker) await this.#looks.add(() => this.#pair(pair, alike, lookAgainAt))
  }

  async #pair(pair: PairOfVersions, alike: Set<string>, lookAgainAt: () => void): Promise<void> {
    const look = await comparePair(pair, this.#parts, this.#sides)
    if (!isClean(look)) return lookAgainAt()
    alike.add(nameOf(pair[0]))
    for (const exception of look.exceptions) this.#parts.tally.except(exception)
  }
}

const isAlike = (view: KeyView, found: KeyDifferences, { link }: CompareParts): boolean =>
  found.differences.length === 0 &&
  found.doubts.length === 0 &&
  latestDifference(view, found, found.excused, link) === null

const isClean = ({ differences, notSeen, isStale }: PairLook): boolean =>
  differences.length === 0 && notSeen.length === 0 && !isStale

const extrasOf = ({ differences, doubts }: KeyDifferences): ReadonlySet<string> =>
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

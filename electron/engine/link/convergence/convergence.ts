import type { TwoSidedKey } from '../../../../shared/model/rule.ts'
import type { Clock } from '../../base/clock.ts'
import { maySeemDiverged, turned } from '../../scan/seems-diverged.ts'
import { isDiverged, isCoveredAtTarget, type BothSides } from '../../replicate/versions/both-sides.ts'
import type { KeyView } from '../../scan/key-view.ts'
import type { ScanWatch } from '../../scan/port.ts'
import { currentOf, type KeySides } from '../../scan/target-writes.ts'
import type { ReadsAtOnce } from '../../journal/port/tasks.ts'
import type { Remembered } from '../../journal/remembered.ts'
import { allVersionsOf, versionsOf } from '../../replicate/versions/key-listing.ts'
import { compileKeyMatch, matchesTags } from '../../rule/match.ts'
import type { ObjectStore, VersionEntry } from '../../store/port.ts'
import { DivergedKeys } from './diverged-keys.ts'
import type { Link } from '../link.ts'

export interface ConvergenceParts {
  readonly atOnce: Pick<ReadsAtOnce, 'pairs' | 'isUnderWay'>
  /** The keys that are apart, by link. */
  readonly marks: Remembered
  readonly link: (linkId: string) => Link | null
  /** The enabled links that copy some of the same keys the other way. */
  readonly opposites: (link: Link) => readonly Link[]
  /** No other rule brings any of the same keys to the target. */
  readonly isOnlyWriter: (link: Link) => boolean
  /** Is the current version at the target one that somebody else wrote? False also where that cannot be told. */
  readonly isForeign: (link: Link, sides: KeySides, signal: AbortSignal) => Promise<boolean>
  readonly store: (siteId: string) => ObjectStore
  readonly isOffline: (siteId: string) => boolean
  readonly clock: Clock
  readonly onChange: () => void
}

/** How the two sides of a link stand; `known`: all its keys were looked at since the start. */
export interface Convergence {
  /** Its keys are copied the other way too; otherwise what is counted was written by others at the target alone. */
  readonly isPaired: boolean
  readonly count: number
  readonly isOver: boolean
  readonly doubts: number
  readonly isKnown: boolean
}

const lookEveryMs = 200
const looksAtOnce = 16
const saveAfterMs = 1000

/**
 * Counts the keys whose two sides do not show the same though nothing is pending: of opposite pairs those that do not converge,
 * of one-way rules those that others wrote at the target. A scan, or writes in both directions, put a key in doubt; it is
 * counted, or cleared, by a look at both sides while nothing is pending for it.
 */
export class ConvergenceBook {
  readonly #parts: ConvergenceParts
  readonly #books = new Map<string, DivergedKeys>()
  readonly #unsaved = new Set<string>()
  readonly #abort = new AbortController()
  #cancelLooks: (() => void) | null = null
  #isLooking = false
  #wasPaired: ReadonlyMap<string, boolean> = new Map()

  constructor(parts: ConvergenceParts) {
    this.#parts = parts
  }

  /** null for a link of which nobody asks: one that shares its target with another rule. */
  of(link: Link): Convergence | null {
    if (!this.#isWatched(link)) return null
    const isPaired = this.#isPaired(link)
    const { count, isOver, doubts, isKnown } = this.#book(link.linkId)
    return { isPaired, count, isOver, doubts, isKnown: isKnown || !isPaired }
  }

  first(link: Link, most: number): readonly TwoSidedKey[] {
    return this.#isWatched(link) ? this.#book(link.linkId).first(most) : []
  }

  #isPaired(link: Link): boolean {
    return this.#parts.opposites(link).length > 0
  }

  #isWatched(link: Link): boolean {
    return this.#isPaired(link) || this.#parts.isOnlyWriter(link)
  }

  /** What the scans of the link tell of its keys. */
  watch(link: Link): ScanWatch {
    let isPaired = false
    return {
      isWatched: () => {
        isPaired = this.#isPaired(link)
        return this.#isWatched(link)
      },
      saw: (view, isPending) => this.#saw(link, view, isPaired, isPending),
      scanned: (startedAt) => {
        this.#book(link.linkId).scanned(startedAt)
        this.#changed(link.linkId)
        this.#later()
      },
    }
  }

  /**
   * The link brought something of the key: with a write the other way before, both sides were written; and a key that was
   * apart may have come together.
   */
  wrote(link: Link, key: string): void {
    const opposites = this.#parts.opposites(link)
    if (opposites.length === 0) {
      if (this.#isWatched(link) && this.#book(link.linkId).has(key)) this.#doubt(link.linkId, key)
      return
    }
    this.#book(link.linkId).wrote(key)
    const isBothWays = opposites.some(({ linkId }) => this.#book(linkId).hasWritten(key))
    for (const { linkId } of [link, ...opposites])
      if (isBothWays || this.#book(linkId).has(key)) this.#doubt(linkId, key)
  }

  /**
   * The rules changed: what was counted of a link that lost its opposite, or has one now, was another question. Returns the paired
   * links that nobody looked over yet.
   */
  sync(links: readonly Link[]): readonly string[] {
    const watched = new Set(links.filter((link) => this.#isWatched(link)).map(({ linkId }) => linkId))
    const paired = links.filter((link) => this.#isPaired(link)).map(({ linkId }) => linkId)
    for (const linkId of this.#books.keys())
      if (!watched.has(linkId) || (this.#wasPaired.get(linkId) ?? paired.includes(linkId)) !== paired.includes(linkId))
        this.forget(linkId)
    this.#wasPaired = new Map([...watched].map((linkId) => [linkId, paired.includes(linkId)]))
    return paired.filter((linkId) => !this.#book(linkId).isKnown)
  }

  forget(linkId: string): void {
    this.#books.delete(linkId)
    void this.#parts.marks.erase(linkId).catch(() => undefined)
  }

  stop(): void {
    this.#abort.abort()
    this.#cancelLooks?.()
    for (const linkId of this.#unsaved) this.#save(linkId)
  }

  #saw(link: Link, { key, ...sides }: KeyView, isPaired: boolean, isPending: boolean): void {
    const book = this.#book(link.linkId)
    const seems = isPaired
      ? maySeemDiverged(sides, isPending) && maySeemDiverged(this.#withOpposite(link, key, sides), isPending)
      : !isPending && isCoveredAtTarget(sides)
    if (seems !== book.has(key)) this.#doubt(link.linkId, key)
    else if (seems) book.seen(key, this.#parts.clock.now())
  }

  #withOpposite<T extends BothSides>(link: Link, key: string, sides: T): T {
    const { opposites, atOnce } = this.#parts
    const back = opposites(link).flatMap(({ linkId }) => turned(atOnce.pairs(linkId, key)))
    return { ...sides, pairs: [...sides.pairs, ...back] }
  }

  #book(linkId: string): DivergedKeys {
    let book = this.#books.get(linkId)
    if (book === undefined) this.#books.set(linkId, (book = new DivergedKeys(this.#parts.marks.get(linkId))))
    return book
  }

  #doubt(linkId: string, key: string): void {
    this.#book(linkId).doubt(key)
    this.#later()
  }

  #later(): void {
    if (this.#abort.signal.aborted || this.#isLooking) return
    this.#cancelLooks ??= this.#parts.clock.after(lookEveryMs, () => {
      this.#cancelLooks = null
      this.#isLooking = true
      void this.#lookAround().finally(() => {
        this.#isLooking = false
        if ([...this.#books.values()].some(({ doubts }) => doubts > 0)) this.#later()
      })
    })
  }

  async #lookAround(): Promise<void> {
    for (const [linkId, book] of this.#books) {
      const link = this.#parts.link(linkId)
      if (link === null || !this.#isReachable(link)) continue
      await Promise.all(book.next(looksAtOnce).map((key) => this.#look(link, key)))
    }
  }

  #isReachable({ source, target }: Link): boolean {
    return ![source, target].some(({ site }) => this.#parts.isOffline(site))
  }

  /** A site that does not answer now is asked again: the key stays in doubt. */
  async #look(link: Link, key: string): Promise<void> {
    const { signs } = this.#book(link.linkId)
    const apart = this.#isPaired(link) ? this.#apart(link, key) : this.#covered(link, key)
    const found = await apart.catch(() => 'unknown' as const)
    if (found === 'unknown' || this.#abort.signal.aborted) return
    this.#book(link.linkId).looked(key, found, this.#parts.clock.now(), signs)
    this.#changed(link.linkId)
  }

  async #apart(link: Link, key: string): Promise<TwoSidedKey | null | 'unknown'> {
    const { opposites, atOnce } = this.#parts
    const covers = ({ rule }: Link): boolean => compileKeyMatch(rule.filter)(key)
    const back = opposites(link).filter(covers)
    if (back.length === 0 || !covers(link)) return null
    if (this.#isPending(key, [link, ...back])) return 'unknown'
    const sides = await this.#bothSides(link, key)
    // What changed or was brought meanwhile makes two lists that never stood side by side.
    if (sides === null || this.#isPending(key, [link, ...back])) return 'unknown'
    const { source, target } = sides
    const pairs = atOnce.pairs(link.linkId, key)
    if (!isDiverged(this.#withOpposite(link, key, { source, target, pairs }))) return null
    const carried = await Promise.all([
      this.#isCarried(source[0], link),
      ...back.map((other) => this.#isCarried(target[0], other)),
    ])
    if (carried.includes(false)) return null
    return { key, source: currentOf(source[0]), target: currentOf(target[0]) }
  }

  /** What others wrote at the target of a one-way rule, on top of what the rule brought; null when there is no such thing. */
  async #covered(link: Link, key: string): Promise<TwoSidedKey | null | 'unknown'> {
    const { atOnce, isForeign } = this.#parts
    if (!this.#isWatched(link) || !compileKeyMatch(link.rule.filter)(key)) return null
    if (this.#isPending(key, [link])) return 'unknown'
    const sides = await this.#bothSides(link, key)
    if (sides === null || this.#isPending(key, [link])) return 'unknown'
    const seen = { key, ...sides, pairs: atOnce.pairs(link.linkId, key) }
    if (!isCoveredAtTarget(seen) || !(await this.#isCarried(sides.source[0], link))) return null
    if (!(await isForeign(link, seen, this.#abort.signal))) return null
    return { key, source: currentOf(sides.source[0]), target: currentOf(sides.target[0]) }
  }

  #isPending(key: string, links: readonly Link[]): boolean {
    return links.some(({ linkId }) => this.#parts.atOnce.isUnderWay(linkId, key))
  }

  /** The target between two looks at the source; null when the source changed meanwhile. */
  async #bothSides({ source, target }: Link, key: string): Promise<Omit<BothSides, 'pairs'> | null> {
    const { store } = this.#parts
    const list = async ({ site, bucket }: Link['source']): Promise<readonly VersionEntry[]> => {
      const found = await versionsOf(store(site), { bucket, key }, this.#abort.signal)
      if (found.whole || found.versions.length > 0) return found.versions
      return (await allVersionsOf(store(site), { bucket, key }, this.#abort.signal)).versions
    }
    const before = await list(source)
    const there = await list(target)
    const after = await list(source)
    const ids = (entries: readonly VersionEntry[]): string => entries.map(({ versionId }) => versionId).join(' ')
    return ids(before) === ids(after) ? { source: after, target: there } : null
  }

  /** What a rule does not carry (deletes, other tags, what was there before it) is no difference under its terms. */
  async #isCarried(current: VersionEntry | undefined, link: Link): Promise<boolean> {
    const { rule, source } = link
    if (current === undefined) return true
    if (current.deleteMarker) return rule.deleteMarkers
    if (!rule.existingObjects && current.modifiedAt < link.beginsAt) return false
    if (Object.keys(rule.filter.tags).length === 0) return true
    const ref = { bucket: source.bucket, key: current.key, versionId: current.versionId }
    const tags = await this.#parts.store(source.site).getTags(ref, { signal: this.#abort.signal })
    return matchesTags(rule.filter, tags)
  }

  /** Durable soon, not at once: a restart looks again anyway before it says that all is well. */
  #changed(linkId: string): void {
    this.#parts.onChange()
    if (this.#unsaved.has(linkId)) return
    this.#unsaved.add(linkId)
    this.#parts.clock.after(saveAfterMs, () => {
      if (this.#abort.signal.aborted) return
      this.#unsaved.delete(linkId)
      this.#save(linkId)
    })
  }

  #save(linkId: string): void {
    const book = this.#books.get(linkId)
    if (book === undefined) return
    void this.#parts.marks.write(linkId, book.kept()).catch(() => undefined)
  }
}

import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ListPosition, VersionEntry, VersionPage } from '../store/port.ts'
import { isSame } from '../store/version-order.ts'
import type { CurrentKeys } from '../store/current-keys.ts'
import { compareKeys } from '../base/key-order.ts'

interface DatedPage extends VersionPage {
  /**
   * Before the page was asked for, or the first of the listing that the site goes on with: whatever it does not hold was absent at some
   * time after this.
   */
  readonly askedAt: number
}

export interface VersionReaderOptions {
  readonly list: (from: ListPosition | undefined) => Promise<VersionPage>
  readonly now: () => number
  /** Start after all versions of this key. */
  readonly after: string | null
  /** The last key of interest; null, or absent: to the end. It may come nearer meanwhile. */
  readonly until?: () => string | null
  /** Absent: what the pages leave out is not noticed. */
  readonly check?: Pick<CurrentKeys, 'begin' | 'check'>
  /** Named in faults. */
  readonly site?: string
}

/**
 * Reads one side's ListObjectVersions as groups of one key each, with the next page always under way. A key whose
 * versions cross pages comes as one group.
 */
export class VersionReader {
  readonly #options: VersionReaderOptions
  #entries: readonly VersionEntry[] = []
  #start = 0
  #end = 0
  #askedAt = 0
  /** Entries before this index came with an earlier page, asked for at `#carriedAskedAt`. */
  #carried = 0
  #carriedAskedAt = 0
  #next: Promise<DatedPage> | null
  #key: string | null = null
  /** The last key that was gone past; null before the first. */
  #passed: string | null
  #emptyPages = 0
  /** Of the pages at hand, keys of which the site does not tell the order of their versions. */
  #undecided = noKeys

  constructor(options: VersionReaderOptions) {
    this.#options = options
    this.#passed = options.after
    this.#next = this.#ask(options.after === null ? undefined : { keyMarker: options.after })
  }

  /** Key of the group at hand; null when there is no more of interest. Call {@link advance} and {@link fill} first. */
  get key(): string | null {
    return this.#key === null || this.#isBeyond(this.#key) ? null : this.#key
  }

  /** Newest first, unless {@link isUndecided}. */
  group(): readonly VersionEntry[] {
    return this.#entries.slice(this.#start, this.#end)
  }

  /** Does the site leave open in which order the versions of the group at hand came? */
  get isUndecided(): boolean {
    return this.#undecided.size > 0 && this.#key !== null && this.#undecided.has(this.#key)
  }

  /** When the bucket was as the page tells that shows the group at hand, and that nothing lies between it and the group before, or earlier. */
  get askedAt(): number {
    return this.#start < this.#carried ? this.#carriedAskedAt : this.#askedAt
  }

  /** The last key read so far; null when the listing has ended. */
  get lastKey(): string | null {
    return this.#entries.at(-1)?.key ?? null
  }

  /** Goes to the next group, when all of it is at hand; otherwise {@link fill} must be awaited. */
  advance(): boolean {
    const entries = this.#entries
    const start = this.#end
    if (start === entries.length) return this.#atPageEnd()
    const key = entries[start]!.key
    let end = start + 1
    while (end < entries.length && entries[end]!.key === key) end++
    if (end === entries.length && this.#next !== null) return false
    // A site that lists in another order would make the merge see absences that are none, and copy without looking.
    if (this.#passed !== null && compareKeys(this.#passed, key) >= 0) throw unordered(this.#options)
    this.#start = start
    this.#end = end
    this.#key = this.#passed = key
    return true
  }

  /** Reads pages until the next group is complete, and goes to it. */
  async fill(): Promise<void> {
    do {
      const page = await this.#next
      if (page === null) continue
      this.#next =
        page.next === null || this.#isBeyond(page.entries.at(-1)?.key) ? null : this.#ask(page.next, page.askedAt)
      this.#take(page)
    } while (!this.advance())
  }

  #isBeyond(key: string | undefined): boolean {
    const until = this.#options.until?.() ?? null
    return key !== undefined && until !== null && compareKeys(key, until) > 0
  }

  #atPageEnd(): boolean {
    if (this.#next !== null) return false
    this.#key = null
    this.#entries = []
    this.#start = this.#end = this.#carried = 0
    return true
  }

  #take(page: DatedPage): void {
    const rest = this.#entries.slice(this.#end)
    const entries = withoutRepeats(page.entries, this.#entries)
    if (rest.length > 0 && this.#end >= this.#carried) this.#carriedAskedAt = this.#askedAt
    this.#carried = rest.length
    this.#undecided = undecidedOn(page, rest, this.#undecided)
    this.#entries = rest.length === 0 ? entries : rest.concat(entries)
    this.#start = this.#end = 0
    this.#askedAt = page.askedAt
  }

  /** `before`: of the page that this one follows. Behind a cursor MinIO keeps the listing that it began, and shows nothing younger. */
  #ask(from: ListPosition | undefined, before?: number): Promise<DatedPage> {
    const askedAt = from?.cursor === undefined ? this.#options.now() : (before ?? 0)
    const { list, check } = this.#options
    check?.begin(from)
    const asked = list(from).then(async (listed) => {
      const page = withoutStart(
        check === undefined ? listed : await check.check(listed, from),
        from,
        this.#options.after,
      )
      this.#emptyPages = page.entries.length === 0 ? this.#emptyPages + 1 : 0
      if (page.next !== null && isNoProgress(page.next, from, this.#emptyPages)) throw unordered(this.#options)
      return { ...page, askedAt }
    })
    // The failure of a page read ahead is met when that page is needed.
    asked.catch(() => undefined)
    return asked
  }
}

/** Ceph begins with the versions of the very key that a listing is to go on after; where no version is named, none of it is wanted. */
function withoutStart(page: VersionPage, from: ListPosition | undefined, after: string | null): VersionPage {
  if (from === undefined || from.versionIdMarker !== undefined || from.keyMarker !== after) return page
  const entries = page.entries.filter(({ key }) => key !== from.keyMarker)
  return entries.length === page.entries.length ? page : { ...page, entries }
}

/** Some sites show entries of the page before once more (versitygw, where a page ends within a folder). */
function withoutRepeats(page: readonly VersionEntry[], before: readonly VersionEntry[]): readonly VersionEntry[] {
  const last = before.at(-1)
  const first = page[0]
  if (last === undefined || first === undefined || compareKeys(first.key, last.key) > 0) return page
  return page.filter((entry) => compareKeys(entry.key, last.key) > 0 || !before.some((other) => isSame(other, entry)))
}

const noKeys: ReadonlySet<string> = new Set()

function undecidedOn(
  { undecided = [] }: VersionPage,
  rest: readonly VersionEntry[],
  before: ReadonlySet<string>,
): ReadonlySet<string> {
  const carried = rest[0]?.key
  const carries = carried !== undefined && before.has(carried)
  if (undecided.length === 0 && !carries) return noKeys
  return new Set(carries ? [...undecided, carried] : undecided)
}

/** Sites may answer with empty pages while they skip over what they do not show, but not for ever. */
const emptyPagesAtMost = 1000

/** Does the next page begin before this one, or where this one did? Then a listing may never end, and shows no absence. */
function isNoProgress(next: ListPosition, from: ListPosition | undefined, emptyPages: number): boolean {
  if (emptyPages > emptyPagesAtMost) return true
  if (from === undefined) return false
  const order = compareKeys(next.keyMarker, from.keyMarker)
  return order < 0 || (order === 0 && next.versionIdMarker === from.versionIdMarker)
}

const siteOf = ({ site }: VersionReaderOptions): { readonly site?: string } => (site === undefined ? {} : { site })

function unordered(options: VersionReaderOptions): FaultError {
  const message = 'The listing of versions does not go forward in key order.'
  return new FaultError(fault('LISTING_UNORDERED', message, siteOf(options)))
}

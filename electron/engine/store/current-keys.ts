import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ListPosition, VersionPage } from './port.ts'
import { lastNameOn } from './version-listing.ts'
import { compareKeys } from '../base/key-order.ts'

/** Which pages are held against ListObjectsV2: every n-th, the first one `offset` pages on. 1: all. */
export interface CheckRate {
  readonly every: number
  readonly offset: number
}

export const everyPage: CheckRate = { every: 1, offset: 0 }

export interface CurrentKeysOptions extends CheckRate {
  /** ListObjectsV2 of the same bucket, prefix (another where it is given) and delimiter. */
  readonly current: (from: ListPosition | undefined, prefix?: string) => Promise<VersionPage>
  /** The listing of versions that is checked. */
  readonly versions: (from: ListPosition | undefined) => Promise<VersionPage>
  /** The listing begins after this key. */
  readonly after: string | null
  /** Named in faults. */
  readonly site?: string
  /** The site has no other listing, or refuses it: from here on nothing is checked. */
  readonly onUnavailable?: () => void
}

/** A site that refuses the other listing, or has none, cannot be checked by it. */
const unavailable = ['ACCESS_DENIED', 'NOT_SUPPORTED', 'REQUEST_REFUSED', 'RESPONSE_UNREADABLE']

export const isWithoutListing = (error: unknown): boolean =>
  error instanceof FaultError && unavailable.includes(error.fault.code)

/** Of keys that seem to be left out, so many are asked for by themselves: one is enough. */
const askedAgain = 8

/**
 * Holds a listing of versions against ListObjectsV2: whatever key has a current object must show in the listing of versions. A
 * listing of one page is not checked: what sites leave out, they leave out where a page begins.
 */
export class CurrentKeys {
  readonly #options: CurrentKeysOptions
  #pages = 0
  /** Keys that the listing of versions has yet to show, ascending. */
  #expected: readonly string[] = []
  /** ListObjectsV2 was read up to this key; null: not at all. */
  #readTo: string | null = null
  #isAtEnd = false
  #isOff = false
  /** The last key that the pages so far have shown. */
  #passed: string | null
  #asked: Promise<void> | null = null

  constructor(options: CurrentKeysOptions) {
    this.#options = options
    this.#passed = options.after
  }

  /** Asks beside the page that begins here. What it finds is met by {@link check}. */
  begin(from: ListPosition | undefined): void {
    this.#asked = null
    const isTurn = (this.#pages++ + this.#options.offset) % this.#options.every === 0
    // Whether the first page is the only one is not known yet.
    if (from === undefined || !isTurn || this.#isOff || this.#expected.length > 0 || this.#isAtEnd) return
    this.#asked = this.#read(from.keyMarker)
    this.#asked.catch(() => undefined)
  }

  /**
   * The page as it is to be read: one that goes past keys is asked for once more, by another marker. Throws LISTING_INCOMPLETE when
   * that does not help.
   */
  async check(page: VersionPage, from: ListPosition | undefined): Promise<VersionPage> {
    if (this.#isOff || (from === undefined && page.next === null)) return page
    if (page.next !== null && lastNameOn(page) === null) return page
    if (from === undefined && this.#options.offset % this.#options.every === 0) this.#asked ??= this.#read(null)
    await this.#asked
    // The end of a listing is where most can be missing, so it is always checked.
    const isUntold = this.#asked === null && this.#expected.length === 0 && !this.#isAtEnd
    if (page.next === null && isUntold) await this.#read(this.#passed)
    let checked = await this.#completed(page)
    while (this.#isBehind(endOf(checked))) {
      await this.#read(this.#readTo)
      checked = await this.#completed(checked)
    }
    this.#passed = endOf(checked)
    return checked
  }

  /** ListObjectsV2 has yet to be read up to here. */
  #isBehind(end: string | null): boolean {
    const isToBeRead = this.#options.every === 1 && !this.#isAtEnd && !this.#isOff && this.#expected.length === 0
    return isToBeRead && this.#readTo !== null && isWithin(this.#readTo, end)
  }

  async #completed(page: VersionPage): Promise<VersionPage> {
    const passed = this.#passed
    const shown = new Set(namesOn(page))
    const missing = this.#expected.filter(
      (key) => isWithin(key, endOf(page)) && !shown.has(key) && (passed === null || compareKeys(key, passed) > 0),
    )
    const checked = missing.length === 0 ? page : await this.#askAgain(page, missing)
    this.#expected = this.#expected.filter((key) => !isWithin(key, endOf(checked)))
    return checked
  }

  /**
   * Objects come and go meanwhile: a page must go past a key again, and the key still be there after that. It is asked for by the
   * last key alone: behind a site's own marker there may be a listing of before (MinIO keeps one for a while), or nothing, where the
   * marker's key cannot stand in XML (versitygw).
   */
  async #askAgain(page: VersionPage, missing: readonly string[]): Promise<VersionPage> {
    const passed = this.#passed
    const again = await this.#options.versions(passed === null ? undefined : { keyMarker: passed })
    if (again.next !== null && lastNameOn(again) === null) return page
    const shown = new Set(namesOn(again))
    for (const key of missing.filter((one) => isWithin(one, endOf(again)) && !shown.has(one)).slice(0, askedAgain)) {
      const still = await this.#orOff(this.#options.current(undefined, key))
      if (still !== null && namesOn(still).includes(key)) throw this.#leftOut(key)
    }
    // Older versions of the key that the page before ended with.
    const carried = page.entries.filter(({ key }) => passed !== null && compareKeys(key, passed) <= 0)
    const undecided = [...(page.undecided ?? []), ...(again.undecided ?? [])]
    return { ...again, entries: [...carried, ...again.entries], ...(undecided.length === 0 ? {} : { undecided }) }
  }

  async #read(after: string | null): Promise<void> {
    const page = await this.#orOff(this.#options.current(after === null ? undefined : { keyMarker: after }))
    if (page === null) return
    this.#expectAscending(
      page.entries.map(({ key }) => key),
      after,
    )
    this.#expectAscending(page.folders, after)
    this.#expected = namesOn(page).toSorted(compareKeys)
    const readTo = lastNameOn(page) ?? after
    // One that does not move on cannot be held against anything.
    this.#isOff = page.next !== null && readTo === this.#readTo
    this.#readTo = readTo
    this.#isAtEnd = page.next === null
  }

  #expectAscending(names: readonly string[], after: string | null): void {
    let before = after
    for (const name of names) {
      // Of the folder in which the page before ended, there may be more.
      const isFolderAround = name.endsWith('/') && before?.startsWith(name) === true
      if (before !== null && compareKeys(name, before) < 0 && !isFolderAround) throw this.#backwards(name, before)
      before = name
    }
  }

  async #orOff<T>(asked: Promise<T>): Promise<T | null> {
    try {
      return await asked
    } catch (error) {
      if (!isWithoutListing(error)) throw error
      this.#isOff = true
      this.#options.onUnavailable?.()
      return null
    }
  }

  #leftOut(key: string): FaultError {
    const message = `ListObjectsV2 shows “${key}”, and the listing of versions goes past it.`
    return new FaultError(fault('LISTING_INCOMPLETE', message, siteOf(this.#options)))
  }

  #backwards(key: string, before: string): FaultError {
    const message = `ListObjectsV2 shows “${key}” behind “${before}”, which comes after it.`
    return new FaultError(fault('LISTING_UNORDERED', message, siteOf(this.#options)))
  }
}

const siteOf = ({ site }: CurrentKeysOptions): { readonly site?: string } => (site === undefined ? {} : { site })

/** Keys and folders. */
export const namesOn = ({ entries, folders }: VersionPage): readonly string[] => [
  ...entries.map(({ key }) => key),
  ...folders,
]

/** The key up to which a page tells of all; null: to the end of the listing. */
const endOf = (page: VersionPage): string | null => (page.next === null ? null : lastNameOn(page))

const isWithin = (key: string, end: string | null): boolean => end === null || compareKeys(key, end) <= 0

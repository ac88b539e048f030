import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ListPosition, VersionPage } from '../store/port.ts'
import { lastNameOn } from '../store/version-listing.ts'
import { compareKeys } from './key-order.ts'

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

  /** Throws LISTING_INCOMPLETE when the page goes past a key that has a current object. */
  async check(page: VersionPage, from: ListPosition | undefined): Promise<void> {
    if (this.#isOff || (from === undefined && page.next === null)) return
    const end = page.next === null ? null : lastNameOn(page)
    if (end === null && page.next !== null) return
    if (from === undefined && this.#options.offset % this.#options.every === 0) this.#asked ??= this.#read(null)
    await this.#asked
    const shown = new Set(namesOn(page))
    for (;;) {
      await this.#compare(shown, end, from)
      const isBehind = this.#options.every === 1 && !this.#isAtEnd && !this.#isOff && this.#expected.length === 0
      if (!isBehind || this.#readTo === null || !isWithin(this.#readTo, end)) break
      await this.#read(this.#readTo)
    }
    this.#passed = end
  }

  async #compare(shown: ReadonlySet<string>, end: string | null, from: ListPosition | undefined): Promise<void> {
    const within = this.#expected.filter((key) => isWithin(key, end))
    this.#expected = this.#expected.slice(within.length)
    const passed = this.#passed
    const missing = within.filter((key) => !shown.has(key) && (passed === null || compareKeys(key, passed) > 0))
    if (missing.length > 0) await this.#lookAgain(missing, from)
  }

  /** Objects come and go meanwhile: the page must go past a key again, and the key still be there after that. */
  async #lookAgain(missing: readonly string[], from: ListPosition | undefined): Promise<void> {
    const again = await this.#options.versions(from)
    const end = again.next === null ? null : lastNameOn(again)
    if (end === null && again.next !== null) return
    const shown = new Set(namesOn(again))
    for (const key of missing.filter((one) => isWithin(one, end) && !shown.has(one)).slice(0, askedAgain)) {
      const still = await this.#orOff(this.#options.current(undefined, key))
      if (still !== null && namesOn(still).includes(key)) throw this.#leftOut(key)
    }
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
    this.#readTo = lastNameOn(page) ?? after
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

const isWithin = (key: string, end: string | null): boolean => end === null || compareKeys(key, end) <= 0

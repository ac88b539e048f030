import { faultAt } from '../base/errors.ts'
import type { CallOptions, ListRequest, VersionEntry, VersionPage } from './port.ts'
import type { SignedCall, SignedCalls } from './signed-calls.ts'
import { parseCurrentListing, parseVersionListing } from './version-listing.ts'
import { isSame, type SeenForm } from './version-order.ts'

/** Keys whose versions are asked for one by one at one time. */
const singlyAtOnce = 8

/** ListObjectVersions and ListObjectsV2 of one site. Remembers in which form the site lists. */
export class VersionListings {
  readonly #calls: SignedCalls
  readonly #form: SeenForm = { seen: 'unknown' }

  constructor(calls: SignedCalls) {
    this.#calls = calls
  }

  get form(): SeenForm['seen'] {
    return this.#form.seen
  }

  /** One page. A key whose order the page does not tell is read once more, a version at a time. */
  async page(request: ListRequest, options: CallOptions = {}): Promise<VersionPage> {
    if (request.current === true) return this.#current(request, options)
    const page = await this.#ask(request, options)
    if (page.undecided === undefined) return page
    const left = [...page.undecided]
    const found = new Map<string, readonly VersionEntry[]>()
    const readOn = async (): Promise<void> => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) {
        const ordered = await this.#singly(key, page, request, options)
        if (ordered !== null) found.set(key, ordered)
      }
    }
    await Promise.all(Array.from({ length: singlyAtOnce }, readOn))
    return withOrder(page, found)
  }

  /**
   * The versions of one key on a page in the order in which pages of one entry give them: there nothing can stand apart. null when
   * they do not come that way (versitygw gives the first for ever).
   */
  async #singly(
    key: string,
    { entries }: VersionPage,
    { bucket, from }: ListRequest,
    options: CallOptions,
  ): Promise<readonly VersionEntry[] | null> {
    const wanted = entries.filter((entry) => entry.key === key)
    const ordered: VersionEntry[] = []
    let at = from?.keyMarker === key ? from : undefined
    // What was written meanwhile comes first, and is for another page to tell.
    for (let asked = 0; asked < wanted.length * 2; asked++) {
      const page = await this.#ask({ bucket, prefix: key, from: at, limit: 1 }, options)
      const [entry, second] = page.entries
      if (entry?.key !== key || second !== undefined) return null
      if (ordered.some((other) => isSame(other, entry))) return null
      if (wanted.some((other) => isSame(other, entry))) ordered.push(entry)
      if (ordered.length === wanted.length) return ordered
      if (page.next === null) return null
      at = page.next
    }
    return null
  }

  async #current(
    { bucket, prefix, from, delimiter, limit = 1000 }: ListRequest,
    options: CallOptions,
  ): Promise<VersionPage> {
    const call: SignedCall = {
      operation: 'ListObjectsV2',
      method: 'GET',
      bucket,
      query: [
        ['list-type', '2'],
        ['encoding-type', 'url'],
        ['max-keys', String(limit)],
        ['prefix', prefix],
        ...(delimiter === undefined ? [] : [['delimiter', delimiter] as const]),
        ...(from === undefined ? [] : [['start-after', from.keyMarker] as const]),
      ],
      signal: options.signal,
    }
    const page = this.#calls.readXml(call, await this.#calls.send(call), parseCurrentListing)
    if (page !== null) return page
    throw faultAt('NOT_SUPPORTED', 'answered ListObjects of the first kind', this.#calls.context(call))
  }

  async #ask(
    { bucket, prefix, from, delimiter, limit = 1000 }: ListRequest,
    options: CallOptions,
  ): Promise<VersionPage> {
    const call: SignedCall = {
      operation: 'ListObjectVersions',
      method: 'GET',
      bucket,
      query: [
        ['versions', ''],
        // Keys may hold characters that XML cannot.
        ['encoding-type', 'url'],
        ['max-keys', String(limit)],
        ['prefix', prefix],
        ...(delimiter === undefined ? [] : [['delimiter', delimiter] as const]),
        ...(from === undefined ? [] : [['key-marker', from.cursor ?? from.keyMarker] as const]),
        ...(from?.versionIdMarker === undefined ? [] : [['version-id-marker', from.versionIdMarker] as const]),
      ],
      signal: options.signal,
    }
    return this.#calls.readXml(call, await this.#calls.send(call), (xml) => parseVersionListing(xml, this.#form))
  }
}

function withOrder(page: VersionPage, found: ReadonlyMap<string, readonly VersionEntry[]>): VersionPage {
  const { undecided = [], ...rest } = page
  const entries = page.entries.flatMap((entry, at) => {
    const ordered = found.get(entry.key)
    if (ordered === undefined) return [entry]
    return page.entries[at - 1]?.key === entry.key ? [] : ordered
  })
  const open = undecided.filter((key) => !found.has(key))
  return open.length === 0 ? { ...rest, entries } : { ...rest, entries, undecided: open }
}

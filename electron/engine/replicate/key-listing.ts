import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ListPosition, ObjectStore, VersionEntry, VersionPage } from '../store/port.ts'

/** The versions of exactly one key, newest first, as far as they were read. */
export interface KeyListing {
  readonly versions: readonly VersionEntry[]
  /** Every page was read, to the last. Only then does what is missing here stand nowhere in the listing. */
  readonly whole: boolean
}

interface KeyAt {
  readonly bucket: string
  readonly key: string
}

/** Most keys have few versions; the rest are read in full pages. */
const firstPage = 20
/** Pages without a version of the key that are read before it is taken for missing: SeaweedFS begins with other keys. */
const pagesOfOthers = 3
/** A key that begins many others makes a long listing: beyond this it stays unknown what the rest holds. */
const pagesAtMost = 64

/** Stops at the first other key that follows the versions of this one: sites that list in key order have no more of them. */
export async function versionsOf(store: ObjectStore, at: KeyAt, signal: AbortSignal): Promise<KeyListing> {
  const versions: VersionEntry[] = []
  let from: ListPosition | undefined
  for (let others = 0; others < pagesOfOthers;) {
    const limit = from === undefined ? firstPage : 1000
    const page = await store.listVersions({ bucket: at.bucket, prefix: at.key, from, limit }, { signal })
    add(page, at.key, versions)
    if (page.next === null) return { versions, whole: true }
    if (page.next.keyMarker !== at.key) {
      if (versions.length > 0) break
      others++
    }
    from = page.next
  }
  return { versions, whole: false }
}

/** Reads every page, whatever other keys stand there. Folders of the key's name count as one line. */
export async function allVersionsOf(store: ObjectStore, at: KeyAt, signal: AbortSignal): Promise<KeyListing> {
  const versions: VersionEntry[] = []
  let from: ListPosition | undefined
  for (let pages = 0; pages < pagesAtMost; pages++) {
    const page = await store.listVersions({ bucket: at.bucket, prefix: at.key, delimiter: '/', from }, { signal })
    add(page, at.key, versions)
    if (page.next === null) return { versions, whole: true }
    from = page.next
  }
  return { versions, whole: false }
}

/** Some sites show the last version of a page once more on the next. Throws LISTING_AMBIGUOUS where the key's order is not told. */
function add(page: VersionPage, key: string, versions: VersionEntry[]): void {
  if (page.undecided?.includes(key) === true) throw orderUntold(key)
  for (const entry of page.entries)
    if (entry.key === key && !versions.some(({ versionId }) => versionId === entry.versionId)) versions.push(entry)
}

const orderUntold = (key: string): FaultError =>
  new FaultError(fault('LISTING_AMBIGUOUS', `The listing of “${key}” leaves open which of its versions is newer.`))

/** Does the listing show this version? null: any version of the key. */
export const shows = ({ versions }: KeyListing, versionId: string | null): boolean =>
  versions.some((entry) => versionId === null || entry.versionId === versionId)

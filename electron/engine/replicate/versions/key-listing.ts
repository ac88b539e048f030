import { fault, FaultError } from '../../../../shared/model/fault.ts'
import { isWithoutListing, namesOn } from '../../store/current-keys.ts'
import type { ListPosition, ListRequest, ObjectStore, VersionEntry, VersionPage } from '../../store/port.ts'

/** The versions of exactly one key, newest first, as far as they were read. */
export interface KeyListing {
  readonly versions: readonly VersionEntry[]
  /**
   * All of the listing was read, as one page or as pages that ListObjectsV2 confirms. Only then does what is missing here stand
   * nowhere in the listing.
   */
  readonly whole: boolean
  /** A name that ListObjectsV2 shows and pages that were read to the last do not: they are no whole. */
  readonly leftOut?: string
  /** Of a listing of more than one page, a delete marker of whatever key: what the site says of one that is there. */
  readonly marker?: VersionEntry | undefined
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
    if (page.next === null) return from === undefined ? { versions, whole: true } : allVersionsOf(store, at, signal)
    if (page.next.keyMarker !== at.key) {
      if (versions.length > 0) break
      others++
    }
    from = page.next
  }
  return { versions, whole: false }
}

/**
 * Reads every page, whatever other keys stand there. Folders of the key's name count as one line. Of more than one page, all that
 * ListObjectsV2 has shown before must be among what they show.
 */
export async function allVersionsOf(
  store: ObjectStore,
  { bucket, key }: KeyAt,
  signal: AbortSignal,
): Promise<KeyListing> {
  const listPage: ReadPage = (from, more) =>
    store.listVersions({ bucket, prefix: key, delimiter: '/', from, ...more }, { signal })
  const first = await listPage(undefined)
  if (first.next === null) return { versions: ownOf([first], key), whole: true }
  const current = await pagesOf((from) => listPage(from, { current: true })).catch((error: unknown) => {
    if (isWithoutListing(error)) return []
    throw error
  })
  const pages = await pagesOf(listPage)
  const versions = ownOf(pages, key)
  if (pages.at(-1)?.next !== null) return { versions, whole: false }
  const shown = new Set(pages.flatMap(namesOn))
  const leftOut = current.flatMap(namesOn).find((name) => !shown.has(name))
  if (leftOut !== undefined) return { versions, whole: false, leftOut }
  return {
    versions,
    whole: true,
    marker: pages.flatMap(({ entries }) => entries).find(({ deleteMarker }) => deleteMarker),
  }
}

type ReadPage = (from: ListPosition | undefined, more?: Partial<ListRequest>) => Promise<VersionPage>

/** The last of them has a `next` where they were too many, or led nowhere. */
async function pagesOf(listPage: ReadPage): Promise<readonly VersionPage[]> {
  const pages: VersionPage[] = []
  let from: ListPosition | undefined
  while (pages.length < pagesAtMost) {
    const page = await listPage(from)
    pages.push(page)
    const isSame = from?.keyMarker === page.next?.keyMarker && from?.versionIdMarker === page.next?.versionIdMarker
    if (page.next === null || isSame) break
    from = page.next
  }
  return pages
}

function ownOf(pages: readonly VersionPage[], key: string): readonly VersionEntry[] {
  const versions: VersionEntry[] = []
  for (const page of pages) add(page, key, versions)
  return versions
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

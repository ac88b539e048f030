/** One version in a bucket's true order: keys by their UTF-8 bytes, versions of a key newest first. */
export interface TrueVersion {
  readonly key: string
  readonly versionId: string
  readonly deleteMarker: boolean
}

/** How servers of the field list what they have. Each is one that was met. */
export interface ListingForm {
  /** Versions and delete markers each by themselves within a page: RustFS and moto begin with versions, versitygw with markers. */
  readonly apart?: 'versions-first' | 'markers-first'
  /** The first entry of a page is the last of the page before: versitygw, where a page ends within a folder. */
  readonly repeatsAtBorder?: boolean
  /** Pages are cut in the order of a file system, where folder `a` comes before `a-b`, then sorted: SeaweedFS. */
  readonly byFolder?: boolean
  /** What the site puts behind the key that the next page starts after: MinIO and RustFS, where they are in their own walk. */
  readonly cursor?: 'minio_cache' | 'rustfs_cache'
  /** Keys that no listing of versions shows where it was not asked for exactly them. */
  readonly leavesOut?: (key: string) => boolean
  /** Keys behind whose versions a listing shows nothing: versitygw, where the key cannot stand in XML. */
  readonly endsBehind?: (key: string) => boolean
  /** The key that no page of several shows, whatever was asked. */
  readonly leavesOutAmongOthers?: string
}

export interface ListingQuestion {
  readonly prefix: string
  readonly size: number
  /** Start after this key, or after this version of it. */
  readonly keyMarker: string | null
  readonly versionMarker: string | null
}

export interface OddPage<T> {
  readonly entries: readonly T[]
  readonly next: T | null
}

const bytesOf = (text: string): Buffer => Buffer.from(text)
export const compareBytes = (a: string, b: string): number => Buffer.compare(bytesOf(a), bytesOf(b))

/** By path segments: `a/b` lies in a folder whose name is shorter than `a-b`. */
function compareFolders(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  const at = left.findIndex((segment, index) => segment !== right[index])
  if (at < 0) return left.length - right.length
  return at >= right.length ? 1 : compareBytes(left[at]!, right[at]!)
}

/** One page of ListObjectVersions in the form asked for. `all` is in the true order. */
export function oddVersionPage<T extends TrueVersion>(
  all: readonly T[],
  question: ListingQuestion,
  form: ListingForm,
): OddPage<T> {
  const { keyMarker, versionMarker } = question
  if (keyMarker !== null && versionMarker !== null && form.endsBehind?.(keyMarker) === true)
    return { entries: [], next: null }
  const shown = all.filter(
    ({ key }) =>
      key !== form.leavesOutAmongOthers &&
      key.startsWith(question.prefix) &&
      !(form.leavesOut?.(key) === true && question.prefix !== key),
  )
  const walked = form.byFolder === true ? shown.toSorted((a, b) => compareFolders(a.key, b.key)) : shown
  const rest = walked.filter((version) => isBehind(version, question, shown, form))
  const cut = rest.slice(0, question.size)
  const sorted = cut.toSorted((a, b) => compareBytes(a.key, b.key))
  return { entries: grouped(sorted, form), next: cut.length < rest.length ? sorted.at(-1)! : null }
}

function isBehind(
  version: TrueVersion,
  { keyMarker, versionMarker }: ListingQuestion,
  shown: readonly TrueVersion[],
  { repeatsAtBorder = false }: ListingForm,
): boolean {
  if (keyMarker === null) return true
  const order = compareBytes(version.key, keyMarker)
  if (order !== 0) return order > 0
  if (versionMarker === null) return false
  const marked = shown.findIndex(({ key, versionId }) => key === keyMarker && versionId === versionMarker)
  const at = shown.findIndex(({ key, versionId }) => key === version.key && versionId === version.versionId)
  return at > marked || (repeatsAtBorder && at === marked)
}

function grouped<T extends TrueVersion>(entries: readonly T[], { apart }: ListingForm): readonly T[] {
  if (apart === undefined) return entries
  const versions = entries.filter(({ deleteMarker }) => !deleteMarker)
  const markers = entries.filter(({ deleteMarker }) => deleteMarker)
  return apart === 'versions-first' ? [...versions, ...markers] : [...markers, ...versions]
}

/** One page of ListObjectsV2: the current objects behind a key. By folders, it is not sorted. */
export function oddCurrentPage<T extends TrueVersion>(
  all: readonly T[],
  question: Omit<ListingQuestion, 'versionMarker'>,
  { byFolder = false }: ListingForm,
): OddPage<T> {
  const current = all.filter(
    ({ key, deleteMarker }, index) => !deleteMarker && key !== all[index - 1]?.key && key.startsWith(question.prefix),
  )
  const compare = byFolder ? compareFolders : compareBytes
  const { keyMarker } = question
  const rest = current
    .filter(({ key }) => keyMarker === null || compare(key, keyMarker) > 0)
    .toSorted((a, b) => compare(a.key, b.key))
  const entries = rest.slice(0, question.size)
  return { entries, next: entries.length < rest.length ? entries.at(-1)! : null }
}

import { compareKeys } from '../base/key-order.ts'
import type { ListingForm, VersionEntry } from './port.ts'

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const dayMs = 86_400_000

/** What the pages of a site have shown so far of how it lists: RustFS and moto begin with the versions, versitygw with the markers. */
export interface SeenForm {
  seen: ListingForm
}

export interface OrderedEntries {
  readonly entries: readonly VersionEntry[]
  /** Keys whose versions and markers stand apart, where nothing on the page tells which of two is newer. */
  readonly undecided: readonly string[]
}

/**
 * Puts the entries of one page in S3's order: keys ascending, versions of a key newest first, markers among them. A page on
 * which versions and markers stand apart is merged; one that is out of order in another way is left as it is, for its reader
 * to refuse. An entry that stands twice in a row counts once.
 */
export function inListingOrder(page: readonly VersionEntry[], form: SeenForm): OrderedEntries {
  const { changes, border, repeats } = walk(page)
  if (repeats) return inListingOrder(withoutRepeats(page), form)
  if (changes > 1) form.seen = 'together'
  if (changes !== 1 || form.seen === 'together') return asItIs(page)
  const first = page.slice(0, border)
  const second = page.slice(border)
  const order = compareKeys(first.at(-1)!.key, second[0]!.key)
  if (order < 0) return asItIs(page)
  if (order > 0) {
    if (!ascends(first) || !ascends(second)) return asItIs(page)
    form.seen = 'apart'
  }
  return merge(first, second, form)
}

const asItIs = (entries: readonly VersionEntry[]): OrderedEntries => ({ entries, undecided: [] })

interface Walk {
  /** How often a version follows a marker, or a marker a version. */
  readonly changes: number
  /** Where the last change is. */
  readonly border: number
  readonly repeats: boolean
}

function walk(page: readonly VersionEntry[]): Walk {
  let changes = 0
  let border = 0
  let repeats = false
  for (let at = 1; at < page.length; at++) {
    const before = page[at - 1]!
    const entry = page[at]!
    repeats ||= isSame(before, entry)
    if (entry.deleteMarker === before.deleteMarker) continue
    changes++
    border = at
  }
  return { changes, border, repeats }
}

/** Is this the very same line of a listing? */
export const isSame = (a: VersionEntry, b: VersionEntry): boolean =>
  a.versionId === b.versionId &&
  a.key === b.key &&
  a.deleteMarker === b.deleteMarker &&
  a.etag === b.etag &&
  a.modifiedAt === b.modifiedAt

const withoutRepeats = (page: readonly VersionEntry[]): readonly VersionEntry[] =>
  page.filter((entry, at) => at === 0 || !isSame(page[at - 1]!, entry))

const ascends = (entries: readonly VersionEntry[]): boolean =>
  entries.every(({ key }, at) => at === 0 || compareKeys(entries[at - 1]!.key, key) <= 0)

function merge(first: readonly VersionEntry[], second: readonly VersionEntry[], form: SeenForm): OrderedEntries {
  const merged: VersionEntry[] = []
  const undecided: string[] = []
  let [i, j] = [0, 0]
  while (i < first.length || j < second.length) {
    const key = lesser(first[i]?.key, second[j]?.key)
    const here = run(first, i, key)
    const there = run(second, j, key)
    i += here.length
    j += there.length
    const ordered = versionsInOrder(here, there, form)
    if (ordered === null) undecided.push(key)
    merged.push(...(ordered ?? [...here, ...there]))
  }
  return { entries: merged, undecided }
}

function lesser(a: string | undefined, b: string | undefined): string {
  if (a === undefined || b === undefined) return a ?? b!
  return compareKeys(a, b) <= 0 ? a : b
}

function run(entries: readonly VersionEntry[], from: number, key: string): readonly VersionEntry[] {
  let end = from
  while (end < entries.length && entries[end]!.key === key) end++
  return entries.slice(from, end)
}

/**
 * Versions and markers of one key, each newest first, as one history; null where the page does not tell it. As long as the site
 * may list in one order, that order stands where nothing speaks against it.
 */
function versionsInOrder(
  here: readonly VersionEntry[],
  there: readonly VersionEntry[],
  form: SeenForm,
): readonly VersionEntry[] | null {
  if (here.length === 0 || there.length === 0) return [...here, ...there]
  if (form.seen === 'unknown' && isNewer(here.at(-1)!, there[0]!) === true) return [...here, ...there]
  // The one that is said to be the latest is on top of its own kind, or the site contradicts itself.
  const latest = [...here, ...there].filter(({ isLatest }) => isLatest)
  if (latest.length > 1 || latest.some((entry) => entry !== here[0] && entry !== there[0])) return null
  if (latest[0] === there[0]) form.seen = 'apart'
  if (!agesTell(here) || !agesTell(there)) return null
  const merged: VersionEntry[] = []
  let [i, j] = [0, 0]
  while (i < here.length && j < there.length) {
    const [a, b] = [here[i]!, there[j]!]
    const newer = a.isLatest || b.isLatest ? a.isLatest : isNewer(a, b)
    if (newer === null) return null
    merged.push(newer ? here[i++]! : there[j++]!)
  }
  return [...merged, ...here.slice(i), ...there.slice(j)]
}

/** Do the ages of entries whose order is known agree with it? Where they do not, they tell nothing of the others. */
const agesTell = (entries: readonly VersionEntry[]): boolean =>
  entries.every((entry, at) => at === 0 || isNewer(entry, entries[at - 1]!) !== true)

/** Is `a` newer than `b` of the same key, by what a listing says of their age? null: it does not tell. */
function isNewer(a: VersionEntry, b: VersionEntry): boolean | null {
  const [ours, theirs] = [timedId(a), timedId(b)]
  if (ours && theirs && a.versionId !== b.versionId) return a.versionId > b.versionId
  if (a.modifiedAt >= b.modifiedAt + precisionMs(b)) return true
  if (b.modifiedAt >= a.modifiedAt + precisionMs(a)) return false
  return null
}

/** A time of a whole second is one that was cut: it may have been any of its milliseconds. */
const precisionMs = ({ modifiedAt }: VersionEntry): number => (modifiedAt % 1000 === 0 ? 1000 : 1)

/**
 * Is the version id a ULID (github.com/ulid/spec), as versitygw makes them? Such ids sort by the time of the write, and by their
 * order within it. One whose time is not the entry's only looks like one.
 */
function timedId({ versionId, modifiedAt }: VersionEntry): boolean {
  if (!ulid.test(versionId)) return false
  let at = 0
  for (let i = 0; i < 10; i++) at = at * 32 + digits.indexOf(versionId[i]!)
  return Math.abs(at - modifiedAt) < dayMs
}

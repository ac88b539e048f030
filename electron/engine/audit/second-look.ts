import type { Difference } from '../../../shared/model/compare.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { allVersionsOf, versionsOf } from '../replicate/key-listing.ts'
import type { ObjectStore, VersionEntry } from '../store/port.ts'
import { comparePair } from './compare-pair.ts'
import { differencesOfKey, latestDifference, type KeyView } from './key-differences.ts'
import type { CompareParts, PendingTask } from './port.ts'
import { settleDoubts } from './settle-doubts.ts'
import type { SilentSides } from './silent-sides.ts'

/** A key that the first pass did not find alike, and what it saw of it. */
export interface KeyAgain {
  readonly key: string
  /** Versions at the target that had no partner. */
  readonly extras: ReadonlySet<string>
  /** Versions of the source, by {@link nameOf}, whose pair was looked at and found alike. */
  readonly alike: ReadonlySet<string>
  /** What the listing of the key left out on purpose is counted already. */
  readonly isCounted: boolean
}

/** Only a `null` version may become another one under its id. */
export const nameOf = ({ versionId, etag }: VersionEntry): string => `${versionId} ${etag}`

/** How often a key is listed that changes while it is listed. */
const rounds = 3

/** The key as both sides list it at one time; `moved`: it went on changing, or was being worked on. */
interface Anew {
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly changed: boolean
  readonly pending: readonly PendingTask[]
}

/**
 * Looks at a key once more, when the first pass is over: what a copy brought meanwhile is alike by then; what waits for one is on
 * its way; the rest is different, or could not be seen.
 */
export async function lookAgain(one: KeyAgain, parts: CompareParts, sides: SilentSides): Promise<void> {
  try {
    await judge(one, await listAnew(one.key, parts), parts, sides)
  } catch (error) {
    parts.signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    parts.tally.notSeen({ linkId: parts.link.linkId, key: one.key, versionId: null, fault: error.fault })
  }
}

async function listAnew(key: string, parts: CompareParts): Promise<Anew> {
  const { link, source, target, signal } = parts
  for (let round = 1; ; round++) {
    // Asked before the target is listed: what is settled by then shows in the listing.
    const before = parts.pending(key)
    const here = await wholeKey(source, { bucket: link.source.bucket, key }, signal)
    const there = await wholeKey(target, { bucket: link.target.bucket, key }, signal)
    const now = await wholeKey(source, { bucket: link.source.bucket, key }, signal)
    const changed = !isSameListing(here, now)
    const pending = parts.pending(key)
    const wasWorkedOn = before.length > 0 && pending.length === 0
    if ((!changed && !wasWorkedOn) || round === rounds)
      return { source: now, target: there, changed, pending: pending.length > 0 ? pending : before }
  }
}

async function wholeKey(
  store: ObjectStore,
  at: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): Promise<readonly VersionEntry[]> {
  const first = await versionsOf(store, at, signal)
  if (first.whole || first.versions.length > 0) return first.versions
  const all = await allVersionsOf(store, at, signal)
  if (all.whole || all.versions.length > 0) return all.versions
  throw new FaultError(fault('ABSENCE_UNPROVEN', 'The listing of this key could not be read to its end.'))
}

const isSameListing = (a: readonly VersionEntry[], b: readonly VersionEntry[]): boolean =>
  a.length === b.length &&
  a.every(({ versionId, etag, sizeBytes }, index) => {
    const other = b[index]!
    return versionId === other.versionId && etag === other.etag && sizeBytes === other.sizeBytes
  })

async function judge(one: KeyAgain, anew: Anew, parts: CompareParts, sides: SilentSides): Promise<void> {
  const { link, level, tally } = parts
  const view: KeyView = { ...viewOf(one.key, parts), source: anew.source, target: anew.target }
  const listed = differencesOfKey(view, link, level)
  const settled = await settleDoubts(view, listed.doubts, parts)
  if (!one.isCounted) for (const exception of listed.exceptions) tally.except(exception)
  const found = { differences: [...listed.differences], notSeen: [...settled.notSeen] }
  found.differences.push(...settled.differences)
  const latest = latestDifference(view, listed, new Set([...listed.excused, ...settled.excused]), link)
  if (latest !== null) found.differences.push(latest)
  for (const exception of settled.exceptions) tally.except(exception)
  if (level !== 'listing') {
    for (const pair of listed.pairs) {
      if (pair[0].deleteMarker || one.alike.has(nameOf(pair[0]))) continue
      const look = await comparePair(pair, parts, sides)
      found.differences.push(...look.differences)
      found.notSeen.push(...look.notSeen)
      for (const exception of look.exceptions) tally.except(exception)
    }
  }
  for (const difference of found.differences) place(difference, one, anew, parts)
  for (const notSeen of found.notSeen) tally.notSeen(notSeen)
}

export function viewOf(key: string, { pairs, wasCopied }: CompareParts): Pick<KeyView, 'key' | 'known' | 'wasCopied'> {
  return { key, known: pairs(key), wasCopied: (versionId) => wasCopied(key, versionId) }
}

/** On its way, or different. */
function place(difference: Difference, one: KeyAgain, anew: Anew, parts: CompareParts): void {
  const waits = waitsFor(difference, one, anew, parts)
  if (waits !== null) parts.tally.onItsWay({ ...difference, ...waits })
  else {
    const code = parts.parked(one.key)
    const aside = code === null ? '' : ` Set aside as failed (${code}): retry it under Failures.`
    parts.tally.differs({ ...difference, detail: `${difference.detail}${aside}` })
  }
}

interface Waits {
  readonly since: number
  readonly why: string
}

function waitsFor(difference: Difference, one: KeyAgain, anew: Anew, parts: CompareParts): Waits | null {
  const { kind, versionId } = difference
  // What lay there in both looks is no copy under way: only a pending delete takes it.
  const isStray = kind === 'extra-at-target' && versionId !== null && one.extras.has(versionId)
  const pending = isStray ? anew.pending.filter(({ operation }) => operation === 'deleteVersion') : anew.pending
  if (pending.length > 0) return waitsForTasks(pending)
  if (isStray) return null
  const newest = Math.max(...anew.source.map(({ modifiedAt }) => modifiedAt))
  if (anew.changed) return { since: newest, why: 'It changed again and again while it was looked at.' }
  return isUnnoticed(difference, anew, parts)
    ? { since: newest, why: 'It changed after the last scan began; the next one finds it.' }
    : null
}

function waitsForTasks(tasks: readonly PendingTask[]): Waits {
  const failed = tasks.find(({ fault: met }) => met !== null)
  const why =
    failed === undefined
      ? 'It waits in the queue.'
      : `It waits in the queue after ${failed.attempts} failed ${failed.attempts === 1 ? 'attempt' : 'attempts'} (${failed.fault!.code}).`
  return { since: Math.min(...tasks.map(({ changedAt }) => changedAt)), why }
}

/** Nothing tells when tags or locks changed: only versions and their order can be younger than the last scan. */
function isUnnoticed({ kind, versionId }: Difference, { source }: Anew, { noticedUntil }: CompareParts): boolean {
  const until = noticedUntil()
  if (until === null) return false
  if (kind !== 'missing-at-target' && kind !== 'not-latest' && kind !== 'order') return false
  return source.some((entry) => (versionId === null || entry.versionId === versionId) && entry.modifiedAt > until)
}

import type { Difference } from '../../../shared/model/compare.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { allVersionsOf, versionsOf } from '../replicate/versions/key-listing.ts'
import type { ObjectStore, VersionEntry } from '../store/port.ts'
import { comparePair } from './compare-pair.ts'
import { differencesOfKey, extrasOf, latestDifference, type KeyToCompare } from './key-differences.ts'
import type { Findings } from './findings.ts'
import type { CompareParts, CompareRun, PendingTask } from './port.ts'
import { settleDoubts } from './settle-doubts.ts'

/** A key that the first pass did not find alike, and what it saw of it. */
export interface KeyToRecheck {
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

/** A key as both sides list it at one time. */
export interface Anew {
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  /** It went on changing while it was listed. */
  readonly changed: boolean
  readonly pending: readonly PendingTask[]
}

/**
 * Looks at a key once more, when the first pass is over: what a copy brought meanwhile is alike by then; what waits for one is on
 * its way; the rest is different, or could not be seen.
 */
export async function recheckKey(one: KeyToRecheck, run: CompareRun): Promise<void> {
  try {
    await compareListings(one, await listAnew(one.key, run), run)
  } catch (error) {
    run.signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    run.failFast.refused(error.fault)
    run.tally.notSeen({ linkId: run.link.linkId, key: one.key, versionId: null, fault: error.fault })
  }
}

async function listAnew(key: string, { link, source, target, signal, pending }: CompareRun): Promise<Anew> {
  for (let round = 1; ; round++) {
    // Asked before the target is listed: what is settled by then shows in the listing.
    const before = await pending(key)
    const here = await wholeKey(source, { bucket: link.source.bucket, key }, signal)
    const there = await wholeKey(target, { bucket: link.target.bucket, key }, signal)
    const now = await wholeKey(source, { bucket: link.source.bucket, key }, signal)
    const changed = !isSameListing(here, now)
    const after = await pending(key)
    const wasWorkedOn = before.length > 0 && after.length === 0
    if ((!changed && !wasWorkedOn) || round === rounds)
      return { source: now, target: there, changed, pending: after.length > 0 ? after : before }
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

/** Everything that the two listings of a key come to, at the level asked for. */
export async function compareListings(one: KeyToRecheck, anew: Anew, run: CompareRun): Promise<void> {
  const { link, level, tally } = run
  const view = await viewOf(one.key, anew, run)
  const listed = differencesOfKey(view, link, level)
  const settled = await settleDoubts(view, listed.doubts, run)
  const latest = latestDifference(view, listed, new Set([...listed.excused, ...settled.excused]), link)
  if (!one.isCounted) for (const exception of listed.exceptions) tally.except(exception)
  await place({ ...listed, notSeen: [], exceptions: [] }, one, anew, run)
  await place(settled, one, anew, run)
  if (latest !== null) await place({ differences: [latest], exceptions: [], notSeen: [] }, one, anew, run)
  if (level === 'listing') return
  for (const pair of listed.pairs)
    if (!pair[0].deleteMarker && !one.alike.has(nameOf(pair[0])))
      await place(await comparePair(pair, run), one, anew, run)
}

/** The key with what the journal knows of it. */
export async function viewOf(
  key: string,
  { source, target }: Pick<KeyToCompare, 'source' | 'target'>,
  { link, pairs, wasCopied, isOfAnotherRule, sides }: CompareRun,
): Promise<KeyToCompare> {
  const known = await pairs(key)
  const copied = new Set<string>()
  const ofAnotherRule = new Set<string>()
  for (const { versionId } of extrasOf({ source, target, known }, link)) {
    if (link.identity !== 'mints' && (await wasCopied(key, versionId))) copied.add(versionId)
    if (await isOfAnotherRule(key, versionId, null)) ofAnotherRule.add(versionId)
  }
  const isUnversioned = await sides.isUnversioned('source')
  return { key, source, target, known, copied, ofAnotherRule, isUnversioned }
}

/** Counts what was found: each difference as one, or as on its way. */
export async function place(found: Findings, one: KeyToRecheck, anew: Anew, run: CompareRun): Promise<void> {
  const { tally } = run
  for (const exception of found.exceptions) tally.except(exception)
  for (const notSeen of found.notSeen) tally.notSeen(notSeen)
  for (const difference of found.differences) {
    const waits = await waitsFor(difference, one, anew, run)
    if (waits !== null) tally.onItsWay({ ...difference, ...waits })
    else tally.differs({ ...difference, detail: `${difference.detail}${await asideOf(difference, run)}` })
  }
}

/** No task is set aside for what lies at the target alone. */
async function asideOf({ kind, key, versionId }: Difference, { parked }: CompareParts): Promise<string> {
  const code = kind === 'extra-at-target' ? null : await parked(key, versionId)
  return code === null ? '' : ` Set aside as failed (${code}): see Failures, and retry it there.`
}

interface Waits {
  readonly since: number
  readonly why: string
}

async function waitsFor(difference: Difference, one: KeyToRecheck, anew: Anew, run: CompareRun): Promise<Waits | null> {
  const { kind, versionId } = difference
  // What lay there in both looks is no copy under way: only a delete takes it, or the way back brings it to the source.
  const isStray = kind === 'extra-at-target' && versionId !== null && one.extras.has(versionId)
  const pending = isStray ? anew.pending.filter(movesStray) : anew.pending
  if (pending.length > 0) return waitsForTasks(pending, run)
  if (isStray && (await isOrphan(versionId, one.key, anew, run))) return waitsForScan(versionId, one.key, run)
  const side = isStray ? 'target' : 'source'
  const newest = Math.max(0, ...anew[side].map(({ modifiedAt }) => modifiedAt))
  if (anew.changed && !isStray) return { since: newest, why: 'It changed again and again while it was looked at.' }
  return isUnnoticed(difference, anew[side], await run.noticedUntil(side))
    ? { since: newest, why: 'It changed after the last scan began; the next one finds it.' }
    : null
}

/** A replica whose original is gone, under a rule that repeats permanent deletes: the next scan finds it. */
async function isOrphan(
  versionId: string,
  key: string,
  { source }: Anew,
  { link, pairs, wasCopied }: CompareRun,
): Promise<boolean> {
  if (!link.rule.versionDeletes) return false
  const pair = (await pairs(key)).find(({ targetVersionId }) => targetVersionId === versionId)
  const isReplica = pair !== undefined || (link.identity !== 'mints' && (await wasCopied(key, versionId)))
  const original = pair?.sourceVersionId ?? versionId
  return isReplica && !source.some((entry) => entry.versionId === original)
}

/** Nothing tells when a version was deleted for good: it is left to a scan that begins after it was first missed, and to no other. */
async function waitsForScan(
  versionId: string,
  key: string,
  { orphanSince, noticedUntil }: CompareRun,
): Promise<Waits | null> {
  const until = await noticedUntil('source')
  const since = orphanSince(key, versionId)
  if (until === null || until > since) return null
  return { since, why: 'Its original was deleted for good at the source; the next scan deletes it here.' }
}

const movesStray = ({ operation, leadsBack }: PendingTask): boolean => operation === 'deleteVersion' || leadsBack

function waitsForTasks(tasks: readonly PendingTask[], { heldBy }: CompareRun): Waits {
  const failed = tasks.find(({ fault: met }) => met !== null)
  const after =
    failed === undefined
      ? ''
      : ` after ${failed.attempts} failed ${failed.attempts === 1 ? 'attempt' : 'attempts'} (${failed.fault!.code})`
  const why = `It waits in the queue${after}.${heldBy === null ? '' : ` ${heldBy}`}`
  return { since: Math.min(...tasks.map(({ changedAt }) => changedAt)), why }
}

/** Of a version written since, a scan compares the tags and locks again too; those of older ones change without a trace. */
function isUnnoticed({ kind, versionId }: Difference, side: readonly VersionEntry[], until: number | null): boolean {
  if (until === null || !shownByAge.has(kind)) return false
  return side.some((entry) => (versionId === null || entry.versionId === versionId) && entry.modifiedAt > until)
}

const shownByAge: ReadonlySet<Difference['kind']> = new Set([
  'missing-at-target',
  'extra-at-target',
  'not-latest',
  'order',
  'tags',
  'lock',
])

import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import { wholeListing } from './absence.ts'
import { align, type Alignment } from './align.ts'
import { allVersionsOf, shows, versionsOf, type KeyListing } from './key-listing.ts'
import { recognise } from './recognise.ts'
import { markerWrittenAgain } from './written-again.ts'
import type { ReplicationContext } from '../context.ts'

/** One key as both sides have it at the same moment. */
export interface ComparedKey {
  readonly source: readonly VersionEntry[]
  /** The source's listing as it was read, of which {@link source} are the versions. */
  readonly sourceListing: KeyListing
  /** Without the leftovers. */
  readonly target: readonly VersionEntry[]
  readonly alignment: Alignment
  /** Pairs that the journal did not know, found by the replicas' own marks. */
  readonly learned: readonly VersionPair[]
  /** Some of them were writes of the gateway that the source has taken: the task that wrote them has nothing left to do. */
  readonly hasTaken: boolean
  /** Versions of the source that versions at the target claim to be replicas of, rightly or not. */
  readonly claimed: ReadonlySet<string>
  /** There are too many versions at the target to ask all that an attempt of this task may have written. */
  readonly hasUnasked: boolean
  /**
   * What an attempt that was cut short left at the target: placeholders, replicas that another has replaced, and writes of
   * the gateway that the source has not taken.
   */
  readonly leftovers: readonly VersionEntry[]
}

/** Reads every version of the task's key on both sides and finds out which belong together. */
export async function compareKey(context: ReplicationContext): Promise<ComparedKey> {
  const { order, link } = context
  const [first, { versions: found }] = await Promise.all([
    sourceVersions(context),
    versionsOf(context.target, { bucket: link.target.bucket, key: order.key }, context.signal),
  ])
  const { learned, leftovers, pending, claimed, ofGone, hasUnasked } = await recognise(first.versions, found, context)
  // Only a listing that was read to its end can leave out what a write of the gateway became.
  const listed = pending.length === 0 || first.whole ? first : await wholeListing(context)
  const { versions: source } = listed
  const came = (order.came ?? []).map((pair) => ({ ...pair, proof: 'found' as const }))
  const paired = stillThere(order.pairs, found)
  const known = [...alikeMarkers(order.alike ?? [], found), ...came, ...paired, ...learned, ...ofGone]
  const without = (gone: readonly VersionEntry[]): readonly VersionEntry[] =>
    gone.length === 0 ? found : found.filter((entry) => !gone.includes(entry))
  const alignment = align(source, without(leftovers), known)
  const refused = pending.filter((entry) => alignment.extra.includes(entry))
  const kept = taken(pending, alignment)
  const hasTaken = kept.length > 0
  const seen = { source, sourceListing: listed, learned: [...learned, ...kept], hasTaken, claimed, hasUnasked }
  const all = [...leftovers, ...refused]
  const target = without(all)
  const again = markerWrittenAgain(source, target, known, context)
  if (again === null)
    return {
      ...seen,
      target,
      alignment: refused.length === 0 ? alignment : align(source, target, known),
      leftovers: all,
    }
  return {
    ...seen,
    target: target.filter((entry) => entry !== again.former),
    alignment: again.alignment,
    learned: [...seen.learned, again.pair],
    leftovers: [...all, again.former],
  }
}

/** What became of writes of the gateway that the source has taken: nobody heard its id, and once their task is settled nothing proves whose they are. */
const taken = (pending: readonly VersionEntry[], { pairs }: Alignment): readonly VersionPair[] =>
  pairs
    .filter(([, there]) => pending.includes(there))
    .map(([{ versionId }, there]) => ({ sourceVersionId: versionId, targetVersionId: there.versionId }))

/** Two markers that one direction took for one are one for the other too; of objects the content tells. */
const alikeMarkers = (pairs: readonly VersionPair[], target: readonly VersionEntry[]): readonly VersionPair[] =>
  stillThere(
    pairs.map((pair) => ({ ...pair, proof: 'found' as const })),
    target.filter(({ deleteMarker }) => deleteMarker),
  )

/** A pair whose version is gone from the target must not stand in the way of the one that came in its place. */
const stillThere = (pairs: readonly VersionPair[], target: readonly VersionEntry[]): readonly VersionPair[] =>
  pairs.filter((pair) => target.some(({ versionId }) => versionId === pair.targetVersionId))

/** A version that the first pages do not show is looked for in all of them: not every site lists a key by itself. */
async function sourceVersions(context: ReplicationContext): Promise<KeyListing> {
  const { source, link, order, signal } = context
  const at = { bucket: link.source.bucket, key: order.key }
  const first = await versionsOf(source, at, signal)
  const listing = first.whole || shows(first, order.versionId) ? first : await allVersionsOf(source, at, signal)
  return shows(listing, order.versionId) ? listing : withUnlisted(listing, context)
}

/**
 * A listing may lag behind a write that its own site has answered: a version that is asked for by its id and given is there,
 * on top of what is listed. One that is older than those has a place that only the listing tells.
 */
async function withUnlisted(
  listing: KeyListing,
  { source, link, order, signal }: ReplicationContext,
): Promise<KeyListing> {
  const { key, versionId, operation } = order
  if (operation !== 'put' || versionId === null || versionId === 'null') return listing
  const head = await source.head({ bucket: link.source.bucket, key, versionId }, { signal })
  const newest = listing.versions[0]
  if (head === null || head.versionId !== versionId) return listing
  if (newest !== undefined && head.modifiedAt < toSecond(newest.modifiedAt)) return listing
  const { etag, sizeBytes, modifiedAt, storageClass } = head
  const entry = { key, versionId, isLatest: true, deleteMarker: false, etag, sizeBytes, modifiedAt, storageClass }
  return { ...listing, versions: [entry, ...listing.versions] }
}

/** Headers tell times in whole seconds. */
const toSecond = (at: number): number => Math.floor(at / 1000) * 1000

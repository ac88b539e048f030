import type { VersionPair } from '../journal/port.ts'
import type { ObjectHead, VersionEntry } from '../store/port.ts'
import { align, type Alignment } from './align.ts'
import { allVersionsOf, shows, versionsOf, type KeyListing } from './key-listing.ts'
import { isPending, originOf, replacedBy } from './origin.ts'
import { isPlaceholder } from './placeholder.ts'
import type { World } from './world.ts'

/** One key as both sides have it at the same moment. */
export interface Seen {
  readonly source: readonly VersionEntry[]
  /** The source's listing was read to its end: what it does not show, no page of it shows. */
  readonly sourceIsWhole: boolean
  /** Without the leftovers. */
  readonly target: readonly VersionEntry[]
  readonly alignment: Alignment
  /** Pairs that the journal did not know, found in the replicas' own metadata. */
  readonly learned: readonly VersionPair[]
  /**
   * What an attempt that was cut short left at the target: placeholders, replicas that another has replaced, and writes of
   * the gateway that the source has not taken.
   */
  readonly leftovers: readonly VersionEntry[]
}

export const sourceListing = ({ source, sourceIsWhole }: Seen): KeyListing => ({
  versions: source,
  whole: sourceIsWhole,
})

/** Unknown replicas are asked for their origin one HEAD each; beyond this many their content must speak for them. */
const asked = 50

/** Reads every version of the task's key on both sides and finds out which belong together. */
export async function look(world: World): Promise<Seen> {
  const { order, link } = world
  const [listed, { versions: found }] = await Promise.all([
    sourceVersions(world),
    versionsOf(world.target, { bucket: link.target.bucket, key: order.key }, world.signal),
  ])
  const { versions: source, whole: sourceIsWhole } = listed
  const { learned, leftovers, pending } = await learn(source, found, world)
  const known = learned.length === 0 ? order.pairs : [...order.pairs, ...learned]
  const without = (gone: readonly VersionEntry[]): readonly VersionEntry[] =>
    gone.length === 0 ? found : found.filter((entry) => !gone.includes(entry))
  const alignment = align(source, without(leftovers), known)
  // Only a listing that was read to its end can leave out what a write of the gateway became.
  const refused = sourceIsWhole ? pending.filter((entry) => alignment.extra.includes(entry)) : []
  const seen = { source, sourceIsWhole, learned }
  if (refused.length === 0) return { ...seen, target: without(leftovers), alignment, leftovers }
  const all = [...leftovers, ...refused]
  return { ...seen, target: without(all), alignment: align(source, without(all), known), leftovers: all }
}

/** A version that the first pages do not show is looked for in all of them: not every site lists a key by itself. */
async function sourceVersions({ source, link, order, signal }: World): Promise<KeyListing> {
  const at = { bucket: link.source.bucket, key: order.key }
  const listing = await versionsOf(source, at, signal)
  return listing.whole || shows(listing, order.versionId) ? listing : allVersionsOf(source, at, signal)
}

async function learn(
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  world: World,
): Promise<Pick<Seen, 'learned' | 'leftovers'> & { readonly pending: readonly VersionEntry[] }> {
  const mapped = new Set(world.order.pairs.map((pair) => pair.targetVersionId))
  const sourceIds = new Set(source.map((entry) => entry.versionId))
  const unknown = target.filter(
    (entry) => !entry.deleteMarker && !mapped.has(entry.versionId) && !ownIdCounts(entry, sourceIds),
  )
  const learned: VersionPair[] = []
  const leftovers: VersionEntry[] = []
  const pending: VersionEntry[] = []
  for (const entry of unknown.slice(0, asked)) {
    const head = await world.target.head(
      { bucket: world.link.target.bucket, key: entry.key, versionId: entry.versionId },
      { signal: world.signal },
    )
    if (head === null) continue
    const origin = originOf(head)
    if (isPlaceholder(head)) leftovers.push(entry)
    else if (origin !== null && isPending(origin)) {
      // An unversioned source keeps no history to compare with: what was replaced there is no leftover here.
      if (source[0]?.versionId !== 'null') pending.push(entry)
    } else if (origin !== null && origin.versionId !== 'null') {
      // A mark that names what this source has not got may be of another source: no pair, or a scan would find it deleted.
      if (sourceIds.has(origin.versionId) || origin.versionId === world.order.versionId)
        learned.push({ sourceVersionId: origin.versionId, targetVersionId: entry.versionId })
      leftovers.push(...target.filter(({ versionId }) => versionId === formerOf(head, origin.versionId, world)))
    }
  }
  return { learned, leftovers, pending }
}

/** Only what the journal knows for a replica of the very same version is ever taken for replaced. */
function formerOf(head: ObjectHead, sourceVersionId: string, { order }: World): string | null {
  const former = replacedBy(head)
  const known = order.pairs.find((pair) => pair.sourceVersionId === sourceVersionId)?.targetVersionId
  return former !== null && former === known ? former : null
}

const ownIdCounts = (entry: VersionEntry, sourceIds: ReadonlySet<string>): boolean =>
  entry.versionId !== 'null' && sourceIds.has(entry.versionId)

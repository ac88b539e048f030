import type { VersionPair } from '../journal/port.ts'
import type { ListPosition, ObjectHead, ObjectStore, VersionEntry } from '../store/port.ts'
import { align, type Alignment } from './align.ts'
import { isPending, originOf, replacedBy } from './origin.ts'
import { isPlaceholder } from './placeholder.ts'
import type { World } from './world.ts'

/** One key as both sides have it at the same moment. */
export interface Seen {
  readonly source: readonly VersionEntry[]
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

/** Most keys have few versions; the rest are read in full pages. */
const firstPage = 20
/** Unknown replicas are asked for their origin one HEAD each; beyond this many their content must speak for them. */
const asked = 50

/** Reads every version of the task's key on both sides and finds out which belong together. */
export async function look(world: World): Promise<Seen> {
  const { order, link } = world
  const [source, found] = await Promise.all([
    versionsOf(world.source, link.source.bucket, order.key, world.signal),
    versionsOf(world.target, link.target.bucket, order.key, world.signal),
  ])
  const { learned, leftovers, pending } = await learn(source, found, world)
  const known = learned.length === 0 ? order.pairs : [...order.pairs, ...learned]
  const without = (gone: readonly VersionEntry[]): readonly VersionEntry[] =>
    gone.length === 0 ? found : found.filter((entry) => !gone.includes(entry))
  const alignment = align(source, without(leftovers), known)
  const refused = pending.filter((entry) => alignment.extra.includes(entry))
  if (refused.length === 0) return { source, target: without(leftovers), alignment, learned, leftovers }
  const all = [...leftovers, ...refused]
  return { source, target: without(all), alignment: align(source, without(all), known), learned, leftovers: all }
}

/** All versions of exactly this key, newest first. Longer keys with the same beginning sort after it and end the read. */
export async function versionsOf(
  store: ObjectStore,
  bucket: string,
  key: string,
  signal: AbortSignal,
): Promise<readonly VersionEntry[]> {
  const found: VersionEntry[] = []
  let from: ListPosition | undefined
  for (;;) {
    const page = await store.listVersions(
      { bucket, prefix: key, from, limit: from === undefined ? firstPage : 1000 },
      { signal },
    )
    for (const entry of page.entries) {
      if (entry.key !== key) return found
      found.push(entry)
    }
    if (page.next === null || page.next.keyMarker !== key) return found
    from = page.next
  }
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

import { lookAlike, type KeySides } from '../../scan/target-writes.ts'
import { isReplicaOf, markOf } from '../../replicate/marks/origin.ts'
import { haveSameBytes, type VersionAt } from '../../replicate/versions/same-content.ts'
import type { ObjectStore, VersionEntry } from '../../store/port.ts'
import type { Link } from '../link.ts'

/** The store of a site as the link's rule may use it. */
type StoreOfLink = (siteId: string, link: Link) => ObjectStore

/** Beyond this, versions whose ETags differ are not read to be compared: the operator is asked. */
const largestRead = 256 * 1024 * 1024

/**
 * Finds out of one current version at a target, which the listings do not prove a replica, whether it is one: the version of
 * the source that its mark names, or that looks like it (other tools upload in other parts), has the same bytes.
 */
export const isTargetReplica =
  (store: StoreOfLink) =>
  async (link: Link, sides: KeySides, signal: AbortSignal): Promise<boolean> => {
    const current = sides.target[0]
    if (current === undefined || current.deleteMarker) return false
    const here = store(link.source.site, link)
    const there = store(link.target.site, link)
    const theirs = versionAt(there, link.target.bucket, current)
    const head = await there.head(theirs.ref, { signal })
    if (head === null) return false
    const mark = markOf(head)
    const named = sides.source.find(({ versionId, deleteMarker }) => !deleteMarker && versionId === mark?.versionId)
    const like = named ?? lookAlike(sides)
    if (like === null || (like.etag !== current.etag && like.sizeBytes > largestRead)) return false
    return haveSameBytes(versionAt(here, link.source.bucket, like), theirs, head, signal)
  }

const versionAt = (
  store: ObjectStore,
  bucket: string,
  { key, versionId, etag, sizeBytes }: VersionEntry,
): VersionAt => ({
  store,
  ref: { bucket, key, versionId },
  etag,
  sizeBytes,
})

/**
 * Was the current version at a target of a one-way rule written by somebody else? The journal knows what the rule brought; of
 * what it does not know, the version itself is asked. One that claims to be a replica is taken for one unless the version that it names
 * has another. A delete marker carries nothing: where a target keeps the source's ids, nothing tells one of others.
 */
export const isForeignVersion =
  (store: StoreOfLink, adoptsIds: (link: Link) => boolean) =>
  async (link: Link, sides: KeySides, signal: AbortSignal): Promise<boolean> => {
    const current = sides.target[0]
    if (current === undefined) return false
    if (current.deleteMarker) return !adoptsIds(link)
    const ref = { bucket: link.target.bucket, key: sides.key, versionId: current.versionId }
    const head = await store(link.target.site, link).head(ref, { signal })
    if (head === null) return false
    if (adoptsIds(link) && isReplicaOf(head, current.versionId)) return false
    const mark = markOf(head)
    if (mark !== null) return hasAnother(mark.versionId, current, sides)
    return !(await isTargetReplica(store)(link, sides, signal))
  }

const hasAnother = (sourceVersionId: string, current: VersionEntry, { target, pairs }: KeySides): boolean =>
  pairs.some(
    (pair) =>
      pair.sourceVersionId === sourceVersionId &&
      pair.targetVersionId !== current.versionId &&
      target.some(({ versionId }) => versionId === pair.targetVersionId),
  )

import { lookAlike, type KeySides } from '../feed/target-writes.ts'
import { markOf } from '../replicate/origin.ts'
import { haveSameBytes, type VersionAt } from '../replicate/same-content.ts'
import type { ObjectStore, VersionEntry } from '../store/port.ts'
import type { Link } from './links.ts'

/** Beyond this, versions whose ETags differ are not read to be compared: the operator is asked. */
const largestRead = 256 * 1024 * 1024

/**
 * Finds out of one current version at a target, which the listings do not prove a replica, whether it is one: the version of
 * the source that its mark names, or that looks like it (other tools upload in other parts), has the same bytes.
 */
export const isTargetReplica =
  (store: (siteId: string) => ObjectStore) =>
  async (link: Link, sides: KeySides, signal: AbortSignal): Promise<boolean> => {
    const current = sides.target[0]
    if (current === undefined || current.deleteMarker) return false
    const here = store(link.source.site)
    const there = store(link.target.site)
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

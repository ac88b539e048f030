import type { VersionEntry } from '../../store/port.ts'
import type { ComparedKey } from '../versions/compare-key.ts'
import { markOf } from '../marks/origin.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * May this version at the target be deleted for good, as the replica of that version of the source? Only what Lockstep can
 * prove that it wrote: the journal says so, or the target took the source's own id. What looks alike, or only bears a mark, may be a
 * client's.
 */
export async function isOwnReplica(
  sourceVersionId: string,
  there: VersionEntry,
  seen: Pick<ComparedKey, 'learned' | 'claimed'>,
  context: ReplicationContext,
): Promise<boolean> {
  const { order, link, target, signal } = context
  const pair = [...order.pairs, ...seen.learned].find(
    (one) => one.sourceVersionId === sourceVersionId && one.targetVersionId === there.versionId,
  )
  if (pair === undefined) return link.identity !== 'mints' && there.versionId === sourceVersionId
  if (pair.proof === undefined) return true
  if (pair.proof === 'found') return false
  if (there.deleteMarker) return true
  // The journal of an older release does not tell how it came to know the pair: the version itself must say so, and it alone.
  const ref = { bucket: link.target.bucket, key: order.key, versionId: there.versionId }
  const head = await target.head(ref, { signal })
  return head !== null && markOf(head)?.versionId === sourceVersionId && !seen.claimed.has(sourceVersionId)
}

import type { IdentityStamp, Stored, VersionEntry } from '../../store/port.ts'
import { adoptsMarkerId } from '../../store/version-headers.ts'
import type { Outcome } from '../port.ts'
import { removeLeftovers, writePlaceholder } from './placeholder.ts'
import { identityFor } from '../copy/replica.ts'
import { arrived, settled } from '../outcomes.ts'
import type { ReplicationContext } from '../context.ts'
import type { VersionPair } from '../../journal/port/versions.ts'

/** Writes the source's delete marker at the target, with its id where the target adopts ids. */
export async function writeMarker(
  marker: Pick<VersionEntry, 'versionId' | 'modifiedAt'>,
  context: ReplicationContext,
): Promise<Outcome> {
  // P7: a marker carries no mark. One that the target's own rule brought here, and that is gone there, was deleted there.
  if (context.order.came?.some((pair) => pair.sourceVersionId === marker.versionId) === true)
    return settled('not-wanted')
  if (marker.versionId !== context.order.versionId) await context.noteMarker(marker)
  const identity = identityFor(context.link.identity, marker.versionId, marker.modifiedAt, '')
  const isNamed = identity !== null && adoptsMarkerId(identity)
  const stored = await (isNamed ? write(identity, context) : mintMarker(marker.versionId, identity, context))
  const outcome = arrived('marker', 0, marker.versionId, stored.versionId, context.link)
  return outcome.learned.length > 0 ? outcome : { ...outcome, learned: markerPair(marker.versionId, context) }
}

const write = (identity: IdentityStamp | null, { link, order, target, signal }: ReplicationContext): Promise<Stored> =>
  target.writeDeleteMarker({ bucket: link.target.bucket, key: order.key }, identity, { signal })

/**
 * A site may refuse, silently, to put one marker on another, or on nothing: then a placeholder goes in between. So it does where
 * MinIO is told when the marker was made, but not its id: on nothing it would write a null version, and not say so.
 */
async function mintMarker(
  markerId: string,
  identity: IdentityStamp | null,
  context: ReplicationContext,
): Promise<Stored> {
  const top = await newest(context)
  if (top === undefined ? identity === null : !top.deleteMarker) {
    const stored = await write(identity, context)
    if (stored.versionId !== null) return stored
  }
  const placeholder = await writePlaceholder(markerId, context)
  const stored = await write(identity, context)
  if (placeholder !== null && placeholder !== 'null') await removeLeftovers([{ versionId: placeholder }], context)
  return stored
}

async function newest({ link, order, target, signal }: ReplicationContext): Promise<VersionEntry | undefined> {
  const request = { bucket: link.target.bucket, prefix: order.key, limit: 1 }
  const [first] = (await target.listVersions(request, { signal })).entries
  return first?.key === order.key ? first : undefined
}

/**
 * A marker that kept its id: nothing on it proves it a replica, so the journal remembers it for as long as a rule may have
 * to remove it again.
 */
export function markerPair(versionId: string, { link, order }: ReplicationContext): readonly VersionPair[] {
  const known = order.pairs.some((pair) => pair.sourceVersionId === versionId)
  return (link.rule.versionDeletes || link.readOn === true) && !known && versionId !== 'null'
    ? [{ sourceVersionId: versionId, targetVersionId: versionId }]
    : []
}

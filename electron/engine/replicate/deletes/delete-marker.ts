import type { IdentityStamp, Stored, VersionEntry } from '../../store/port.ts'
import type { Outcome } from '../port.ts'
import { removeLeftovers, writePlaceholder } from './placeholder.ts'
import { identityFor } from '../copy/replica.ts'
import { arrived, settled } from '../outcomes.ts'
import { isMinted, noteOf } from '../versions/noted-markers.ts'
import type { ReplicationContext } from '../context.ts'
import type { VersionPair } from '../../journal/port/versions.ts'

/** Writes the source's delete marker at the target, with its id where the target adopts ids. */
export async function writeMarker(marker: Marker, context: ReplicationContext): Promise<Outcome> {
  // P7: a marker carries no mark. One that the target's own rule brought here, and that is gone there, was deleted there.
  if (context.order.came?.some((pair) => pair.sourceVersionId === marker.versionId) === true)
    return settled('not-wanted')
  const identity = identityFor(context.link.identity, marker.versionId, marker.modifiedAt, '')
  const stored = await (isMinted(marker.versionId, context)
    ? mintMarker(marker, identity, context)
    : writeNamed(marker, identity, context))
  const outcome = arrived('marker', 0, marker.versionId, stored.versionId, context.link)
  return outcome.learned.length > 0 ? outcome : { ...outcome, learned: markerPair(marker.versionId, context) }
}

type Marker = Pick<VersionEntry, 'versionId' | 'modifiedAt'>

/** Its id tells whose it is. One that comes along has a task of its own on record, which looks for it when the source has let go of it. */
async function writeNamed(
  marker: Marker,
  identity: IdentityStamp | null,
  { link, order, target, markers, signal }: ReplicationContext,
): Promise<Stored> {
  if (marker.versionId !== order.versionId) await markers.sent(marker)
  return target.writeDeleteMarker({ bucket: link.target.bucket, key: order.key }, identity, { signal })
}

/** Nothing on it will tell whose it is: that it was sent is on record before, and what is known of its end after. */
async function writeNoted(
  marker: Marker,
  identity: IdentityStamp | null,
  { link, order, target, markers, signal }: ReplicationContext,
): Promise<Stored> {
  const before = noteOf(marker.versionId, order)
  let isSent = false
  let status: number | null = null
  const told = { signal, onSent: () => void (isSent = true), onAnswer: (answered: number) => void (status = answered) }
  try {
    await markers.sent(marker)
    const stored = await target.writeDeleteMarker({ bucket: link.target.bucket, key: order.key }, identity, told)
    if (stored.versionId === null) markers.ended(marker.versionId, before)
    return stored
  } catch (error) {
    if (!isSent || isRefusal(status)) markers.ended(marker.versionId, before)
    else if (isError(status)) markers.ended(marker.versionId, 'unsure')
    throw error
  }
}

/** The site has taken nothing. Of a request that it gave up waiting for, or that met another, it does not say so. */
const isRefusal = (status: number | null): boolean =>
  status !== null && status >= 300 && status < 500 && status !== 408 && status !== 409

const isError = (status: number | null): boolean => status !== null && status >= 300

/**
 * A site may refuse, silently, to put one marker on another, or on nothing: then a placeholder goes in between. So it does where
 * MinIO is told when the marker was made, but not its id: on nothing it would write a null version, and not say so.
 */
async function mintMarker(
  marker: Marker,
  identity: IdentityStamp | null,
  context: ReplicationContext,
): Promise<Stored> {
  const top = await newest(context)
  if (top === undefined ? identity === null : !top.deleteMarker) {
    const stored = await writeNoted(marker, identity, context)
    if (stored.versionId !== null) return stored
  }
  const placeholder = await writePlaceholder(marker.versionId, context)
  const stored = await writeNoted(marker, identity, context)
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

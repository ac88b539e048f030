import type { BucketAt } from '../../../../shared/model/rule.ts'
import type { ObjectHead } from '../../store/port.ts'
import { versionsOf } from '../versions/key-listing.ts'
import { isReplicaOf, markOf, sealOf, type Mark } from '../marks/origin.ts'
import { haveSameBytes, sameDescription } from '../versions/same-content.ts'
import { settled } from '../outcomes.ts'
import type { SettledOutcome } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * P7: is this version of the source one that came from the target? Then the outcome that leaves it where it is; null for
 * all else, whatever it claims. The journal's pair of the opposite link proves it, even when the target has lost its own since.
 * Without one the target must have the very version that the mark names, not a replica itself, with the same content, and no other
 * version of the source may bear the same mark.
 */
export async function echoOf(
  versionId: string,
  head: ObjectHead,
  context: ReplicationContext,
): Promise<SettledOutcome | null> {
  if (isKnownEcho(versionId, head, context)) return settled('not-wanted')
  const mark = markOf(head)
  if (mark === null) return null
  if (isUnderWay(mark, head, context)) return settled('not-wanted')
  if (
    mark.kind !== 'replica' ||
    mark.firstSeenAt !== nameOf(context.link.target) ||
    !(await isVersionOfTarget(versionId, head, mark, context))
  )
    return null
  return settled('already-there', [{ sourceVersionId: versionId, targetVersionId: mark.versionId, proof: 'found' }])
}

/** By the journal, or by an id that the two sites share. */
export function isKnownEcho(versionId: string, head: ObjectHead, { order, link }: ReplicationContext): boolean {
  if (order.came?.some((pair) => pair.sourceVersionId === versionId) === true) return true
  const mark = markOf(head)
  return (
    mark?.versionId === versionId &&
    versionId !== 'null' &&
    mark.firstSeenAt === nameOf(link.target) &&
    isReplicaOf(head, versionId)
  )
}

/**
 * Some link writes it at this moment: what becomes of it is known when its task has ended. The journal has the pair then, and a copy
 * that a client made meanwhile is found by the next scan.
 */
function isUnderWay(mark: Mark, head: ObjectHead, { order, link }: ReplicationContext): boolean {
  const source = mark.kind === 'replica' ? link.target : placeNamed(mark.firstSeenAt ?? '')
  const place = { source, target: link.source, key: order.key }
  const etag = mark.kind === 'replica' ? head.etag : ''
  const seal = sealOf(head, place, { etag, sizeBytes: head.sizeBytes }, link.seal ?? null)
  if (seal === null || seal.journal !== link.seal?.journal) return false
  return order.openAtSource?.includes(seal.seq) === true || seal.seq > (order.asOfSeq ?? Infinity)
}

async function isVersionOfTarget(
  versionId: string,
  head: ObjectHead,
  mark: Mark,
  context: ReplicationContext,
): Promise<boolean> {
  const { order, link, source, target, signal } = context
  const other = mark.versionId
  const isTaken = [...order.pairs, ...(order.came ?? [])].some(
    (pair) => pair.targetVersionId === other && pair.sourceVersionId !== versionId,
  )
  if (other === 'null' || isTaken) return false
  const there = { bucket: link.target.bucket, key: order.key, versionId: other }
  const original = await target.head(there, { signal })
  if (original === null || markOf(original) !== null || !sameDescription(head, original)) return false
  const here = { bucket: link.source.bucket, key: order.key, versionId }
  const same = await haveSameBytes(
    { store: source, ref: here, etag: head.etag, sizeBytes: head.sizeBytes },
    { store: target, ref: there, etag: original.etag, sizeBytes: original.sizeBytes },
    original,
    signal,
  )
  return same && (await isAlone(versionId, head, other, context))
}

/** Versions of one size that are looked through for the same mark; beyond this many nothing is taken for proven. */
const lookedThrough = 50

async function isAlone(
  versionId: string,
  head: ObjectHead,
  named: string,
  context: ReplicationContext,
): Promise<boolean> {
  const { order, link, source, signal } = context
  const { versions, whole } = await versionsOf(source, { bucket: link.source.bucket, key: order.key }, signal)
  const others = versions.filter(
    (entry) => !entry.deleteMarker && entry.versionId !== versionId && entry.sizeBytes === head.sizeBytes,
  )
  if (!whole && versions.length > lookedThrough) return false
  if (others.length > lookedThrough) return false
  for (const entry of others) {
    const other = await source.head(
      { bucket: link.source.bucket, key: order.key, versionId: entry.versionId },
      { signal },
    )
    if (other !== null && markOf(other)?.versionId === named) return false
  }
  return true
}

const nameOf = ({ site, bucket }: BucketAt): string => `${site}/${bucket}`

function placeNamed(name: string): BucketAt {
  const slash = name.indexOf('/')
  return { site: name.slice(0, Math.max(0, slash)), bucket: name.slice(slash + 1) }
}

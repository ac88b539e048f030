import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { ReplicationContext } from '../context.ts'
import { allVersionsOf, shows, versionsOf, type KeyListing } from './key-listing.ts'

/** From this attempt on an unclear answer is set aside for the operator: what waits would hold back the key's later changes. */
const attemptsBeforeParked = 3

/**
 * Proof of absence: is this version (null: the whole key) gone from the source? Only when no page of the key's own listing
 * shows it and the source, asked for that very version, says that there is no such thing. What is unclear is thrown, and
 * nothing may be deleted on it: a listing that leaves something out is no delete.
 */
export async function isGone(
  versionId: string | null,
  context: ReplicationContext,
  listing?: KeyListing,
): Promise<boolean> {
  const { source, link, order, signal } = context
  const at = { bucket: link.source.bucket, key: order.key }
  const listed = listing?.whole === true ? listing : await allVersionsOf(source, at, signal)
  if (shows(listed, versionId)) return false
  const what = versionId === null ? 'this key' : `version ${versionId} of this key`
  throwUnlessWhole(listed, what, context)
  if ((await presenceOf(versionId, context)) === 'present')
    throw unproven(`Bucket “${at.bucket}” does not list ${what}, and gives it all the same.`, context)
  if (
    listed.marker !== undefined &&
    (await presenceOf(listed.marker.versionId, context, listed.marker.key)) === 'absent'
  )
    throw unproven(
      `Bucket “${at.bucket}” lists delete markers and answers that they are not there: ${what} may be one.`,
      context,
    )
  return true
}

/** Every version that the source has of the task's key. A listing that may leave one out is thrown, as {@link isGone} does. */
export async function wholeListing(context: ReplicationContext): Promise<KeyListing> {
  const { source, link, order, signal } = context
  const listed = await allVersionsOf(source, { bucket: link.source.bucket, key: order.key }, signal)
  throwUnlessWhole(listed, 'versions of this key', context)
  return listed
}

function throwUnlessWhole(listed: KeyListing, what: string, context: ReplicationContext): void {
  if (listed.leftOut !== undefined)
    throw unproven(`The listing that lacks ${what} lacks “${listed.leftOut}” too, which ListObjectsV2 shows.`, context)
  if (!listed.whole) throw unproven(`The listing of ${what} goes on over many other keys, and did not end.`, context)
}

async function presenceOf(
  versionId: string | null,
  context: ReplicationContext,
  key = context.order.key,
): ReturnType<ReplicationContext['source']['presence']> {
  const { source, link, signal } = context
  const ref = { bucket: link.source.bucket, key }
  try {
    return await source.presence(versionId === null ? ref : { ...ref, versionId }, { signal })
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'ABSENCE_UNPROVEN')
      throw unproven(error.fault.message, context, error)
    throw error
  }
}

function unproven(message: string, { order, link }: ReplicationContext, cause?: unknown): FaultError {
  const retry = order.attempt < attemptsBeforeParked ? 'backoff' : 'never'
  return new FaultError(fault('ABSENCE_UNPROVEN', message, { site: link.source.site, retry }), { cause })
}

/** A listing may be a little late. From this attempt on, what is listed and not found is taken for lost. */
const attemptsBeforeLost = 3

/** What the source's listing says of a version that was not found. `late`: it is listed, and may be gone all the same. */
export async function afterNotFound(
  versionId: string | null,
  context: ReplicationContext,
): Promise<'gone' | 'late' | 'lost'> {
  const { source, link, order, signal } = context
  const listing = await versionsOf(source, { bucket: link.source.bucket, key: order.key }, signal)
  if (!shows(listing, versionId) && (await isGone(versionId, context, listing))) return 'gone'
  return order.attempt < attemptsBeforeLost ? 'late' : 'lost'
}

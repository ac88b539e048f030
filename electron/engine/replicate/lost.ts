import { isGone } from './absence.ts'
import { shows, versionsOf } from './key-listing.ts'
import type { ReplicationContext } from './context.ts'

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

import type { VersionEntry } from '../../store/port.ts'
import { placeholderStamp } from '../marks/origin.ts'
import { writerOf, type ReplicationContext } from '../context.ts'

const nothing = Buffer.alloc(0)

/**
 * An empty version that stands between two delete markers while the upper one is written: Ceph and MinIO write no marker
 * on top of another, and MinIO none for a key that it has not got, while a source may have both (the version between was
 * deleted, AWS stacks them). It names the task that wrote it, so that the next attempt knows it for what it is.
 */
export async function writePlaceholder(markerId: string, context: ReplicationContext): Promise<string | null> {
  const { source, target } = context.link
  const place = { source, target, key: context.order.key }
  const stored = await context.target.put(
    {
      bucket: target.bucket,
      key: context.order.key,
      content: {},
      metadata: placeholderStamp(markerId, place, writerOf(context)),
      tags: {},
      lock: null,
      storageClass: null,
      identity: null,
    },
    { sizeBytes: 0, body: nothing },
    { signal: context.signal },
  )
  return stored.versionId
}

/** Removes exactly these: what an attempt that was cut short left behind, and the journal knows for its own. */
export async function removeLeftovers(
  versions: readonly Pick<VersionEntry, 'versionId'>[],
  { link, order, target, signal }: ReplicationContext,
): Promise<void> {
  for (const { versionId } of versions)
    await target.deleteVersion({ bucket: link.target.bucket, key: order.key, versionId }, null, { signal })
}

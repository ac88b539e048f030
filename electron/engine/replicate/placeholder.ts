import type { ObjectHead, VersionEntry } from '../store/port.ts'
import { origined } from './origin.ts'
import type { World } from './world.ts'

const placeholderName = 'lockstep-placeholder'
const nothing = Buffer.alloc(0)

/**
 * An empty version that stands between two delete markers while the upper one is written: Ceph and MinIO write no marker
 * on top of another, and MinIO none for a key that it has not got, while a source may have both (the version between was
 * deleted, AWS stacks them). It carries an origin, so that an opposite rule never takes it for an object of its own.
 */
export async function writePlaceholder(markerId: string, world: World): Promise<string | null> {
  const { source, target } = world.link
  const stored = await world.target.put(
    {
      bucket: target.bucket,
      key: world.order.key,
      content: {},
      metadata: { ...origined(markerId, `${source.site}/${source.bucket}`), [placeholderName]: 'delete-marker' },
      tags: {},
      lock: null,
      storageClass: null,
      identity: null,
    },
    { sizeBytes: 0, body: nothing },
    { signal: world.signal },
  )
  return stored.versionId
}

export const isPlaceholder = (head: Pick<ObjectHead, 'metadata'>): boolean =>
  head.metadata[placeholderName] !== undefined

/** Removes exactly these: what an attempt that was cut short left behind. */
export async function removeLeftovers(
  versions: readonly Pick<VersionEntry, 'versionId'>[],
  { link, order, target, signal }: World,
): Promise<void> {
  for (const { versionId } of versions)
    await target.deleteVersion({ bucket: link.target.bucket, key: order.key, versionId }, null, { signal })
}

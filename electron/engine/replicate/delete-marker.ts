import type { VersionEntry } from '../store/port.ts'
import type { Outcome } from '../worker/port.ts'
import { identityFor } from './replica.ts'
import { arrived } from './settled.ts'
import type { World } from './world.ts'

/** Writes the source's delete marker at the target, with its id where the target adopts ids. */
export async function writeMarker(
  marker: Pick<VersionEntry, 'versionId' | 'modifiedAt'>,
  world: World,
): Promise<Outcome> {
  const identity = identityFor(world.link.identity, marker.versionId, marker.modifiedAt, '')
  const stored = await world.target.writeDeleteMarker(
    { bucket: world.link.target.bucket, key: world.order.key },
    identity,
    { signal: world.signal },
  )
  return arrived('marker', 0, marker.versionId, stored.versionId)
}

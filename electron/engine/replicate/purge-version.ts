import type { Outcome } from '../worker/port.ts'
import { isGone } from './absence.ts'
import { sourceListing, type Seen } from './look.ts'
import { identityFor } from './replica.ts'
import { settled } from './settled.ts'
import type { World } from './world.ts'

/**
 * Repeats the permanent delete of one version. Only a version known to be the replica of exactly that one is removed, and
 * only when the source itself says that it is gone: an event, or a scan that missed it, is a claim.
 */
export async function purgeVersion(versionId: string, seen: Seen, world: World): Promise<Outcome> {
  if (seen.source.some((entry) => entry.versionId === versionId)) return settled('not-wanted', seen.learned)
  const targetVersionId = replicaIdOf(versionId, seen, world)
  if (targetVersionId === null) return settled('already-there', seen.learned)
  if (!(await isGone(versionId, world, sourceListing(seen)))) return settled('not-wanted', seen.learned)
  const identity = identityFor(world.link.identity, versionId, world.now(), '')
  await world.target.deleteVersion(
    { bucket: world.link.target.bucket, key: world.order.key, versionId: targetVersionId },
    identity,
    { signal: world.signal, bypassGovernance: world.order.bypassGovernance },
  )
  return {
    kind: 'settled',
    did: 'purged',
    bytes: 0,
    learned: seen.learned.filter((pair) => pair.sourceVersionId !== versionId),
    forgotten: [versionId],
  }
}

function replicaIdOf(versionId: string, seen: Seen, world: World): string | null {
  const known =
    [...world.order.pairs, ...seen.learned].find((pair) => pair.sourceVersionId === versionId)?.targetVersionId ??
    versionId
  return known !== 'null' && seen.target.some((entry) => entry.versionId === known) ? known : null
}

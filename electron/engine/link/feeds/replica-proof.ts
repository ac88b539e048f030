import type { ReplicaProof } from '../../scan/port.ts'
import { isReplicaOf, markOf, sealOf } from '../../replicate/marks/origin.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { ObjectHead, ObjectStore } from '../../store/port.ts'
import type { LinkOrder } from '../../replicate/port.ts'
import { isOnlySource } from '../neighbours.ts'

/** Versions known to be somebody else's; they stay that for ever, so they are asked about once. */
const remembered = 50_000

export interface ReplicaProofParts {
  readonly link: RuleLink
  /** All links there are. */
  readonly links: () => readonly RuleLink[]
  /** Another source wrote to the target, now or earlier: a replica does not say where it came from. */
  readonly isShared: () => boolean
  readonly order: (linkId: string) => LinkOrder | null
  readonly store: (siteId: string) => ObjectStore
  readonly passedOver: () => void
}

/** Finds out for the scans of one link which versions with its source's ids are replicas at its target, by what the target says of them. */
export function replicaProof({ link, links, isShared, order, store, passedOver }: ReplicaProofParts): ReplicaProof {
  const foreign = new Set<string>()
  const { site, bucket } = link.target
  const isSealed = (head: ObjectHead, versionId: string, key: string): boolean =>
    markOf(head)?.versionId === versionId &&
    sealOf(head, { ...link, key }, head, order(link.linkId)?.seal ?? null) !== null
  return {
    sharesIds() {
      // A replica does not say where it came from: with two sources one would purge what the other brought.
      if (!isOnlySource(link, links()) || isShared()) return false
      const identity = order(link.linkId)?.identity ?? 'unknown'
      return identity === 'unknown' ? null : identity !== 'mints'
    },
    passedOver,
    async isReplica(key, versionId, signal) {
      const name = `${versionId} ${key}`
      if (foreign.has(name)) return false
      // A site that does not answer now is asked again by the next scan: until it says so, nothing is a replica.
      const head = await store(site)
        .head({ bucket, key, versionId }, { signal })
        .catch(() => null)
      const replica = head !== null && (isReplicaOf(head, versionId) || isSealed(head, versionId, key))
      // Another null version may come in the place of this one.
      if (head !== null && !replica && versionId !== 'null' && foreign.size < remembered) foreign.add(name)
      return replica
    },
  }
}

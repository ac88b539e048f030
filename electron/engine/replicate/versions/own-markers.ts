import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { ComparedKey } from './compare-key.ts'
import { isSentMarker, knownPairs, noteOf } from './noted-markers.ts'
import type { ReplicationContext } from '../context.ts'

/** Listings tell times to the second. */
const coarseMs = 1000

/**
 * With the markers that an earlier attempt sent, its own and those that came along, and whose answers were lost. Where a
 * rule leads back, versions of both sides lie in orders of their own, and a marker's place tells nothing any more: it is one that is
 * paired in neither direction, and lies on top or came after the delete.
 */
export function withOwnMarkers(seen: ComparedKey, context: ReplicationContext): ComparedKey {
  const { order, link } = context
  if (link.opposite === undefined) return seen
  const { target, alignment } = seen
  const mayBeOf = (version: VersionEntry, there: VersionEntry): boolean =>
    there.deleteMarker && (there === target[0] || there.modifiedAt >= version.modifiedAt - coarseMs)
  const found = new Map<VersionEntry, VersionEntry>()
  for (const version of alignment.missing) {
    if (!version.deleteMarker || noteOf(version.versionId, order) === null) continue
    const taken = new Set(found.values())
    const there = alignment.extra.findLast((entry) => !taken.has(entry) && mayBeOf(version, entry))
    if (there !== undefined) found.set(version, there)
  }
  return found.size === 0 ? seen : paired(seen, found, context)
}

function paired(
  seen: ComparedKey,
  found: ReadonlyMap<VersionEntry, VersionEntry>,
  context: ReplicationContext,
): ComparedKey {
  const { alignment, learned, target } = seen
  const theirs = new Set(found.values())
  const known = knownPairs(learned, context)
  const pairs = [...found].map(([{ versionId }, there]): VersionPair => {
    const pair = { sourceVersionId: versionId, targetVersionId: there.versionId }
    return isSentMarker(versionId, there, { target, known }, context) ? pair : { ...pair, proof: 'found' }
  })
  return {
    ...seen,
    learned: [...learned, ...pairs],
    alignment: {
      ...alignment,
      pairs: [...alignment.pairs, ...found],
      missing: alignment.missing.filter((version) => !found.has(version)),
      extra: alignment.extra.filter((there) => !theirs.has(there)),
    },
  }
}

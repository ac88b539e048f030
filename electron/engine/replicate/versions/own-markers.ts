import type { VersionEntry } from '../../store/port.ts'
import type { ComparedKey } from './compare-key.ts'
import type { ReplicationContext } from '../context.ts'

/** Listings tell times to the second. */
const coarseMs = 1000

/**
 * With the markers that an earlier attempt may have written, its own and those that came along, and whose answers were lost. Where a
 * rule leads back, versions of both sides lie in orders of their own, and a marker's place tells nothing any more: it is one that is
 * paired in neither direction, and lies on top or came after the delete.
 */
export function withOwnMarkers(seen: ComparedKey, { order, link }: ReplicationContext): ComparedKey {
  if (order.mayHaveRun !== true || link.opposite === undefined) return seen
  const { source, target, alignment } = seen
  const mayBeOf = (version: VersionEntry, there: VersionEntry): boolean =>
    there.deleteMarker && (there === target[0] || there.modifiedAt >= version.modifiedAt - coarseMs)
  const written = upToNamed(source, order.versionId)
  const found = new Map<VersionEntry, VersionEntry>()
  for (const version of alignment.missing) {
    if (!version.deleteMarker || !written.includes(version)) continue
    const taken = new Set(found.values())
    const there = alignment.extra.findLast((entry) => !taken.has(entry) && mayBeOf(version, entry))
    if (there !== undefined) found.set(version, there)
  }
  return found.size === 0 ? seen : paired(seen, found)
}

/** An attempt brings what is missing up to the version of its task, and nothing above that. */
function upToNamed(source: readonly VersionEntry[], versionId: string | null): readonly VersionEntry[] {
  const at = versionId === null ? 0 : source.findIndex((entry) => entry.versionId === versionId)
  return at < 0 ? [] : source.slice(at)
}

function paired(seen: ComparedKey, found: ReadonlyMap<VersionEntry, VersionEntry>): ComparedKey {
  const { alignment, learned } = seen
  const theirs = new Set(found.values())
  const pairs = [...found].map(([version, there]) => ({
    sourceVersionId: version.versionId,
    targetVersionId: there.versionId,
  }))
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

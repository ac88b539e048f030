import type { Difference, DifferenceKind } from '../../../shared/model/job.ts'
import { align } from '../replicate/align.ts'
import { partsInEtag } from '../replicate/part-layout.ts'
import type { VersionPair } from '../journal/port.ts'
import type { VersionEntry } from '../store/port.ts'
import type { LinkOrder } from '../worker/port.ts'
import type { PairOfVersions } from './compare-link.ts'

export interface KeyDifferences {
  readonly differences: readonly Difference[]
  /** Versions that belong together, for a deeper look. */
  readonly pairs: readonly PairOfVersions[]
}

/**
 * What the listings of one key tell, under the rule's own terms: what the rule does not carry (delete markers, version
 * deletes, what was there before it) is no difference. Pure.
 */
export function differencesOfKey(
  key: string,
  source: readonly VersionEntry[],
  target: readonly VersionEntry[],
  known: readonly VersionPair[],
  link: LinkOrder,
): KeyDifferences {
  const wanted = source.filter(
    (entry) => entry.modifiedAt >= link.copySince && (link.rule.deleteMarkers || !entry.deleteMarker),
  )
  const { pairs, missing, extra, disorder } = align(wanted, target, known)
  const found: Difference[] = []
  const add = (kind: DifferenceKind, versionId: string | null, detail: string): void => {
    found.push({ kind, key, versionId, detail })
  }
  for (const entry of missing) add('missing-at-target', entry.versionId, describe(entry))
  // Under a rule that keeps purged versions, or markers the rule does not carry, the target may hold more.
  const isExtra = (entry: VersionEntry): boolean => link.rule.versionDeletes || isForeign(entry, source, known, link)
  for (const entry of extra) if (isExtra(entry)) add('extra-at-target', entry.versionId, describe(entry))
  if (disorder && missing.length === 0) add('order', null, 'The versions are in another order at the target.')
  for (const [here, there] of pairs)
    if (!sameBytesByListing(here, there))
      add('content', here.versionId, `${describe(here)} at the source, ${describe(there)} at the target.`)
  const latest = target[0]
  const newest = wanted[0]
  const covered = pairs.find(([here]) => here === newest)
  if (covered !== undefined && latest !== undefined && covered[1] !== latest) {
    add(
      'not-latest',
      newest!.versionId,
      `The source’s latest version is not the latest at the target: ${describe(latest)} lies above it.`,
    )
  }
  return { differences: found, pairs }
}

/**
 * Among the versions of a key that the source has, one that the journal does not know for a replica: somebody else's, or what was
 * left behind before the journal was lost. Only a target that mints ids shows which they are.
 */
function isForeign(
  { versionId, deleteMarker }: VersionEntry,
  source: readonly VersionEntry[],
  known: readonly VersionPair[],
  { identity, opposite }: LinkOrder,
): boolean {
  if (identity !== 'mints' || opposite !== undefined || source.length === 0 || deleteMarker) return false
  return !known.some((pair) => pair.targetVersionId === versionId)
}

/** Multipart ETags depend on part sizes and encryption: equal sizes then, and the deep comparison reads the bytes. */
function sameBytesByListing(a: VersionEntry, b: VersionEntry): boolean {
  if (a.deleteMarker) return b.deleteMarker
  if (a.sizeBytes !== b.sizeBytes) return false
  return a.etag === b.etag || partsInEtag(a.etag) !== null || partsInEtag(b.etag) !== null
}

function describe(entry: VersionEntry): string {
  const when = new Date(entry.modifiedAt).toISOString()
  return entry.deleteMarker
    ? `Delete marker of ${when}`
    : `${entry.sizeBytes.toLocaleString('en')} bytes, ETag ${entry.etag}, ${when}`
}

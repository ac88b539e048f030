import type { HeaderMap } from '../../s3/headers.ts'

/** What is newest of one key at one copy, as far as one answer tells. */
export interface CopyState {
  readonly kind: 'version' | 'marker' | 'nothing'
  /** The copy's own, `null` where the bucket keeps no versions; null when nothing is there. */
  readonly versionId: string | null
  /** Of the version that this one is a replica of, at the site that it was copied from; null when it says of none. */
  readonly replicaOf: string | null
  readonly etag: string
  /** Epoch ms of the first write, wherever that was; 0 when the answer tells of none. Whole seconds at worst. */
  readonly modifiedAt: number
}

/**
 * Reads the answer to a GET or HEAD; null when it says nothing of what is there: refusals, errors, failed conditions. What the
 * answer says of being a replica counts only when its seal holds (`isSealed`): clients can write such names too.
 */
export function copyStateOf(
  { status, headers }: { readonly status: number; readonly headers: HeaderMap },
  isSealed: (headers: HeaderMap) => boolean,
): CopyState | null {
  const marks = headers['x-amz-meta-lockstep-version'] !== undefined && isSealed(headers) ? headers : noMarks
  // It stands for no object: the engine is writing a delete marker over it at this moment.
  if (marks['x-amz-meta-lockstep-placeholder'] !== undefined) return null
  const versionId = headers['x-amz-version-id']
  const etag = headers['etag']?.replaceAll('"', '') ?? ''
  const modifiedAt = Date.parse(marks['x-amz-meta-lockstep-modified'] ?? headers['last-modified'] ?? '') || 0
  const replicaOf = marks['x-amz-meta-lockstep-version'] ?? null
  const known = { versionId: versionId ?? 'null', replicaOf, etag, modifiedAt }
  if (status < 300) return { kind: 'version', ...known }
  if (status === 304 && versionId !== undefined) return { kind: 'version', ...known }
  if (status !== 404) return null
  return headers['x-amz-delete-marker'] === 'true'
    ? { kind: 'marker', ...known }
    : { kind: 'nothing', ...known, versionId: null }
}

const noMarks: HeaderMap = {}

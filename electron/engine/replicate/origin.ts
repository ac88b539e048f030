import type { ObjectHead } from '../store/port.ts'
import type { LinkOrder } from '../worker/port.ts'

/**
 * What a replica carries about where it came from, as user metadata: the only place that every S3 site keeps.
 * `version` is its id at the site it was copied from, `origin` the bucket where it was first written
 * (`site/bucket`), `modified` its time there. Names must survive sites that lower-case and turn `_` into `-`.
 */
const versionName = 'lockstep-version'
const originName = 'lockstep-origin'
const modifiedName = 'lockstep-modified'
/** The replica of the same version that this one was written to replace. */
const replacesName = 'lockstep-replaces'

/** AWS counts names and values of all user metadata against 2 KiB. */
const metadataLimitBytes = 2048

export interface Origin {
  readonly versionId: string
  /** `site/bucket` of the first write; null on a stamp cut short to fit the metadata limit. */
  readonly firstSeenAt: string | null
}

export function originOf(head: Pick<ObjectHead, 'metadata'>): Origin | null {
  const versionId = head.metadata[versionName]
  return versionId === undefined ? null : { versionId, firstSeenAt: head.metadata[originName] ?? null }
}

/** P7: what was first written at the target is never sent back to it. */
export function cameFromTarget(head: Pick<ObjectHead, 'metadata'>, { target }: Pick<LinkOrder, 'target'>): boolean {
  return originOf(head)?.firstSeenAt === `${target.site}/${target.bucket}`
}

/** Was this version at a target brought there by a replicator, as the replica of this version of the source? */
export function isReplicaOf(head: Pick<ObjectHead, 'metadata' | 'replicationStatus'>, versionId: string): boolean {
  return head.replicationStatus === 'REPLICA' || head.metadata[versionName] === versionId
}

/** Names that belong to Lockstep. Some sites take `_` for `-`, so that the one would come back as the other. */
const reserved = /^lockstep[-_]/i
const reservedHeader = /^x[-_]amz[-_]meta[-_]lockstep[-_]/i

/** Is this header one of our marks, in whatever spelling? Clients of the gateway neither see nor write them. */
export const isMarkHeader = (name: string): boolean => reservedHeader.test(name)

/** The user's own metadata, without our stamp. */
export function withoutOrigin(metadata: ObjectHead['metadata']): Record<string, string> {
  const own: Record<string, string> = {}
  for (const name in metadata) if (!reserved.test(name)) own[name] = metadata[name]!
  return own
}

/** The id of the replica that this one was written to replace: it goes, should the attempt not have come to that. */
export const replacedBy = (head: Pick<ObjectHead, 'metadata'>): string | null => head.metadata[replacesName] ?? null

/** The metadata of a replica: the user's own plus the stamp. Cut to the version id where the rest would not fit. */
export function stamped(
  head: ObjectHead,
  versionId: string,
  from: string,
  replaces: string | null,
): Record<string, string> {
  const metadata = withoutOrigin(head.metadata)
  metadata[versionName] = versionId
  if (replaces !== null && sizeOf(metadata) + replacesName.length + replaces.length <= metadataLimitBytes)
    metadata[replacesName] = replaces
  const short = sizeOf(metadata)
  const origin = head.metadata[originName] ?? from
  const modified = head.metadata[modifiedName] ?? new Date(head.modifiedAt).toISOString()
  const full = short + originName.length + origin.length + modifiedName.length + modified.length
  if (full <= metadataLimitBytes || short > metadataLimitBytes) {
    metadata[originName] = origin
    metadata[modifiedName] = modified
  }
  return metadata
}

/** The stamp of something that is no copy of a version: which one it is for, and where it comes from. */
export function origined(versionId: string, from: string): Record<string, string> {
  return { [versionName]: versionId, [originName]: from }
}

/** Of a version written at the same moment as its source's, whose id nobody knows yet. */
const pendingPrefix = 'write-'

/**
 * The stamp of a version that a target gets while the source gets it too. Which version of the source it is becomes known
 * to the journal alone; without the journal its content tells.
 */
export function pendingStamp(writeId: string, from: string, at: number): Record<string, string> {
  return { ...origined(`${pendingPrefix}${writeId}`, from), [modifiedName]: new Date(at).toISOString() }
}

export const isPending = ({ versionId }: Origin): boolean => versionId.startsWith(pendingPrefix)

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name in metadata) bytes += name.length + metadata[name]!.length
  return bytes
}

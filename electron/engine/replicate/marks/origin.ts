import type { BucketAt } from '../../../../shared/model/rule.ts'
import { readObjectHead } from '../../store/object-head.ts'
import type { ObjectHead } from '../../store/port.ts'
import type { HeaderMap } from '../../s3/headers.ts'
import { longestSeal, openSeal, sealed, type Seal, type SealedBy, type SealedFacts, type SealKey } from './seal.ts'

/**
 * What a replica carries about where it came from, as user metadata: the only place that every S3 site keeps.
 * `version` is its id at the site it was copied from, `origin` the bucket where it was first written
 * (`site/bucket`), `modified` its time there. Names must survive sites that lower-case and turn `_` into `-`.
 * Every client can write such names, and copies them with the object: a mark is a claim that is looked into.
 */
const versionName = 'lockstep-version'
const originName = 'lockstep-origin'
const modifiedName = 'lockstep-modified'
/** The replica of the same version that this one was written to replace. */
const replacesName = 'lockstep-replaces'
/** An empty version that stands between two delete markers for a moment. */
const placeholderName = 'lockstep-placeholder'
const sealName = 'lockstep-seal'

/** AWS counts names and values of all user metadata against 2 KiB. */
const metadataLimitBytes = 2048

export interface Mark {
  readonly kind: SealedFacts['kind']
  /** Of the version at the site that it was copied from; of a write that no site had named yet, its own name. */
  readonly versionId: string
  /** `site/bucket` of the first write; null on a stamp cut short to fit the metadata limit. */
  readonly firstSeenAt: string | null
  readonly modified: string | null
  readonly replaces: string | null
}

type Marked = Pick<ObjectHead, 'metadata'>

/** The claim that an object makes; null when it makes none. */
export function markOf({ metadata }: Marked): Mark | null {
  const versionId = metadata[versionName]
  if (versionId === undefined) return null
  return {
    kind: metadata[placeholderName] !== undefined ? 'placeholder' : isPendingName(versionId) ? 'write' : 'replica',
    versionId,
    firstSeenAt: metadata[originName] ?? null,
    modified: metadata[modifiedName] ?? null,
    replaces: metadata[replacesName] ?? null,
  }
}

/** Between which buckets, and of which key, a mark is. */
export interface MarkPlace {
  readonly source: BucketAt
  readonly target: BucketAt
  readonly key: string
}

/** The seal of a mark, if it holds for this place and for this content of the source. */
export function sealOf(
  { metadata }: Marked,
  place: MarkPlace,
  content: { readonly etag: string; readonly sizeBytes: number },
  key: SealKey | null,
): Seal | null {
  const mark = markOf({ metadata })
  return mark === null ? null : openSeal(metadata[sealName], { ...factsOf(mark, place), ...content }, key)
}

/** Does the seal hold that an object shows in its headers, for this place and for its own content? */
export function isSealed(headers: HeaderMap, place: MarkPlace, key: SealKey | null): boolean {
  const head = readObjectHead(headers)
  const etag = markOf(head)?.kind === 'replica' ? head.etag : ''
  return sealOf(head, place, { etag, sizeBytes: head.sizeBytes }, key) !== null
}

/** What a mark says, for its seal; `etag` only where the source has named the version. */
function factsOf(mark: Omit<Mark, 'firstSeenAt'>, { source, target, key }: MarkPlace): Omit<SealedFacts, 'sizeBytes'> {
  const { kind, versionId, replaces, modified } = mark
  return { kind, source, target, key, versionId, etag: '', replaces, modified }
}

/**
 * Was this version at a target, found under its source's own id, brought there by a replicator? Sites let none but replicators
 * choose an id, MinIO excepted: there the status tells, which none but they may write. So it is with a null version, whose id nobody chose.
 */
export function isReplicaOf(head: Pick<ObjectHead, 'metadata' | 'replicationStatus'>, versionId: string): boolean {
  const named = head.metadata[versionName]
  // Brought under an id that the site chose, for it takes none of the source's form: this one means nothing there.
  if (named !== undefined && named !== versionId) return false
  if (head.replicationStatus === 'REPLICA') return true
  return named === versionId && versionId !== 'null' && !uuid.test(versionId)
}

/** MinIO's ids: every client may ask for one. */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

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

/** Who writes a mark, and what it seals with; null seals nothing. */
export interface Writer extends SealedBy {
  readonly seal: SealKey | null
}

/** The metadata of a replica: the user's own plus the stamp. Cut to the version id where the rest would not fit. */
export function stamped(
  head: ObjectHead,
  versionId: string,
  place: MarkPlace,
  replaces: string | null,
  writer: Writer,
): Record<string, string> {
  const metadata = withoutOrigin(head.metadata)
  metadata[versionName] = versionId
  const room = (more: Readonly<Record<string, string>>): boolean =>
    sizeOf(metadata) + sizeOf(more) <= metadataLimitBytes - (writer.seal === null ? 0 : sealBytes)
  if (replaces !== null && room({ [replacesName]: replaces })) metadata[replacesName] = replaces
  const known = {
    [originName]: head.metadata[originName] ?? `${place.source.site}/${place.source.bucket}`,
    [modifiedName]: head.metadata[modifiedName] ?? new Date(head.modifiedAt).toISOString(),
  }
  if (room(known)) Object.assign(metadata, known)
  return withSeal(metadata, place, head, writer)
}

/** Name and value of a seal at their longest. */
const sealBytes = sealName.length + longestSeal

function withSeal(
  metadata: Record<string, string>,
  place: MarkPlace,
  content: { readonly etag: string; readonly sizeBytes: number },
  { seal, ...by }: Writer,
): Record<string, string> {
  const mark = markOf({ metadata })
  if (seal === null || mark === null || sizeOf(metadata) + sealBytes > metadataLimitBytes) return metadata
  const { etag, sizeBytes } = content
  return { ...metadata, [sealName]: sealed({ ...factsOf(mark, place), etag, sizeBytes }, by, seal) }
}

/** The stamp of a placeholder: for which marker it stands. */
export function placeholderStamp(markerId: string, place: MarkPlace, writer: Writer): Record<string, string> {
  const stamp = {
    [versionName]: markerId,
    [originName]: `${place.source.site}/${place.source.bucket}`,
    [placeholderName]: 'delete-marker',
  }
  return withSeal(stamp, place, { etag: '', sizeBytes: 0 }, writer)
}

/** Of a version written at the same moment as its source's, whose id nobody knows yet. */
const pendingPrefix = 'write-'

/**
 * The stamp of a version that a target gets while the source gets it too. Which version of the source it is becomes known
 * to the journal alone; without the journal its content tells.
 */
export function pendingStamp(
  writeId: string,
  place: MarkPlace,
  at: number,
  sizeBytes: number,
  writer: Writer,
): Record<string, string> {
  const stamp = {
    [versionName]: `${pendingPrefix}${writeId}`,
    [originName]: `${place.source.site}/${place.source.bucket}`,
    [modifiedName]: new Date(at).toISOString(),
  }
  return withSeal(stamp, place, { etag: '', sizeBytes }, writer)
}

/** Is this the name of such a write, and no version id? */
export const isPendingName = (versionId: string): boolean => versionId.startsWith(pendingPrefix)

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name in metadata) bytes += name.length + metadata[name]!.length
  return bytes
}

import { createHash } from 'node:crypto'
import {
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  S3ServiceException,
  type GetObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import type { ListedVersion } from './list-versions.ts'

/** All that two copies of a version must have in common; names are those of the reported differences. */
export interface VersionFacts {
  readonly kind: 'object' | 'marker'
  readonly isLatest: boolean
  readonly sizeBytes: number
  readonly sha256: string
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly lock: Readonly<Record<string, string>>
  /** The version at the source of which this one is a replica; null where nothing says so. */
  readonly originVersionId: string | null
}

/** Reads one version whole: its bytes are hashed as they come. */
export async function readVersion(
  client: S3Client,
  bucket: string,
  version: ListedVersion,
  locks: 'told' | 'asked' = 'told',
): Promise<VersionFacts> {
  const listed = { kind: version.kind, isLatest: version.isLatest } as const
  if (version.kind === 'marker') return { ...listed, ...nothing }
  const at = { Bucket: bucket, Key: version.key, VersionId: version.versionId }
  const reply = await client.send(new GetObjectCommand(at))
  const { sha256, sizeBytes } = await digest(reply.Body)
  const metadata = reply.Metadata ?? {}
  return {
    ...listed,
    sizeBytes,
    sha256,
    etag: (reply.ETag ?? '').replaceAll('"', ''),
    headers: headersOf(reply),
    metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !name.startsWith('lockstep-'))),
    tags: (reply.TagCount ?? 0) > 0 ? await tagsOf(client, at) : {},
    lock: locks === 'asked' && Object.keys(lockOf(reply)).length === 0 ? await lockAsked(client, at) : lockOf(reply),
    originVersionId: metadata['lockstep-version'] ?? null,
  }
}

const nothing = {
  sizeBytes: 0,
  sha256: '',
  etag: '',
  headers: {},
  metadata: {},
  tags: {},
  lock: {},
  originVersionId: null,
}

async function digest(body: unknown): Promise<{ sha256: string; sizeBytes: number }> {
  if (!(body instanceof Readable)) throw new TypeError('the reply has no body')
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('the body is not bytes')
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

async function tagsOf(
  client: S3Client,
  at: { readonly Bucket: string; readonly Key: string; readonly VersionId: string },
): Promise<Record<string, string>> {
  const { TagSet } = await client.send(new GetObjectTaggingCommand(at))
  return Object.fromEntries((TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']))
}

function headersOf(reply: GetObjectCommandOutput): Record<string, string> {
  return present({
    'content-type': reply.ContentType,
    'cache-control': reply.CacheControl,
    'content-disposition': reply.ContentDisposition,
    'content-encoding': reply.ContentEncoding,
    'content-language': reply.ContentLanguage,
    expires: reply.ExpiresString,
    'website-redirect-location': reply.WebsiteRedirectLocation,
  })
}

type At = { readonly Bucket: string; readonly Key: string; readonly VersionId: string }

async function lockAsked(client: S3Client, at: At): Promise<Record<string, string>> {
  const none = (error: unknown): null => {
    // No lock, or no lock in this bucket at all.
    if (error instanceof S3ServiceException && /NoSuchObjectLock|InvalidRequest|ObjectLockConfig/.test(error.name))
      return null
    throw error
  }
  const retention = await client.send(new GetObjectRetentionCommand(at)).catch(none)
  const hold = await client.send(new GetObjectLegalHoldCommand(at)).catch(none)
  return lockOf({
    ObjectLockMode: retention?.Retention?.Mode,
    ObjectLockRetainUntilDate: retention?.Retention?.RetainUntilDate,
    ObjectLockLegalHoldStatus: hold?.LegalHold?.Status,
  })
}

function lockOf(
  reply: Pick<GetObjectCommandOutput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate' | 'ObjectLockLegalHoldStatus'>,
): Record<string, string> {
  return present({
    mode: reply.ObjectLockMode,
    // Sites keep it to the second or to the millisecond.
    until: reply.ObjectLockRetainUntilDate?.toISOString().slice(0, 19),
    // A hold that was never set and one that was lifted are the same thing.
    legalHold: reply.ObjectLockLegalHoldStatus === 'ON' ? 'ON' : undefined,
  })
}

function present(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined))
}

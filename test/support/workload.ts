import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  S3ServiceException,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { forEachAtMost } from './concurrency.ts'
import { bytesOf } from './random.ts'
import type { ContentPlan, KeyPlan, Step } from './workload-plan.ts'

export interface WorkloadTarget {
  readonly client: S3Client
  readonly bucket: string
}

/** What was really done, counted by kind; `refused` steps met a lock, which is what locks are for. */
export interface WorkloadDone {
  readonly keys: number
  readonly bytes: number
  readonly byKind: Readonly<Record<Step['kind'], number>>
  readonly refused: number
}

export interface RunOptions {
  /** Keys worked on at one time; default 16. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
}

/** Carries out a plan against any S3 endpoint: keys side by side, the steps of one key in order. */
export async function runWorkload(
  target: WorkloadTarget,
  plan: readonly KeyPlan[],
  options: RunOptions = {},
): Promise<WorkloadDone> {
  const byKind = { put: 0, multipart: 0, deleteMarker: 0, deleteVersion: 0, tags: 0, retention: 0, legalHold: 0 }
  let bytes = 0
  let refused = 0
  await forEachAtMost(options.concurrency ?? 16, plan, async ({ key, steps }) => {
    const written: KeyState = []
    for (const step of steps) {
      options.signal?.throwIfAborted()
      const done = await carryOut(target, key, step, written)
      if (done === 'refused') refused += 1
      else if (done !== 'nothing to do') {
        byKind[step.kind] += 1
        bytes += done
      }
    }
  })
  return { keys: plan.length, bytes, byKind, refused }
}

/** What this run wrote under one key and did not remove, oldest first: version ids, and null for a delete marker. */
export type KeyState = (string | null)[]

type Done = number | 'refused' | 'nothing to do'

/** One step of one key. Resolves with the bytes written. */
export async function carryOut(target: WorkloadTarget, key: string, step: Step, state: KeyState): Promise<Done> {
  switch (step.kind) {
    case 'put':
      return await putWhole(target, key, step, state)
    case 'multipart':
      return await putMultipart(target, key, step, state)
    case 'deleteMarker':
      await target.client.send(new DeleteObjectCommand({ Bucket: target.bucket, Key: key }))
      state.push(null)
      return 0
    case 'deleteVersion':
      return await deleteVersion(target, key, step.which, state)
    case 'tags':
    case 'retention':
    case 'legalHold':
      break
  }
  return await changeCurrent(target, key, step, state)
}

async function changeCurrent(
  { client, bucket }: WorkloadTarget,
  key: string,
  step: Extract<Step, { kind: 'tags' | 'retention' | 'legalHold' }>,
  state: KeyState,
): Promise<Done> {
  const VersionId = state.at(-1) ?? null
  if (VersionId === null) return 'nothing to do'
  // Not every site knows its null version by that name; the last written is the current one anyway.
  const at = { Bucket: bucket, Key: key, ...(VersionId !== 'null' && { VersionId }) }
  if (step.kind === 'tags') {
    const TagSet = Object.entries(step.tags).map(([Key, Value]) => ({ Key, Value }))
    await client.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet } }))
    return 0
  }
  if (step.kind === 'legalHold') {
    const LegalHold = { Status: step.on ? ('ON' as const) : ('OFF' as const) }
    return await unlessLocked(() => client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold })))
  }
  const Retention = { Mode: step.lock.mode, RetainUntilDate: new Date(Date.now() + step.lock.forSeconds * 1000) }
  return await unlessLocked(() => client.send(new PutObjectRetentionCommand({ ...at, Retention })))
}

async function putWhole(
  { client, bucket }: WorkloadTarget,
  key: string,
  step: Extract<Step, { kind: 'put' }>,
  state: KeyState,
): Promise<number> {
  const Body = bytesOf(step.seed, step.sizeBytes)
  const put = { Bucket: bucket, Key: key, Body, ...contentOf(step.content, true) }
  const { VersionId } = await client.send(new PutObjectCommand(put))
  wrote(state, VersionId)
  return Body.length
}

async function putMultipart(
  { client, bucket }: WorkloadTarget,
  key: string,
  step: Extract<Step, { kind: 'multipart' }>,
  state: KeyState,
): Promise<number> {
  const at = { Bucket: bucket, Key: key }
  // Ceph drops tags given here, so they are written after the completion on every site.
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...contentOf(step.content, false) }))
  const upload = { ...at, UploadId: UploadId! }
  try {
    const Parts = await Promise.all(
      step.partBytes.map(async (sizeBytes, index) => {
        const part = { ...upload, PartNumber: index + 1, Body: bytesOf(step.seed + index, sizeBytes) }
        return { PartNumber: index + 1, ETag: (await client.send(new UploadPartCommand(part))).ETag }
      }),
    )
    const done = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    wrote(state, done.VersionId)
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload))
    throw error
  }
  if (Object.keys(step.content.tags).length > 0) {
    await carryOut({ client, bucket }, key, { kind: 'tags', tags: step.content.tags }, state)
  }
  return step.partBytes.reduce((sum, sizeBytes) => sum + sizeBytes, 0)
}

async function deleteVersion(
  { client, bucket }: WorkloadTarget,
  key: string,
  which: 'newest' | 'oldest',
  state: KeyState,
): Promise<Done> {
  const isVersion = (id: string | null): boolean => id !== null
  const VersionId = which === 'newest' ? state.findLast(isVersion) : state.find(isVersion)
  if (VersionId === undefined || VersionId === null) return 'nothing to do'
  const done = await unlessLocked(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId })))
  if (done !== 'refused') state.splice(state.indexOf(VersionId), 1)
  return done
}

/** Compliance retention cannot be shortened, and a locked version cannot go: the site's refusal is part of the mix. */
async function unlessLocked(act: () => Promise<unknown>): Promise<number | 'refused'> {
  try {
    await act()
    return 0
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 403) return 'refused'
    if (error instanceof S3ServiceException && /Locked|Retention|InvalidRequest/i.test(error.name)) return 'refused'
    throw error
  }
}

function wrote(state: KeyState, versionId: string | undefined): void {
  const id = versionId ?? 'null'
  // A write to the null version replaces the former one.
  const before = state.indexOf(id)
  if (before !== -1) state.splice(before, 1)
  state.push(id)
}

function contentOf(
  content: ContentPlan,
  withTags: boolean,
): Omit<ConstructorParameters<typeof PutObjectCommand>[0], 'Bucket' | 'Key'> {
  const tags = new URLSearchParams(content.tags).toString()
  return {
    ...(content.contentType !== undefined && { ContentType: content.contentType }),
    ...(content.cacheControl !== undefined && { CacheControl: content.cacheControl }),
    ...(content.contentDisposition !== undefined && { ContentDisposition: content.contentDisposition }),
    ...(content.contentEncoding !== undefined && { ContentEncoding: content.contentEncoding }),
    ...(content.contentLanguage !== undefined && { ContentLanguage: content.contentLanguage }),
    ...(content.expiresAt !== undefined && { Expires: new Date(content.expiresAt) }),
    Metadata: { ...content.metadata },
    ...(withTags && tags !== '' && { Tagging: tags.replaceAll('+', '%20') }),
  }
}

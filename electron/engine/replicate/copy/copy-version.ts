import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectBody, ObjectHead, Tags } from '../../store/port.ts'
import type { Outcome } from '../port.ts'
import { matchesTags } from '../../rule/match.ts'
import { aclToBring, copyAcl } from '../fidelity/acl.ts'
import { withFallback } from '../fidelity/fallback.ts'
import { copyMultipart } from './copy-multipart.ts'
import { notKeptOf, refuseUnkept, type WrittenReplica } from '../fidelity/fidelity.ts'
import { afterNotFound } from '../versions/absence.ts'
import { echoOf } from './echo.ts'
import { collected, paced, smallBodyBytes } from './paced.ts'
import { partsInEtag, singlePutLimitBytes } from './part-layout.ts'
import { replicaOf } from './replica.ts'
import { arrived, settled } from '../outcomes.ts'
import type { ReplicationContext } from '../context.ts'

const noTags: Tags = {}

/** A version to bring, as a scan or a listing names it. */
export interface NamedVersion {
  readonly versionId: string
  /** Epoch ms, to the millisecond: GET and HEAD tell whole seconds only, too coarse to order versions by. */
  readonly modifiedAt: number
  /** null where nobody said. */
  readonly sizeBytes: number | null
}

/** Brings one version, bytes and all, to the target. Assumes that the target has not got it. */
export async function copyVersion(version: NamedVersion, context: ReplicationContext): Promise<Outcome> {
  const { versionId, sizeBytes } = version
  const ref = { bucket: context.link.source.bucket, key: context.order.key, versionId }
  // A large version is asked about first: opening its body only to close it again would waste a socket buffer.
  if (sizeBytes !== null && sizeBytes > smallBodyBytes) {
    const head = await context.source.head(ref, { signal: context.signal })
    if (head === null) return notGiven(versionId, context)
    if (inParts(head)) return copyFrom(version, head, null, context)
  }
  const opened = await context.source.get(ref, { signal: context.signal })
  if (opened === null) return notGiven(versionId, context)
  try {
    return await copyFrom(version, opened.head, opened, context)
  } finally {
    opened.body.destroy()
  }
}

/** What was deleted meanwhile is no failure. What the source still lists, and does not give, is one. */
async function notGiven(versionId: string, context: ReplicationContext): Promise<Outcome> {
  const { site, bucket } = context.link.source
  const now = await afterNotFound(versionId, context)
  if (now === 'gone') return settled('source-gone')
  const message = `Bucket “${bucket}” lists version ${versionId} of this key and does not give it.`
  throw new FaultError(fault(now === 'late' ? 'SOURCE_CHANGED' : 'SOURCE_LOST', message, { site }))
}

async function copyFrom(
  { versionId, modifiedAt }: NamedVersion,
  told: ObjectHead,
  opened: ObjectBody | null,
  context: ReplicationContext,
): Promise<Outcome> {
  const echo = await echoOf(versionId, told, context)
  if (echo !== null) return echo
  refuseUnkept(told, context)
  const head = { ...told, modifiedAt }
  const ref = { bucket: context.link.source.bucket, key: context.order.key, versionId }
  const tags = head.tagCount === 0 ? noTags : await context.source.getTags(ref, { signal: context.signal })
  if (!matchesTags(context.link.rule.filter, tags)) return settled('filtered')
  const acl = await aclToBring(ref, context)
  if (inParts(head) || opened === null) return copyMultipart(ref, head, { tags, acl }, context)
  const written = await put(versionId, head, opened, tags, context)
  const { versionId: copy } = written.stored
  const notKept = [...notKeptOf(head, written, context), ...(await copyAcl(acl, copy, context))]
  return arrived('copied', head.sizeBytes, versionId, copy, context.link, notKept)
}

const inParts = (head: ObjectHead): boolean => partsInEtag(head.etag) !== null || head.sizeBytes > singlePutLimitBytes

async function put(
  versionId: string,
  head: ObjectHead,
  opened: ObjectBody,
  tags: Tags,
  context: ReplicationContext,
): Promise<WrittenReplica> {
  const asked = replicaOf(head, versionId, tags, context)
  const md5 = plainMd5(head)
  const body = head.sizeBytes <= smallBodyBytes ? await collected(opened.body, head.sizeBytes, context) : null
  if (body !== null) context.sample?.restart()
  if (body !== null) context.sample?.add(body)
  let unread: ObjectBody | null = opened
  const { result: stored, sent } = await withFallback(asked, context.link, async (version) => {
    // A body in memory can simply be sent again; one that streamed has to be read again.
    const from = body ?? streamed(head, unread ?? (await openAgain(versionId, head, context)), context)
    unread = null
    const content = { sizeBytes: head.sizeBytes, body: from, md5 }
    return context.target.put(version, content, { signal: context.signal, onBytes: context.onWritten })
  })
  return { asked, sent, stored, etag: stored.etag === '' || stored.told === undefined ? null : stored.etag }
}

async function openAgain(versionId: string, head: ObjectHead, context: ReplicationContext): Promise<ObjectBody> {
  const ref = { bucket: context.link.source.bucket, key: context.order.key, versionId }
  const again = await context.source.get(ref, { signal: context.signal, ifMatch: head.etag })
  if (again !== null) return again
  const { site } = context.link.source
  throw new FaultError(fault('SOURCE_CHANGED', 'The version went away while it was copied.', { site }))
}

function streamed(head: ObjectHead, opened: ObjectBody, context: ReplicationContext): ReturnType<typeof paced> {
  let done = 0
  context.sample?.restart()
  return paced(opened.body, context, (chunk) => {
    context.sample?.add(chunk)
    done += chunk.length
    context.onProgress(done, head.sizeBytes, null)
  })
}

/** The ETag of an unencrypted single PUT is the MD5 of its bytes: sent along, the target itself refuses any others. */
function plainMd5(head: ObjectHead): string | undefined {
  return head.encryption.kind === 'none' && /^[0-9a-f]{32}$/.test(head.etag) ? head.etag : undefined
}

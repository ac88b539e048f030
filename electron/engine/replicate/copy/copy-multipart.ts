import { createHash } from 'node:crypto'
import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { Acl, NewVersion, ObjectHead, Tags, UploadedPart, UploadRef } from '../../store/port.ts'
import type { Outcome } from '../port.ts'
import { copyAcl } from '../fidelity/acl.ts'
import { withFallback, putTagsTaken } from '../fidelity/fallback.ts'
import { notKeptOf } from '../fidelity/fidelity.ts'
import { paced } from './paced.ts'
import { layoutAtSource, likelyLayouts, multipartEtag, partsInEtag } from './part-layout.ts'
import { replicaOf } from './replica.ts'
import { arrived } from '../outcomes.ts'
import type { ReplicationContext } from '../context.ts'

/** Parts of one object under way at one time: enough to hide the round trip, few enough to be fair to other objects. */
const partsAtOnce = 4

/**
 * Copies a version part by part with the source's own layout, so that the ETag comes out the same. Parts are journalled:
 * after a crash the copy goes on where it stood. The whole is verified before it is completed.
 */
export async function copyMultipart(
  ref: ObjectRef & { versionId: string },
  head: ObjectHead,
  { tags, acl }: { readonly tags: Tags; readonly acl: Acl | null },
  context: ReplicationContext,
): Promise<Outcome> {
  const asked = replicaOf(head, ref.versionId, tags, context)
  const resumed = await resume(head, asked, context)
  const layout = resumed?.layout ?? (await layoutAtSource(context.source, ref, head, context.signal))
  const copy = await copyParts(ref, head, asked, layout, resumed, context)
  const proven = isProven(copy, head) ? copy : await readAgain(ref, head, asked, layout, copy, context)
  const stored = await context.target.completeUpload(proven.upload, proven.parts, asked.identity, head.sizeBytes, {
    signal: context.signal,
  })
  context.uploads.ended()
  const sent = await afterComplete(stored.versionId, proven.sent, asked, context)
  const etag = partsInEtag(head.etag) === null ? null : proven.sentEtag
  const written = { asked, sent, stored, etag }
  const notKept = [...notKeptOf(head, written, context), ...(await copyAcl(acl, stored.versionId, context))]
  return arrived('copied', head.sizeBytes, ref.versionId, stored.versionId, context.link, notKept)
}

interface Resumed {
  readonly upload: UploadRef
  readonly layout: readonly number[]
  readonly parts: readonly UploadedPart[]
}

interface Copied {
  readonly upload: UploadRef
  readonly parts: readonly UploadedPart[]
  /** The multipart ETag of the bytes that were sent. */
  readonly sentEtag: string
  /** What the target was asked to store, less what it refused. */
  readonly sent: NewVersion
}

/** The bytes are those that the source's ETag speaks of, and in its layout. Without parts in it, it cannot tell. */
const isProven = ({ sentEtag }: Copied, head: ObjectHead): boolean =>
  partsInEtag(head.etag) === null || sentEtag === head.etag

/** The journalled upload, if it is of the same content and the target still has it. */
async function resume(
  head: ObjectHead,
  { checksum, sseCKeyMd5 }: Pick<NewVersion, 'checksum' | 'sseCKeyMd5'>,
  context: ReplicationContext,
): Promise<Resumed | null> {
  const record = context.order.upload
  if (record === null) return null
  const upload = {
    bucket: context.link.target.bucket,
    key: context.order.key,
    uploadId: record.uploadId,
    checksum,
    sseCKeyMd5,
  }
  const there =
    record.sourceEtag === head.etag ? await context.target.listParts(upload, { signal: context.signal }) : null
  // Begun by a release, or under a rule, that sent none: parts with and without do not go together.
  const lacksChecksum = checksum !== undefined && there?.some((part) => part.checksum === undefined) === true
  if (there === null || lacksChecksum) {
    await abandon(upload, context)
    return null
  }
  const has = new Map(there.map((part) => [part.partNumber, part]))
  const parts = record.parts.flatMap((part) => {
    const found = has.get(part.partNumber)
    return found?.etag === part.etag ? [{ ...part, checksum: found.checksum }] : []
  })
  return { upload, layout: record.layout, parts }
}

/** The next attempt must not go on with what this one sent. */
async function abandon(upload: UploadRef, context: ReplicationContext): Promise<void> {
  await context.target.abortUpload(upload, { signal: context.signal })
  context.uploads.ended()
}

async function copyParts(
  ref: ObjectRef,
  head: ObjectHead,
  replica: NewVersion,
  layout: readonly number[],
  resumed: Resumed | null,
  context: ReplicationContext,
): Promise<Copied> {
  const { upload, sent } =
    resumed === null ? await begin(head, replica, layout, context) : { upload: resumed.upload, sent: replica }
  const parts: UploadedPart[] = [...(resumed?.parts ?? [])]
  const md5s = new Map(parts.map(({ partNumber, etag }) => [partNumber, etag]))
  const missing = layout
    .map((_, index) => index + 1)
    .filter((number) => !parts.some((part) => part.partNumber === number))
  const offsets = offsetsOf(layout)
  let doneBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  const report = (bytes: number): void => {
    doneBytes += bytes
    context.onProgress(doneBytes, head.sizeBytes, { done: parts.length, total: layout.length })
  }
  const lane = async (): Promise<void> => {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const { part, md5 } = await copyPart(
        ref,
        head,
        upload,
        { number, first: offsets[number - 1]!, sizeBytes: layout[number - 1]! },
        report,
        context,
      )
      md5s.set(number, md5)
      parts.push(part)
      context.uploads.partDone(part)
    }
  }
  try {
    await allOrFirstFault(Array.from({ length: Math.min(partsAtOnce, missing.length) }, lane))
  } catch (error) {
    // Such parts lie open at the target, and no later attempt would go on with them.
    if (error instanceof FaultError && error.fault.code === 'ENCRYPTION_KEY_IGNORED') await abandon(upload, context)
    throw error
  }
  return { upload, parts, sent, sentEtag: multipartEtag(layout.map((_, index) => md5s.get(index + 1)!)) }
}

/** Waits for every lane even when one fails: a part still under way must not outlive its task. */
async function allOrFirstFault(lanes: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(lanes)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

async function begin(
  head: ObjectHead,
  replica: NewVersion,
  layout: readonly number[],
  context: ReplicationContext,
): Promise<{ readonly upload: UploadRef; readonly sent: NewVersion }> {
  const { result: upload, sent } = await withFallback(replica, context.link, (version) =>
    context.target.createUpload(version, { signal: context.signal }),
  )
  await context.uploads.started({ uploadId: upload.uploadId, layout, sourceEtag: head.etag })
  return { upload, sent }
}

interface PartOfSource {
  readonly number: number
  readonly first: number
  readonly sizeBytes: number
}

async function copyPart(
  ref: ObjectRef,
  head: ObjectHead,
  upload: UploadRef,
  part: PartOfSource,
  report: (bytes: number) => void,
  context: ReplicationContext,
): Promise<{ readonly part: UploadedPart; readonly md5: string }> {
  const range = part.sizeBytes === 0 ? undefined : { first: part.first, last: part.first + part.sizeBytes - 1 }
  const opened = await context.source.get(ref, { range, ifMatch: head.etag, signal: context.signal })
  if (opened === null) throw changed(context)
  const hash = createHash('md5')
  const sample = part.number === 1 ? context.sample : undefined
  sample?.restart()
  const body = paced(opened.body, context, (chunk) => {
    sample?.add(chunk)
    hash.update(chunk)
    report(chunk.length)
  })
  const uploaded = await context.target.uploadPart(
    upload,
    part.number,
    { sizeBytes: part.sizeBytes, body },
    { signal: context.signal, onBytes: context.onWritten },
  )
  const md5 = hash.digest('hex')
  // A part's ETag is the MD5 of what arrived, unless the target encrypts: then the digest is ours alone.
  if (!uploaded.encrypted && /^[0-9a-f]{32}$/.test(uploaded.etag) && uploaded.etag !== md5) {
    throw mismatch(`Part ${part.number} arrived as other bytes than were sent.`, context.link.target.site)
  }
  return { part: uploaded, md5 }
}

/**
 * What was sent has not the source's ETag: the layout was guessed wrong (Ceph does not tell it), a part came as other bytes
 * than the source has, or the ETag is no digest (encryption). A second reading of the source tells which: a layout whose
 * parts give the ETag is copied anew, and bytes that came out the same twice are taken.
 */
async function readAgain(
  ref: ObjectRef,
  head: ObjectHead,
  replica: NewVersion,
  tried: readonly number[],
  copy: Copied,
  context: ReplicationContext,
): Promise<Copied> {
  const others = likelyLayouts(head.sizeBytes, partsInEtag(head.etag)!).filter((layout) => layout[0] !== tried[0])
  const etags = await etagsByReading(ref, head, [tried, ...others], context)
  const found = others[etags.indexOf(head.etag) - 1]
  if (found === undefined && etags[0] === copy.sentEtag) return copy
  await abandon(copy.upload, context)
  if (found !== undefined) {
    const again = await copyParts(ref, head, replica, found, null, context)
    if (isProven(again, head)) return again
    await abandon(again.upload, context)
  }
  throw mismatch('A part was read as other bytes than the source has.', context.link.source.site)
}

/** The ETag that the source's bytes would have under each of the layouts. */
async function etagsByReading(
  ref: ObjectRef,
  head: ObjectHead,
  layouts: readonly (readonly number[])[],
  context: ReplicationContext,
): Promise<readonly string[]> {
  const opened = await context.source.get(ref, { ifMatch: head.etag, signal: context.signal })
  if (opened === null) throw changed(context)
  const readers = layouts.map((layout) => new LayoutReader(layout))
  for await (const chunk of opened.body as AsyncIterable<Buffer>) {
    context.onRead(chunk.length)
    for (const reader of readers) reader.add(chunk)
  }
  return readers.map((reader) => reader.etag())
}

/** Computes the multipart ETag that a run of bytes would have under one layout. */
class LayoutReader {
  readonly #layout: readonly number[]
  readonly #md5s: string[] = []
  #hash = createHash('md5')
  #left: number

  constructor(layout: readonly number[]) {
    this.#layout = layout
    this.#left = layout[0]!
  }

  add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + this.#left)
      this.#hash.update(piece)
      this.#left -= piece.length
      at += piece.length
      if (this.#left === 0) this.#next()
    }
  }

  etag(): string {
    return multipartEtag(this.#md5s)
  }

  #next(): void {
    this.#md5s.push(this.#hash.digest('hex'))
    this.#hash = createHash('md5')
    this.#left = this.#layout[this.#md5s.length] ?? Number.POSITIVE_INFINITY
  }
}

/** Ceph drops the tags of CreateMultipartUpload: what did not arrive is set afterwards. Resolves with what is there. */
async function afterComplete(
  versionId: string | null,
  sent: NewVersion,
  asked: NewVersion,
  context: ReplicationContext,
): Promise<NewVersion> {
  const wanted = Object.keys(sent.tags).length
  if (wanted === 0) return sent
  const ref = { bucket: asked.bucket, key: asked.key, ...(versionId === null ? {} : { versionId }) }
  const there = await context.target.head(ref, { signal: context.signal })
  // An upload that was resumed may have been begun with fewer.
  if (there === null || there.tagCount === wanted) return sent
  await putTagsTaken(ref, sent.tags, {}, context)
  return sent
}

const mismatch = (message: string, site: string): FaultError =>
  new FaultError(fault('CONTENT_MISMATCH', message, { site }))

const changed = (context: ReplicationContext): FaultError =>
  new FaultError(
    fault('SOURCE_CHANGED', 'The version went away while it was copied.', { site: context.link.source.site }),
  )

function offsetsOf(layout: readonly number[]): readonly number[] {
  let at = 0
  return layout.map((sizeBytes) => {
    const first = at
    at += sizeBytes
    return first
  })
}

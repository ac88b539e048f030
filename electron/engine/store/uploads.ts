import { FaultError } from '../../../shared/model/fault.ts'
import { faultAt, faultFromAnswer } from '../base/errors.ts'
import type { BucketLocks } from './bucket-locks.ts'
import { Readable } from 'node:stream'
import { chunkedHeaders, chunkedLength, pumpedFrames } from '../s3/aws-chunked-frame.ts'
import { checksumAlgorithms, type ChecksumAlgorithm, checksumHeaderName } from '../s3/checksum.ts'
import { plainEtag, readEncryption, readTold } from './object-head.ts'
import { carriedBy, checksumHeader, letGo, needKey, type Objects } from './objects.ts'
import type {
  CallOptions,
  Checksum,
  IdentityStamp,
  NewVersion,
  PutBody,
  PutOptions,
  SentPart,
  Stored,
  UploadedPart,
  UploadRef,
} from './port.ts'
import { readRefusal, type SignedCall, type SignedCalls } from './signed-calls.ts'
import type { HeaderMap, HeaderPair } from '../s3/headers.ts'
import { unsignedTrailerPayload } from '../s3/sigv4.ts'
import { describeVersion, stamp } from './version-headers.ts'
import { pumped } from '../s3/pumped.ts'
import type { WireAnswer } from './wire/request.ts'
import { element, requestXml } from '../s3/xml-write.ts'
import { scanXml, xmlLeaves } from '../s3/xml-scan.ts'

/** Multipart uploads, part by part: who calls keeps the list of parts. */
export class Uploads {
  readonly #calls: SignedCalls
  readonly #objects: Objects
  readonly #locks: BucketLocks

  constructor(calls: SignedCalls, objects: Objects, locks: BucketLocks) {
    this.#calls = calls
    this.#objects = objects
    this.#locks = locks
  }

  async create(version: NewVersion, { signal, sseCKey }: CallOptions = {}): Promise<UploadRef> {
    await this.#locks.demandFor(version, { signal })
    const { bucket, key } = version
    const { query, headers } = stamp(version.identity, 'create-upload', 0)
    const call: SignedCall = {
      operation: 'CreateMultipartUpload',
      method: 'POST',
      bucket,
      key,
      query: [['uploads', ''], ...query],
      headers: [...describeVersion(version), ...checksumKind(version.checksum), ...headers],
      carried: carriedBy(version),
      accept: [412],
      sseCKey,
      signal,
    }
    needKey(version.sseCKeyMd5, call, this.#calls)
    const answer = await this.#calls.send(call)
    if (answer.status === 412) throw this.#alreadyThere(call, answer)
    const uploadId = this.#calls.readXml(call, answer, xmlLeaves).get('UploadId') ?? ''
    if (uploadId === '') throw faultAt('RESPONSE_UNREADABLE', 'the answer names no upload', this.#calls.context(call))
    return { bucket, key, uploadId, checksum: version.checksum, sseCKeyMd5: version.sseCKeyMd5 }
  }

  /** MinIO's word for: this very version is here already. The next look at the target finds it. */
  #alreadyThere(call: SignedCall, answer: WireAnswer): FaultError {
    return new FaultError({ ...this.#calls.refused(call, answer).fault, retry: 'backoff' })
  }

  async putPart(upload: UploadRef, partNumber: number, body: PutBody, options: PutOptions = {}): Promise<SentPart> {
    const query = [['partNumber', String(partNumber)] as const, ['uploadId', upload.uploadId] as const]
    const { sseCKey } = options
    const call: SignedCall = { ...callFor('UploadPart', 'PUT', upload), query, sseCKey }
    try {
      needKey(upload.sseCKeyMd5, call, this.#calls)
      const answer = await this.#sendPart(call, upload.checksum?.algorithm, body, options)
      const { kind } = readEncryption(answer.headers)
      // The part lies there unencrypted until the upload is given up, which a fault for good leads to.
      if (sseCKey !== undefined && kind !== 'sse-c')
        throw faultAt('ENCRYPTION_KEY_IGNORED', 'the part was not encrypted', this.#calls.context(call))
      const encrypted = kind === 'sse-kms' || kind === 'sse-c'
      const checksum = upload.checksum && answer.headers[checksumHeaderName(upload.checksum.algorithm)]
      return { partNumber, etag: plainEtag(answer.headers['etag']), sizeBytes: body.sizeBytes, encrypted, checksum }
    } finally {
      letGo(body)
    }
  }

  /** A checksum that is known only when the bytes have passed follows them. */
  #sendPart(
    call: SignedCall,
    algorithm: ChecksumAlgorithm | undefined,
    { body, sizeBytes }: PutBody,
    options: PutOptions,
  ): Promise<WireAnswer> {
    if (algorithm === undefined) return this.#objects.send(call, { body, sizeBytes }, options)
    const plain = body instanceof Uint8Array ? pumped(Readable.from([body])) : body
    const trailing = { sizeBytes, algorithms: [algorithm] }
    const framed = { body: pumpedFrames(plain, sizeBytes, algorithm), sizeBytes: chunkedLength(trailing) }
    const headers = Object.entries(chunkedHeaders(trailing, undefined))
    return this.#objects.send({ ...call, headers, payloadHash: unsignedTrailerPayload }, framed, options)
  }

  async complete(
    upload: UploadRef,
    parts: readonly UploadedPart[],
    identity: IdentityStamp | null,
    sizeBytes: number,
    { signal, sseCKey }: CallOptions = {},
  ): Promise<Stored> {
    const { query, headers } = stamp(identity, 'complete-upload', sizeBytes)
    const { checksum } = upload
    const body = Buffer.from(completionXml(parts, checksum?.algorithm), 'utf8')
    const told = checksum?.type === 'FULL_OBJECT' ? [...checksumHeader(checksum), checksumType(checksum)] : []
    const call: SignedCall = {
      ...callFor('CompleteMultipartUpload', 'POST', upload),
      query: [['uploadId', upload.uploadId], ...query],
      headers: [...headers, ...told],
      body,
      responseMs: this.#calls.timeouts.completeMs,
      sseCKey,
      signal,
    }
    const answer = await this.#calls.send(call)
    // Joining may take minutes, so 200 is sent before the outcome is known: the error can be in the body.
    const refusal = readRefusal(answer)
    if (refusal.code !== null) throw new FaultError(faultFromAnswer(refusal, this.#calls.context(call)))
    const leaves = this.#calls.readXml(call, answer, xmlLeaves)
    return {
      versionId: answer.headers['x-amz-version-id'] ?? null,
      etag: plainEtag(leaves.get('ETag')),
      told: readTold({ ...answer.headers, ...checksumsIn(leaves) }),
    }
  }

  async abort(upload: UploadRef, { signal }: CallOptions = {}): Promise<void> {
    const call = callFor('AbortMultipartUpload', 'DELETE', upload)
    const answer = await this.#calls.exchange({ ...call, signal })
    if (answer.status < 300 || isGone(answer)) return
    throw this.#calls.refused(call, answer)
  }

  async listParts(upload: UploadRef, { signal }: CallOptions = {}): Promise<readonly UploadedPart[] | null> {
    const parts: UploadedPart[] = []
    for (let marker: string | null = '0'; marker !== null;) {
      const base = callFor('ListParts', 'GET', upload)
      const query = [...base.query!, ['max-parts', '1000'] as const, ['part-number-marker', marker] as const]
      const call: SignedCall = { ...base, query, signal }
      const answer = await this.#calls.exchange(call)
      if (isGone(answer)) return null
      if (answer.status >= 300) throw this.#calls.refused(call, answer)
      const page = this.#calls.readXml(call, answer, readParts)
      parts.push(...page.parts)
      // A site that says "more" and gives nothing would keep us here for ever.
      marker = page.more && page.parts.length > 0 ? String(page.parts.at(-1)!.partNumber) : null
    }
    return parts
  }
}

/** Ceph says NoSuchKey of an upload that is completed. */
const isGone = (answer: WireAnswer): boolean => answer.status === 404 && readRefusal(answer).code !== 'NoSuchBucket'

function callFor(operation: string, method: SignedCall['method'], { bucket, key, uploadId }: UploadRef): SignedCall {
  return { operation, method, bucket, key, query: [['uploadId', uploadId]] }
}

const checksumType = ({ type }: Checksum): HeaderPair => ['x-amz-checksum-type', type]

/** What an upload is begun with so that the object will have the checksum. */
const checksumKind = (checksum: Checksum | undefined): readonly HeaderPair[] =>
  checksum === undefined ? [] : [['x-amz-checksum-algorithm', checksum.algorithm.toUpperCase()], checksumType(checksum)]

function completionXml(parts: readonly UploadedPart[], algorithm: ChecksumAlgorithm | undefined): string {
  const ofPart = ({ checksum }: UploadedPart): string => {
    if (algorithm === undefined || checksum === undefined) return ''
    return element(`Checksum${algorithm.toUpperCase()}`, checksum)
  }
  const listed = parts
    .toSorted((a, b) => a.partNumber - b.partNumber)
    .map((part) => {
      const { partNumber, etag } = part
      return `<Part>${element('PartNumber', partNumber)}${element('ETag', `"${etag}"`)}${ofPart(part)}</Part>`
    })
  return requestXml('CompleteMultipartUpload', listed.join(''))
}

/** S3 tells the checksum of the whole in the document, as `ChecksumCRC32` and `ChecksumType`; here as headers of the same meaning. */
function checksumsIn(leaves: ReadonlyMap<string, string>): HeaderMap {
  const found: Record<string, string> = {}
  for (const name of ['type', ...checksumAlgorithms]) {
    const value = leaves.get(name === 'type' ? 'ChecksumType' : `Checksum${name.toUpperCase()}`)
    if (value !== undefined) found[`x-amz-checksum-${name}`] = value
  }
  return found
}

const partChecksum = /^Checksum(?:CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/

function readParts(xml: Buffer): { readonly parts: readonly UploadedPart[]; readonly more: boolean } {
  const parts: UploadedPart[] = []
  const none = { partNumber: 0, etag: '', sizeBytes: 0, checksum: undefined }
  let draft: { -readonly [Name in keyof UploadedPart]: UploadedPart[Name] } = { ...none }
  let more = false
  scanXml(xml, {
    open: () => {},
    leaf: (name, text) => {
      if (name === 'PartNumber') draft.partNumber = Number(text)
      else if (name === 'ETag') draft.etag = plainEtag(text)
      else if (name === 'Size') draft.sizeBytes = Number(text)
      else if (partChecksum.test(name)) draft.checksum = text
      else if (name === 'IsTruncated') more = text === 'true'
    },
    close: (name) => {
      if (name !== 'Part') return
      parts.push(draft)
      draft = { ...none }
    },
  })
  return { parts, more }
}

import { checksumHeaderName } from '../s3/checksum.ts'
import { BodyLengthError, gathered, type Pumped } from '../s3/pumped.ts'
import { FaultError } from '../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import { faultAt } from '../base/errors.ts'
import type { BucketLocks } from './bucket-locks.ts'
import { plainEtag, readEncryption, readObjectHead, readTold } from './object-head.ts'
import type {
  CallOptions,
  Checksum,
  GetOptions,
  NewVersion,
  ObjectBody,
  ObjectHead,
  Presence,
  PutBody,
  PutOptions,
  Stored,
} from './port.ts'
import { readRefusal, type SignedCall, type SignedCalls } from './signed-calls.ts'
import type { HeaderMap, HeaderPair } from '../s3/headers.ts'
import { areWithinLimits, describeVersion, stamp } from './version-headers.ts'
import type { WireAnswer } from './wire/request.ts'

/**
 * MinIO and RustFS answer a missing object from their own replication peer unless told not to: a site would be compared
 * with itself. Other sites ignore these.
 */
const ownAnswer: readonly HeaderPair[] = [
  ['x-minio-source-proxy-request', 'false'],
  ['x-rustfs-source-proxy-request', 'false'],
]

/** Without it no site tells an object's additional checksums. */
const tellChecksums: HeaderPair = ['x-amz-checksum-mode', 'ENABLED']

const onlyIfAbsent: HeaderPair = ['if-none-match', '*']

const wholeHead: readonly HeaderPair[] = [...ownAnswer, tellChecksums]

/** Streams up to this size are gathered and leave with their headers in one write. */
const gatherBytes = 256 * 1024

const missingCodes = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound'])

/** What a site answers of a version or key that is missing in a bucket that is there. */
const absentCodes = new Set(['NoSuchKey', 'NoSuchVersion'])

/** Reading and writing whole versions: the hot path. */
export class Objects {
  readonly #calls: SignedCalls
  readonly #locks: BucketLocks
  /** Buckets that answered lately, so that a bare 404 on HEAD means the object. */
  readonly #seenBuckets = new Set<string>()

  constructor(calls: SignedCalls, locks: BucketLocks) {
    this.#calls = calls
    this.#locks = locks
  }

  async get(ref: ObjectRef, options: GetOptions = {}): Promise<ObjectBody | null> {
    const { range, ifMatch, signal, sseCKey } = options
    const headers = range === undefined ? [...ownAnswer, tellChecksums] : [...ownAnswer]
    if (range !== undefined) headers.push(['range', `bytes=${range.first}-${range.last}`])
    if (ifMatch !== undefined) headers.push(['if-match', `"${ifMatch}"`])
    const call: SignedCall = { ...callFor('GetObject', 'GET', ref), headers, stream: true, sseCKey, signal }
    const answer = await this.#calls.exchange(call)
    const { stream } = answer
    if (stream === null) return this.#notGot(call, answer)
    const wrong = unusable(answer, range)
    if (wrong !== null) {
      stream.destroy()
      throw faultAt('RESPONSE_UNREADABLE', wrong, this.#calls.context(call))
    }
    this.#seenBuckets.add(ref.bucket)
    return { head: readObjectHead(answer.headers), body: stream }
  }

  #notGot(call: SignedCall, answer: WireAnswer): null {
    if (isMissing(answer)) return null
    const changed = answer.status === 412 || answer.status === 416
    if (changed) throw faultAt('SOURCE_CHANGED', `answered ${answer.status}`, this.#calls.context(call))
    throw this.#calls.refused(call, answer)
  }

  async head(ref: ObjectRef, options: CallOptions & { readonly partNumber?: number } = {}): Promise<ObjectHead | null> {
    const { signal, sseCKey } = options
    const call: SignedCall = { ...callFor('HeadObject', 'HEAD', ref), headers: wholeHead, sseCKey, signal }
    const query = options.partNumber === undefined ? [] : [['partNumber', String(options.partNumber)] as const]
    const region = this.#calls.regionOf(ref.bucket)
    const answer = await this.#calls.exchange({ ...call, query: [...(call.query ?? []), ...query] })
    if (answer.status < 300) {
      this.#seenBuckets.add(ref.bucket)
      const head = readObjectHead(answer.headers)
      // A part's head says the part's size; its Content-Range would say the object's.
      return query.length === 0 ? head : { ...head, sizeBytes: Number(answer.headers['content-length'] ?? 0) }
    }
    if (answer.status === 404 && this.#seenBuckets.has(ref.bucket)) return null
    if (isDeleteMarker(answer)) return null
    try {
      return await this.#learnFromGet(call, answer, ref)
    } catch (error) {
      // The GET told of another region: the HEAD is asked there.
      if (this.#calls.regionOf(ref.bucket) === region) throw error
      return this.head(ref, options)
    }
  }

  /** A refused HEAD has no body, and so no code: a GET of one byte tells what it was. */
  async #learnFromGet(call: SignedCall, refused: WireAnswer, ref: ObjectRef): Promise<null> {
    if (![400, 403, 404].includes(refused.status)) throw this.#calls.refused(call, refused)
    const headers: readonly HeaderPair[] = [...ownAnswer, ['range', 'bytes=0-0']]
    const answer = await this.#calls.exchange({ ...call, method: 'GET', headers })
    if (isMissing(answer)) {
      if (missingCodes.has(readRefusal(answer).code ?? '')) this.#seenBuckets.add(ref.bucket)
      return null
    }
    const readable = answer.status < 300 || answer.status === 416
    throw this.#calls.refused(call, readable ? refused : answer)
  }

  /** By a GET of one byte: the refusal of a HEAD has no body that could say what it is that is not there. */
  async presence(ref: ObjectRef, { signal }: CallOptions = {}): Promise<Presence> {
    const headers: readonly HeaderPair[] = [...ownAnswer, ['range', 'bytes=0-0']]
    const call: SignedCall = { ...callFor('GetObject', 'GET', ref), headers, stream: true, signal }
    const answer = await this.#calls.exchange(call)
    answer.stream?.destroy()
    if (answer.status < 300 || answer.status === 416 || isDeleteMarker(answer)) return 'present'
    const { code } = readRefusal(answer)
    if (answer.status === 404 && absentCodes.has(code ?? '')) return 'absent'
    if (answer.status !== 404 || code === 'NoSuchBucket') throw this.#calls.refused(call, answer)
    const words = `answered 404 ${code ?? ''} and did not say that it is the version or the key that is missing`
    throw faultAt('ABSENCE_UNPROVEN', words, this.#calls.context(call))
  }

  async put(version: NewVersion, body: PutBody, options: PutOptions = {}): Promise<Stored> {
    try {
      await this.#locks.demandFor(version, options)
      return await this.#put(version, body, options)
    } finally {
      letGo(body)
    }
  }

  async #put(version: NewVersion, body: PutBody, options: PutOptions): Promise<Stored> {
    const { query, headers } = stamp(version.identity, 'put', body.sizeBytes)
    const { sseCKey } = options
    const call: SignedCall = {
      sseCKey,
      operation: 'PutObject',
      method: 'PUT',
      bucket: version.bucket,
      key: version.key,
      query,
      headers: [
        ...describeVersion(version),
        ...checksumHeader(version.checksum),
        ...(options.ifAbsent === true ? [onlyIfAbsent] : []),
        ...headers,
      ],
      carried: carriedBy(version),
      accept: query.length > 0 ? [412] : [],
    }
    needKey(version.sseCKeyMd5, call, this.#calls)
    const answer = await this.send(call, body, options)
    this.#seenBuckets.add(version.bucket)
    // MinIO's word for: this very version, id and ETag, is here already.
    if (answer.status === 412) return { versionId: version.identity!.versionId, etag: version.identity!.etag }
    const { headers: told } = answer
    if (sseCKey !== undefined && readEncryption(told).kind !== 'sse-c') await this.#takeBack(call, answer)
    return { versionId: told['x-amz-version-id'] ?? null, etag: plainEtag(told['etag']), told: readTold(told) }
  }

  /** The site took the bytes and left the key alone: what should be sealed lies open there. */
  async #takeBack(call: SignedCall, { headers }: WireAnswer): Promise<never> {
    const { bucket, key, signal } = call
    const versionId = headers['x-amz-version-id']
    const query = versionId === undefined ? [] : [['versionId', versionId] as const]
    const remove: SignedCall = { operation: 'DeleteObject', method: 'DELETE', bucket, key, query, signal }
    const { status } = await this.#calls.exchange(remove)
    const words = status < 300 ? 'removed again' : `it lies there unencrypted: removing it was answered with ${status}`
    throw faultAt('ENCRYPTION_KEY_IGNORED', words, this.#calls.context(call))
  }

  /** Sends a body and checks that the site took these bytes; for whole objects and for parts. */
  async send(call: SignedCall, { body, sizeBytes, md5 }: PutBody, options: PutOptions): Promise<WireAnswer> {
    const { signal, onBytes } = options
    const bytes = await this.#gathered(call, body, sizeBytes, signal)
    const headers = md5 === undefined ? call.headers : [...(call.headers ?? []), contentMd5(md5)]
    const answer = await this.#calls.send({ ...call, headers, body: bytes, sizeBytes, onBytes, signal })
    const etag = answer.headers['etag']
    if (md5 !== undefined && isOtherMd5(answer.headers, plainEtag(etag), md5)) {
      throw faultAt('CONTENT_MISMATCH', `sent ${md5}, the site has ${etag}`, this.#calls.context(call))
    }
    return answer
  }

  /** A short body leaves in one write with its head. */
  async #gathered(
    call: SignedCall,
    body: Pumped | Uint8Array,
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Pumped | Uint8Array> {
    if (!(body instanceof Uint8Array))
      return sizeBytes > gatherBytes ? body : this.#gather(call, body, sizeBytes, signal)
    if (body.length === sizeBytes) return body
    throw faultAt('BODY_CUT', `the body has ${body.length} bytes, not ${sizeBytes}`, this.#calls.context(call))
  }

  async #gather(
    call: SignedCall,
    body: Pumped,
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const onAbort = (): void => body.destroy(signal?.reason instanceof Error ? signal.reason : undefined)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await gathered(body, sizeBytes)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof FaultError) throw error
      if (error instanceof BodyLengthError) throw faultAt('BODY_CUT', error.message, this.#calls.context(call))
      const words = error instanceof Error ? error.message : 'failed'
      throw faultAt('SOURCE_UNREADABLE', `reading the body to send: ${words}`, this.#calls.context(call))
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

/** Nothing that is to be under a client's key leaves without it. */
export function needKey(md5: string | undefined, call: SignedCall, calls: SignedCalls): void {
  if (md5 !== call.sseCKey?.md5)
    throw faultAt('ENCRYPTION_KEY_NEEDED', 'the key to store it under is not at hand', calls.context(call))
}

/** Read to its end by now, or of no use: a body that nobody reads holds its socket for ever. */
export function letGo({ body }: PutBody): void {
  if ('pump' in body) body.destroy()
}

function callFor(operation: string, method: SignedCall['method'], ref: ObjectRef): SignedCall {
  const query = ref.versionId === undefined ? [] : [['versionId', ref.versionId] as const]
  return { operation, method, bucket: ref.bucket, key: ref.key, query }
}

const isMissing = (answer: WireAnswer): boolean => isDeleteMarker(answer) || isUnknown(answer)

/** No such object or version. A site that mints its own ids may call a foreign one invalid instead of unknown. */
export function isUnknown(answer: WireAnswer): boolean {
  const { code, words } = readRefusal(answer)
  if (answer.status === 404) return code !== 'NoSuchBucket'
  return answer.status === 400 && code === 'InvalidArgument' && /version ?id/i.test(words ?? '')
}

/** 405 is the answer for a delete marker named by its id; the header settles it for sites that send 404. */
function isDeleteMarker({ status, headers }: WireAnswer): boolean {
  return (status === 404 || status === 405) && (status === 405 || headers['x-amz-delete-marker'] === 'true')
}

function unusable({ status, headers }: WireAnswer, range: GetOptions['range']): string | null {
  const length = headers['content-length']
  if (length === undefined) return 'the answer does not say how long the object is'
  if (range === undefined) return status === 200 ? null : `answered ${status} to a plain GET`
  return Number(length) <= range.last - range.first + 1 ? null : 'the site ignored the byte range'
}

export function carriedBy(version: NewVersion): NonNullable<SignedCall['carried']> {
  return [
    ...(version.lock === null ? [] : (['lock'] as const)),
    ...(version.storageClass === null ? [] : (['storage-class'] as const)),
    ...(areWithinLimits(version.tags) ? (['tags'] as const) : []),
  ]
}

/** The value of the whole, for the site to compare. */
export const checksumHeader = (checksum: Checksum | undefined): readonly HeaderPair[] =>
  checksum?.type === 'FULL_OBJECT' ? [[checksumHeaderName(checksum.algorithm), checksum.value]] : []

const contentMd5 = (md5: string): HeaderPair => ['content-md5', Buffer.from(md5, 'hex').toString('base64')]

const plainMd5 = /^[0-9a-f]{32}$/

/** An encrypted object's ETag looks like an MD5 and is none. */
function isOtherMd5(headers: HeaderMap, etag: string, md5: string): boolean {
  const encrypted = Object.keys(headers).some((name) => name.startsWith('x-amz-server-side-encryption'))
  return !encrypted && plainMd5.test(etag) && plainMd5.test(md5) && etag !== md5
}

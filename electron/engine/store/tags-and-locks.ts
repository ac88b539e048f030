import { FaultError } from '../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { QueryPair } from '../s3/uri.ts'
import type { CallOptions, Lock, LockOptions, Tags } from './port.ts'
import type { HeaderPair } from '../s3/headers.ts'
import { areWithinLimits } from './version-headers.ts'
import { contentMd5Of, type SignedCall, type SignedCalls } from './signed-calls.ts'
import { element, requestXml } from '../s3/xml-write.ts'
import { scanXml, xmlLeaves } from '../s3/xml-scan.ts'

/** A request about one part of what a version carries besides its bytes. */
export function callFor(operation: string, method: SignedCall['method'], ref: ObjectRef, part: string): SignedCall {
  const version: readonly QueryPair[] = ref.versionId === undefined ? [] : [['versionId', ref.versionId]]
  return { operation, method, bucket: ref.bucket, key: ref.key, query: [[part, ''], ...version] }
}

export function withXml(call: SignedCall, xml: string): SignedCall {
  const body = Buffer.from(xml, 'utf8')
  // AWS wants a digest on every one of these; the rest do not mind it.
  return { ...call, body, headers: [['content-md5', contentMd5Of(body)]] }
}

export async function getTags(calls: SignedCalls, ref: ObjectRef, { signal }: CallOptions = {}): Promise<Tags> {
  const call: SignedCall = { ...callFor('GetObjectTagging', 'GET', ref, 'tagging'), signal }
  const answer = await calls.exchange(call)
  if (answer.status < 300) return calls.readXml(call, answer, readTags)
  const refused = calls.refused(call, answer)
  if (refused.fault.message.includes('NoSuchTagSet')) return {}
  throw refused
}

function readTags(xml: Buffer): Tags {
  const tags: Record<string, string> = Object.create(null)
  let key = ''
  let value = ''
  scanXml(xml, {
    open: () => {},
    leaf: (name, text) => {
      if (name === 'Key') key = text
      else if (name === 'Value') value = text
    },
    close: (name) => {
      if (name !== 'Tag') return
      tags[key] = value
      value = ''
    },
  })
  return tags
}

/** No tags at all is an empty set too: Ceph 16 answers a DELETE without version id with success, and keeps the tags. */
export async function putTags(
  calls: SignedCalls,
  ref: ObjectRef,
  tags: Tags,
  { signal }: CallOptions = {},
): Promise<void> {
  const entries = Object.entries(tags)
  const set = entries.map(([key, value]) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`)
  const xml = requestXml('Tagging', `<TagSet>${set.join('')}</TagSet>`)
  const carried = areWithinLimits(tags) ? (['tags'] as const) : []
  await calls.send({ ...withXml(callFor('PutObjectTagging', 'PUT', ref, 'tagging'), xml), carried, signal })
}

/** null where the version has neither retention nor legal hold, and where the bucket or the site knows no lock. */
export async function getLock(calls: SignedCalls, ref: ObjectRef, options: CallOptions = {}): Promise<Lock | null> {
  const [retention, hold] = await Promise.all([
    readOf(calls, callFor('GetObjectRetention', 'GET', ref, 'retention'), options),
    readOf(calls, callFor('GetObjectLegalHold', 'GET', ref, 'legal-hold'), options),
  ])
  const mode = retention?.get('Mode') ?? null
  const legalHold = hold?.get('Status') === 'ON'
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    return legalHold ? { mode: null, retainUntil: null, legalHold } : null
  return { mode, retainUntil: retention?.get('RetainUntilDate') ?? null, legalHold }
}

async function readOf(
  calls: SignedCalls,
  call: SignedCall,
  { signal }: CallOptions,
): Promise<ReadonlyMap<string, string> | null> {
  try {
    const answer = await calls.send({ ...call, carried: ['lock'], signal })
    return calls.readXml(call, answer, xmlLeaves)
  } catch (error) {
    if (error instanceof FaultError && noLockCodes.has(error.fault.code)) return null
    throw error
  }
}

const noLockCodes: ReadonlySet<string> = new Set(['BUCKET_LOCK_MISSING', 'NOT_SUPPORTED'])

export const bypassHeader = (bypassGovernance: boolean | undefined): readonly HeaderPair[] =>
  bypassGovernance === true ? [['x-amz-bypass-governance-retention', 'true']] : []

/** Sets the retention when `lock` has one (takes it away with the bypass when not), and the legal hold on or off. */
export async function putLock(
  calls: SignedCalls,
  ref: ObjectRef,
  lock: Lock,
  { signal, bypassGovernance }: LockOptions = {},
): Promise<void> {
  const send = async (
    operation: string,
    part: string,
    xml: string,
    more: readonly HeaderPair[] = [],
  ): Promise<void> => {
    const call = withXml(callFor(operation, 'PUT', ref, part), xml)
    await calls.send({ ...call, headers: [...(call.headers ?? []), ...more], carried: ['lock'], signal })
  }
  if (lock.mode !== null && lock.retainUntil !== null) {
    const xml = requestXml('Retention', element('Mode', lock.mode) + element('RetainUntilDate', lock.retainUntil))
    await send('PutObjectRetention', 'retention', xml, bypassHeader(bypassGovernance))
  } else if (bypassGovernance === true)
    await send('PutObjectRetention', 'retention', requestXml('Retention', ''), bypassHeader(true))
  const hold = element('Status', lock.legalHold ? 'ON' : 'OFF')
  await send('PutObjectLegalHold', 'legal-hold', requestXml('LegalHold', hold))
}

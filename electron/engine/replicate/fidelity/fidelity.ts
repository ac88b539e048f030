import { fault, FaultError, type FaultCode } from '../../../../shared/model/fault.ts'
import type { FidelityProperty } from '../../../../shared/model/fidelity.ts'
import type { NewVersion, ObjectHead, Stored } from '../../store/port.ts'
import type { ReplicationContext } from '../context.ts'

/** Throws where the rule does not allow this version to be stored as it would have to be: nothing was read or sent yet. */
export function refuseUnkept(head: ObjectHead, { link }: Pick<ReplicationContext, 'link'>): void {
  if (head.encryption.kind === 'sse-kms' && link.rule.fidelity.kmsKeyId === null)
    throw at(
      'KMS_KEY_NEEDED',
      'The version is under SSE-KMS, and the rule names no key of the target.',
      link.source.site,
    )
}

const at = (code: FaultCode, message: string, site: string): FaultError =>
  new FaultError(fault(code, message, { site }))

export const checksumProperty = { FULL_OBJECT: 'checksum', COMPOSITE: 'composite-checksum' } as const

/** What was asked of the target, what was sent in the end, and what it answered. */
export interface WrittenReplica {
  readonly asked: NewVersion
  readonly sent: NewVersion
  readonly stored: Stored
  /** The ETag that the bytes have at the target; null where that is not known. */
  readonly etag: string | null
}

/** Properties of the source's version that its copy went without: by the link's table, and by what the target answered. */
export function notKeptOf(
  head: ObjectHead,
  { asked, sent, stored, etag }: WrittenReplica,
  { link }: Pick<ReplicationContext, 'link'>,
): readonly FidelityProperty[] {
  const lost = new Set(propertiesOf(head).filter((property) => link.fidelity[property] === 'not-kept'))
  if (sent.storageClass !== asked.storageClass) lost.add('storage-class')
  if (Object.keys(sent.tags).length !== Object.keys(asked.tags).length) lost.add('refused-tags')
  if (etag !== null && isDigest(head) && etag !== head.etag) lost.add('part-layout')
  const { told } = stored
  if (told === undefined) return [...lost]
  for (const { algorithm, type, value } of head.checksums) {
    const isThere = told.checksums.some((one) => one.algorithm === algorithm && one.value === value)
    if (isThere) lost.delete(checksumProperty[type])
    else lost.add(checksumProperty[type])
  }
  const { kind } = head.encryption
  if ((kind === 'sse-s3' || kind === 'sse-kms') && told.encryption.kind === 'none') lost.add(kind)
  return [...lost]
}

/** Those that a copy goes without where the link's table says so. */
function propertiesOf(head: ObjectHead): readonly FidelityProperty[] {
  const found: FidelityProperty[] = []
  if (Object.values(head.metadata).includes('')) found.push('empty-metadata')
  if (head.content.websiteRedirectLocation !== undefined) found.push('website-redirect')
  if (head.lock !== null) found.push('lock')
  for (const { type } of head.checksums) found.push(checksumProperty[type])
  return found
}

/** Under a key service's or a client's key the ETag tells nothing of the bytes. */
const isDigest = ({ encryption }: ObjectHead): boolean => encryption.kind === 'none' || encryption.kind === 'sse-s3'

import { isCode, S3Error, s3ErrorKinds, type S3ErrorCode } from '../../s3/s3-error.ts'
import { element, errorDocument } from '../../s3/xml-write.ts'
import { readDocument } from './document.ts'

/** Facts of S3's error documents that tell of the request itself. */
const told = [
  'ArgumentName',
  'ArgumentValue',
  'Condition',
  'VersionId',
  'UploadId',
  'PartNumber',
  'ETag',
  'RangeRequested',
  'ActualObjectSize',
  'MinSizeAllowed',
  'MaxSizeAllowed',
  'ProposedSize',
  'Method',
  'ResourceType',
] as const

/** The site refuses Lockstep's own key, not the client's, whose signature has held. */
const ofOurKey: ReadonlySet<string> = new Set([
  'AccountProblem',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurity',
  'InvalidToken',
  'NotSignedUp',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UserSuspended',
])

/** What a site without words means. */
const codeOfStatus: Readonly<Record<number, S3ErrorCode>> = {
  400: 'InvalidRequest',
  403: 'AccessDenied',
  405: 'MethodNotAllowed',
  411: 'MissingContentLength',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
}

export interface Refused {
  /** The path of the client's request, as it came. */
  readonly resource: string
  readonly bucket: string
  readonly key: string
}

/** The code of a site's error document; null for none. */
function codeIn(document: Buffer): string | null {
  const code = readDocument(document)?.leaves.get('Code') ?? ''
  return /^[A-Za-z0-9.]{1,80}$/.test(code) ? code : null
}

/**
 * A site's refusal as its clients get it: code and facts of the request, and nothing of the site's own names, addresses, users
 * and keys. Throws where the refusal is none of the client.
 */
export function refusalXml(status: number, document: Buffer, request: Refused, requestId: string): string {
  if (status < 400) throw new S3Error('ServiceUnavailable', { message: elsewhere(status) })
  const code = codeIn(document) ?? codeOfStatus[status] ?? codeOfPlace(status, request)
  if (ofOurKey.has(code)) throw new S3Error('ServiceUnavailable', { message: notTaken(code) })
  const leaves = readDocument(document)?.leaves
  const facts = told.map((name) => element(name, leaves?.get(name)?.slice(0, 1024))).join('')
  return errorDocument(
    element('Code', code) +
      element('Message', messageOf(code, leaves?.get('Message') ?? '')) +
      facts +
      element('BucketName', request.bucket || null) +
      element('Key', request.key || null) +
      element('Resource', request.resource) +
      element('RequestId', requestId),
  )
}

function codeOfPlace(status: number, { bucket, key }: Refused): string {
  if (status === 404) return key !== '' ? 'NoSuchKey' : bucket !== '' ? 'NoSuchBucket' : 'InvalidRequest'
  return status < 500 ? 'InvalidRequest' : 'InternalError'
}

/** The site's words, unless they name who Lockstep is there, or where the site is. */
function messageOf(code: string, words: string): string {
  const own = isCode(code) ? s3ErrorKinds[code].message : 'The site refused the request.'
  return words === '' || code === 'AccessDenied' || /arn:|:\/\//.test(words) ? own : words.slice(0, 1024)
}

const notTaken = (code: string): string =>
  `The site does not take Lockstep’s own key or clock (${code}); the client’s are in order. An operator has to mend that.`

const elsewhere = (status: number): string =>
  `The site sends its clients elsewhere (${status}): its address or region in Lockstep is not right. An operator has to mend that.`

import { checksumAlgorithms, checksumHeaderName } from './checksum.ts'

// Headers of S3 by what they are about. Names are separated by spaces, in lower case.

export const conditions = 'if-match if-none-match if-modified-since if-unmodified-since'

/** What is kept with an object besides its bytes. */
export const content =
  'cache-control content-disposition content-encoding content-language content-type expires x-amz-meta-* ' +
  'x-amz-storage-class x-amz-website-redirect-location'

export const encryption =
  'x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id ' +
  'x-amz-server-side-encryption-bucket-key-enabled x-amz-server-side-encryption-context'

/** What the names of user metadata begin with. */
export const metadataPrefix = 'x-amz-meta-'

/** What the headers of the client's own key (SSE-C) begin with. */
export const customerKeyPrefix = 'x-amz-server-side-encryption-customer-'
/** The same for the key of a copy's source. */
export const copySourceKeyPrefix = 'x-amz-copy-source-server-side-encryption-customer-'

const keyHeaders = (prefix: string) =>
  ({ algorithm: `${prefix}algorithm`, key: `${prefix}key`, md5: `${prefix}key-md5` }) as const
export const customerKeyHeaders = keyHeaders(customerKeyPrefix)

const words = (names: Readonly<Record<string, string>>): string => Object.values(names).join(' ')

export const customerKey = words(customerKeyHeaders)

export const acl =
  'x-amz-acl x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp'

export const locks = 'x-amz-object-lock-legal-hold x-amz-object-lock-mode x-amz-object-lock-retain-until-date'

/** Of the body that comes with the request. */
export const checksums = `content-md5 ${checksumAlgorithms.map(checksumHeaderName).join(' ')} x-amz-sdk-checksum-algorithm`

export const document = `content-type ${checksums}`

export const copySource =
  'x-amz-copy-source x-amz-copy-source-if-match x-amz-copy-source-if-modified-since x-amz-copy-source-if-none-match ' +
  'x-amz-copy-source-if-unmodified-since x-amz-source-expected-bucket-owner'

export const copySourceKey = words(keyHeaders(copySourceKeyPrefix))

/** Of every operation. A browser's `Origin` asks for the bucket's CORS headers in the answer. */
export const common = 'origin user-agent x-amz-expected-bucket-owner x-amz-request-payer'

/** Of the signature, the body's framing and the client's own telling: read by the gateway, and said anew to the site. */
export const consumed =
  'authorization date x-amz-content-sha256 x-amz-date x-amz-decoded-content-length x-amz-security-token x-amz-te ' +
  'x-amz-trailer x-amz-user-agent'

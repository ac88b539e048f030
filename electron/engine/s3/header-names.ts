// Headers of S3 by what they are about. Names are separated by spaces, in lower case.

export const conditions = 'if-match if-none-match if-modified-since if-unmodified-since'

/** What is kept with an object besides its bytes. */
export const content =
  'cache-control content-disposition content-encoding content-language content-type expires x-amz-meta-* ' +
  'x-amz-storage-class x-amz-website-redirect-location'

export const encryption =
  'x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id ' +
  'x-amz-server-side-encryption-bucket-key-enabled x-amz-server-side-encryption-context'

/** The client's own key (SSE-C). */
export const customerKey =
  'x-amz-server-side-encryption-customer-algorithm x-amz-server-side-encryption-customer-key ' +
  'x-amz-server-side-encryption-customer-key-md5'

export const acl =
  'x-amz-acl x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp'

export const locks = 'x-amz-object-lock-legal-hold x-amz-object-lock-mode x-amz-object-lock-retain-until-date'

/** Of the body that comes with the request. */
export const checksums =
  'content-md5 x-amz-checksum-crc32 x-amz-checksum-crc32c x-amz-checksum-crc64nvme x-amz-checksum-sha1 ' +
  'x-amz-checksum-sha256 x-amz-sdk-checksum-algorithm'

export const document = `content-type ${checksums}`

export const copySource =
  'x-amz-copy-source x-amz-copy-source-if-match x-amz-copy-source-if-modified-since x-amz-copy-source-if-none-match ' +
  'x-amz-copy-source-if-unmodified-since x-amz-source-expected-bucket-owner'

export const copySourceKey =
  'x-amz-copy-source-server-side-encryption-customer-algorithm x-amz-copy-source-server-side-encryption-customer-key ' +
  'x-amz-copy-source-server-side-encryption-customer-key-md5'

/** Of every operation. A browser's `Origin` asks for the bucket's CORS headers in the answer. */
export const common = 'origin user-agent x-amz-expected-bucket-owner x-amz-request-payer'

/** Of the signature, the body's framing and the client's own telling: read by the gateway, and said anew to the site. */
export const consumed =
  'authorization date x-amz-content-sha256 x-amz-date x-amz-decoded-content-length x-amz-security-token x-amz-te ' +
  'x-amz-trailer x-amz-user-agent'

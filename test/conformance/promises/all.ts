import type { SitePromise } from '../site-promise.ts'
import { aclPromises } from './acls.ts'
import { dotSegmentPromises, keyPromises } from './keys.ts'
import { listingPromises } from './listing.ts'
import { lockPromises } from './locks.ts'
import { multipartPromises } from './multipart.ts'
import { objectPromises } from './objects.ts'
import { changeStreamPromises } from './change-stream.ts'
import { replicaPromises } from './replicas.ts'
import { versionPromises } from './versions.ts'

/** What every S3 site promises, and what holds through the gateway too. */
export const clientPromises: readonly SitePromise[] = [
  ...objectPromises,
  ...keyPromises,
  ...versionPromises,
  ...listingPromises,
  ...multipartPromises,
  ...lockPromises,
  ...aclPromises,
]

/** What every S3 site promises. */
export const allPromises: readonly SitePromise[] = [...clientPromises, ...dotSegmentPromises]

/** What MinIO and its like promise beyond that. */
export const minioPromises: readonly SitePromise[] = [...allPromises, ...replicaPromises, ...changeStreamPromises]

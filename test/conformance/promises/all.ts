import type { SitePromise } from '../site-promise.ts'
import { keyPromises } from './keys.ts'
import { listingPromises } from './listing.ts'
import { lockPromises } from './locks.ts'
import { multipartPromises } from './multipart.ts'
import { objectPromises } from './objects.ts'
import { versionPromises } from './versions.ts'

export const allPromises: readonly SitePromise[] = [
  ...objectPromises,
  ...keyPromises,
  ...versionPromises,
  ...listingPromises,
  ...multipartPromises,
  ...lockPromises,
]

import type { BucketAt } from '../model/rule.ts'

/** Some sites leave keys out of a listing; where there is no other to hold it against, that would not be noticed. */
export const uncheckedText = (unchecked: readonly BucketAt[]): string =>
  `nobody could check that the listing of ${unchecked.map(({ site, bucket }) => `${site}/${bucket}`).join(' and of ')} leaves nothing out, because the site refuses ListObjectsV2 (grant s3:ListBucket)`

import type { Rule } from '../../shared/model/rule.ts'
import { countOf, formatDuration, formatShare } from './format.ts'

/** What the brake for deletes lets pass at most, as a run of words. */
export function deleteLimit(brake: NonNullable<Rule['deleteBrake']>): string {
  const { count, share, bucketShare, windowMs } = brake
  const ofBucket = bucketShare < 1 ? `, or ${formatShare(bucketShare)} of what the bucket holds,` : ''
  return `over ${countOf(count, 'delete')} and ${formatShare(share)} of changes${ofBucket} within ${formatDuration(windowMs)}`
}

/** What the brake for overwrites lets pass at most, as a run of words. */
export function overwriteLimit(brake: NonNullable<Rule['overwriteBrake']>): string {
  const { count, bucketShare, windowMs } = brake
  const ofBucket = bucketShare < 1 ? `, or ${formatShare(bucketShare)} of what the bucket holds,` : ''
  return `over ${countOf(count, 'object')}${ofBucket} overwritten by what looks encrypted within ${formatDuration(windowMs)}`
}

/** An instant of another place: with date and time zone, so that it can be typed into whatever restores. */
export const formatMoment = (at: number): string =>
  new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

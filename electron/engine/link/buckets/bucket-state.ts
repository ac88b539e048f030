import { z } from 'zod'
import { fault, type Fault } from '../../../../shared/model/fault.ts'
import type { BucketAt, Rule } from '../../../../shared/model/rule.ts'
import type { BucketView } from '../../../../shared/model/site.ts'
import { bucketKey } from '../../rule/link.ts'

const endSchema = z.object({
  exists: z.boolean(),
  versioning: z.enum(['Enabled', 'Suspended', 'Off', 'unknown']),
  objectLock: z.union([z.boolean(), z.literal('unknown')]),
  /** It had object lock at some time since the link was opened: what was copied then may be locked. */
  hadLock: z.boolean(),
  /** Epoch ms; null where the site does not tell. */
  createdAt: z.number().nullable(),
})

export const bucketsStateSchema = z.object({ source: endSchema, target: endSchema, askedAt: z.number() })

/** How a site told of one bucket when it was last asked. */
export type BucketEnd = Readonly<z.infer<typeof endSchema>>
/** How the two buckets of a link stood when they were last asked for, and what they once had. */
export type BucketsState = Readonly<z.infer<typeof bucketsStateSchema>>

/** What a site answers of a bucket; `view` null: there is none. */
export interface BucketAnswer {
  readonly view: BucketView | null
  readonly createdAt: number | null
}

/** The end as it stands now, with what is remembered of it. */
export function endAfter(before: BucketEnd | null, { view, createdAt }: BucketAnswer): BucketEnd {
  const hadLock = (before?.hadLock ?? false) || view?.objectLock === true
  const known = createdAt ?? before?.createdAt ?? null
  if (view === null) return { exists: false, versioning: 'unknown', objectLock: 'unknown', hadLock, createdAt: known }
  const { versioning, objectLock } = view
  return {
    exists: true,
    versioning,
    objectLock: view.lockUntold === true ? 'unknown' : objectLock,
    hadLock,
    createdAt: known,
  }
}

interface BucketsOfLink {
  readonly source: BucketAt
  readonly target: BucketAt
  readonly rule: Pick<Rule, 'objectLock'>
}

/** Why nothing may be written to the target as its buckets stand; null when nothing keeps the link back. */
export function bucketsFault({ source, target, rule }: BucketsOfLink, state: BucketsState): Fault | null {
  for (const [end, at] of [
    [state.source, source],
    [state.target, target],
  ] as const)
    if (!end.exists)
      return fault('BUCKET_MISSING', `There is no bucket ${at.bucket}.`, { site: at.site, remedy: remedies.missing })
  const to = state.target
  if (to.versioning === 'Off' || to.versioning === 'Suspended')
    return fault('BUCKET_UNVERSIONED', `Versioning is not enabled on ${target.bucket}.`, {
      site: target.site,
      remedy: remedies.unversioned,
    })
  if (rule.objectLock === 'replicate' && state.source.objectLock !== false && to.hadLock && to.objectLock === false)
    return fault('BUCKET_LOCK_LOST', `Bucket ${target.bucket} had object lock and has it no more.`, {
      site: target.site,
    })
  return null
}

const remedies = {
  missing: 'Create the bucket, with versioning; the rule goes on by itself then.',
  unversioned: 'Enable versioning on the bucket; the rule goes on by itself then. Nothing is written there meanwhile.',
} as const

/** Sites round times differently in different answers. */
const sameTimeMs = 2000

/** Was the bucket made anew since it was last asked for? Not known where a site does not tell when its buckets were made. */
export function isRecreated(before: BucketEnd, after: BucketEnd): boolean {
  if (before.createdAt === null || after.createdAt === null) return false
  return Math.abs(after.createdAt - before.createdAt) > sameTimeMs
}

/** What is worth telling of a change though it keeps nothing back, a sentence each. */
export function bucketsNotes(
  { source, target }: BucketsOfLink,
  before: BucketsState,
  after: BucketsState,
): readonly string[] {
  const notes: string[] = []
  for (const [at, was, is] of [
    [source, before.source, after.source],
    [target, before.target, after.target],
  ] as const)
    if (isRecreated(was, is))
      notes.push(
        `Bucket ${bucketKey(at)} was made anew at ${new Date(is.createdAt ?? 0).toISOString()}: what was there before may be gone. Both sides are looked over.`,
      )
  if (before.source.versioning === 'Enabled' && ['Off', 'Suspended'].includes(after.source.versioning))
    notes.push(
      `Versioning is not enabled on ${bucketKey(source)} any more: what is overwritten there leaves no older version, and it is copied as it comes.`,
    )
  return notes
}

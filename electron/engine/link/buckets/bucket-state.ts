import { z } from 'zod'
import { fault, type Fault } from '../../../../shared/model/fault.ts'
import { driftKinds, type BucketAt, type Rule } from '../../../../shared/model/rule.ts'
import type { BucketView } from '../../../../shared/model/site.ts'

const endSchema = z.object({
  exists: z.boolean(),
  versioning: z.enum(['Enabled', 'Suspended', 'Off', 'unknown']),
  objectLock: z.union([z.boolean(), z.literal('unknown')]),
  /** It had object lock at some time since the link was opened: what was copied then may be locked. */
  hadLock: z.boolean(),
  /** It kept versions at some time since then. */
  hadVersions: z.boolean().default(false),
  /** Epoch ms; null where the site does not tell. */
  createdAt: z.number().nullable(),
  /** Epoch ms at which it was found made anew; null once both sides were looked over. */
  madeAnewAt: z.number().nullable().default(null),
  /** Rights that the key had here at some time, and those that it was refused for want of when it last needed them. */
  had: z.array(z.string()).default([]),
  lacks: z.array(z.string()).default([]),
  /** Epoch ms at which each drift was noticed. */
  driftSince: z.partialRecord(z.enum(driftKinds), z.number()).default({}),
})

export const bucketsStateSchema = z.object({
  source: endSchema,
  target: endSchema,
  askedAt: z.number(),
  /** Epoch ms when both last told whether objects may be read. */
  readingAskedAt: z.number().default(0),
})

/** How a site told of one bucket when it was last asked. */
export type BucketEnd = Readonly<z.infer<typeof endSchema>>
/** How the two buckets of a link stood when they were last asked for, and what they once had. */
export type BucketsState = Readonly<z.infer<typeof bucketsStateSchema>>

/** What a site answers of a bucket. */
export interface BucketAnswer {
  /** null: there is none. `refused`: the key may not ask for it at all. */
  readonly view: BucketView | null | 'refused'
  readonly createdAt: number | null
  /** May the key read objects there? null: not asked this time, or not answered. */
  readonly mayRead: boolean | null
}

const unknownEnd: BucketEnd = {
  exists: true,
  versioning: 'unknown',
  objectLock: 'unknown',
  hadLock: false,
  hadVersions: false,
  createdAt: null,
  madeAnewAt: null,
  had: [],
  lacks: [],
  driftSince: {},
}

/** The end as it stands now, with what is remembered of it. */
export function endAfter(known: BucketEnd | null, answer: BucketAnswer, askedAt: number): BucketEnd {
  const before = known ?? unknownEnd
  const { view } = answer
  const kept = { ...before, ...rightsAfter(before, answer) }
  // What may not be asked is as it was when it last was told.
  if (view === 'refused') return kept
  const createdAt = answer.createdAt ?? before.createdAt
  if (view === null) return { ...kept, exists: false, versioning: 'unknown', objectLock: 'unknown', createdAt }
  const { versioning, objectLock } = view
  const after: BucketEnd = {
    ...kept,
    exists: true,
    versioning,
    objectLock: view.lockUntold === true ? 'unknown' : objectLock,
    hadLock: before.hadLock || objectLock,
    hadVersions: before.hadVersions || before.versioning === 'Enabled' || versioning === 'Enabled',
    createdAt,
  }
  if (!isRecreated(before, after)) return after
  return { ...after, madeAnewAt: askedAt, driftSince: { ...after.driftSince, 'made-anew': askedAt } }
}

/** In the words of access policies; those that no answer tells of stay as they were. */
function rightsAfter(before: BucketEnd, { view, mayRead }: BucketAnswer): Pick<BucketEnd, 'had' | 'lacks'> {
  const told = typeof view === 'object' ? view : null
  const answers: readonly (readonly [right: string, isGranted: boolean | null])[] = [
    ['s3:ListBucket', view === null ? null : view !== 'refused'],
    ['s3:GetBucketVersioning', told && told.versioningUntold !== true],
    ['s3:GetBucketObjectLockConfiguration', told && told.lockUntold !== true],
    [readRight, mayRead],
  ]
  const [had, lacks] = [new Set(before.had), new Set(before.lacks)]
  for (const [right, isGranted] of answers) {
    if (isGranted === true) had.add(right)
    if (isGranted === false) lacks.add(right)
    else if (isGranted === true) lacks.delete(right)
  }
  return { had: [...had], lacks: [...lacks] }
}

export const readRight = 's3:GetObject'

/** Sites round times differently in different answers. */
const sameTimeMs = 2000

/** Was the bucket made anew since it was last asked for? Not known where a site does not tell when its buckets were made. */
function isRecreated(before: Pick<BucketEnd, 'createdAt'>, after: Pick<BucketEnd, 'createdAt'>): boolean {
  if (before.createdAt === null || after.createdAt === null) return false
  return Math.abs(after.createdAt - before.createdAt) > sameTimeMs
}

/** What is asked of a link to judge its buckets. */
export interface BucketsOfLink {
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

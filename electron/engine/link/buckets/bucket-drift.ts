import type { BucketAt, BucketDrift, DriftKind } from '../../../../shared/model/rule.ts'
import { bucketKey } from '../../rule/link.ts'
import { bucketsFault, type BucketEnd, type BucketsOfLink, type BucketsState } from './bucket-state.ts'

/** How the buckets are not any more what they were, besides what holds the link. */
export const bucketsDrift = (link: BucketsOfLink, state: BucketsState): readonly BucketDrift[] =>
  endsOf(link, state).flatMap(({ at, end, kinds }) =>
    kinds.map((what) => ({ what, at, since: end.driftSince[what] ?? state.askedAt, ...wordsOf[what](at, end) })),
  )

/** The state with each drift's beginning: of one that is not there any more it is forgotten. */
export function withDriftSince(link: BucketsOfLink, state: BucketsState): BucketsState {
  const [source, target] = endsOf(link, state).map(({ end, kinds }) => ({
    ...end,
    driftSince: Object.fromEntries(kinds.map((what) => [what, end.driftSince[what] ?? state.askedAt])),
  }))
  return { ...state, source: source!, target: target! }
}

/** What the keys may not ask and never could, as `right on site/bucket`. */
export const bucketsUntold = (link: BucketsOfLink, { source, target }: BucketsState): readonly string[] =>
  [
    [link.source, source],
    [link.target, target],
  ]
    .map(([at, end]) => [at, end] as [BucketAt, BucketEnd])
    .flatMap(([at, { had, lacks }]) =>
      lacks.filter((right) => !had.includes(right)).map((right) => `${right} on ${bucketKey(at)}`),
    )

interface DriftingEnd {
  readonly at: BucketAt
  readonly end: BucketEnd
  readonly kinds: readonly DriftKind[]
}

function endsOf(link: BucketsOfLink, state: BucketsState): readonly DriftingEnd[] {
  const isLockHeld = bucketsFault(link, state)?.code === 'BUCKET_LOCK_LOST'
  return (['source', 'target'] as const).map((side) => {
    const end = state[side]
    const held = side === 'target' ? { unversioned: true, lock: isLockHeld } : { unversioned: false, lock: false }
    const drifts: Readonly<Record<DriftKind, boolean>> = {
      unversioned: end.hadVersions && !held.unversioned && ['Off', 'Suspended'].includes(end.versioning),
      'lock-lost': end.hadLock && !held.lock && end.objectLock === false && link.rule.objectLock === 'replicate',
      'made-anew': end.madeAnewAt !== null,
      'rights-lost': lostRights(end).length > 0,
    }
    const kinds = (Object.keys(drifts) as DriftKind[]).filter((what) => end.exists && drifts[what])
    return { at: link[side], end, kinds }
  })
}

const lostRights = ({ had, lacks }: BucketEnd): readonly string[] => lacks.filter((right) => had.includes(right))

type DriftWords = Pick<BucketDrift, 'reason' | 'remedy'>

const wordsOf: Readonly<Record<DriftKind, (at: BucketAt, end: BucketEnd) => DriftWords>> = {
  unversioned: (at) => ({
    reason: `Versioning is not enabled on ${bucketKey(at)} any more: what is overwritten there leaves no older version, and it is copied as it comes.`,
    remedy: 'Enable versioning on the bucket; this goes away within a minute then.',
  }),
  'lock-lost': (at) => ({
    reason: `Bucket ${bucketKey(at)} had object lock and has it no more: nothing that is written there can be locked.`,
    remedy:
      'Object lock is given to a bucket when it is made: make it anew with it, or set the rule’s object lock to “ignore”.',
  }),
  'made-anew': (at, { createdAt }) => ({
    reason: `Bucket ${bucketKey(at)} was made anew at ${new Date(createdAt ?? 0).toISOString()}: what was there before may be gone. Both sides are looked over.`,
    remedy: 'This goes away when a scan has looked at every key. Compare both sides then.',
  }),
  'rights-lost': (at, end) => ({
    reason: `The key could do more on ${bucketKey(at)} than it may now: ${lostRights(end).join(' and ')} is refused there.`,
    remedy: `Grant ${lostRights(end).join(' and ')} on the bucket ${at.bucket} to the access key that is used at ${at.site}; this goes away within a minute then.`,
  }),
}

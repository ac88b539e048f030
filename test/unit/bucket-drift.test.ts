import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bucketsDrift, bucketsUntold, withDriftSince } from '../../electron/engine/link/buckets/bucket-drift.ts'
import { endAfter, type BucketAnswer, type BucketsState } from '../../electron/engine/link/buckets/bucket-state.ts'
import { driftWatch } from '../../electron/engine/link/causes/drift-watch.ts'
import { driftCauses, type DriftCause } from '../../shared/model/bucket-drift.ts'
import type { BucketView } from '../../shared/model/site.ts'
import { MemoryRecords } from '../support/memory-records.ts'
import { HandClock } from './scan-world.ts'

const link = {
  source: { site: 'a', bucket: 'data' },
  target: { site: 'b', bucket: 'data' },
  rule: { objectLock: 'replicate' },
} as const

const well: BucketView = { name: 'data', versioning: 'Enabled', objectLock: true }
const answerOf = (view: Partial<BucketView> | null | 'refused', more: Partial<BucketAnswer> = {}): BucketAnswer => ({
  view: view === null || view === 'refused' ? view : { ...well, ...view },
  createdAt: 10_000,
  mayRead: null,
  ...more,
})

/** What a row of looks leads to; `at` is the time of the last. */
function lookedAt(looks: readonly { readonly source: BucketAnswer; readonly target?: BucketAnswer }[]): BucketsState {
  let state: BucketsState | null = null
  for (const [index, { source, target = answerOf({}) }] of looks.entries()) {
    const askedAt = (index + 1) * 100
    const ends = {
      source: endAfter(state?.source ?? null, source, askedAt),
      target: endAfter(state?.target ?? null, target, askedAt),
    }
    state = withDriftSince(link, { ...ends, askedAt, readingAskedAt: 0 })
  }
  return state!
}

const kindsOf = (state: BucketsState): readonly string[] =>
  bucketsDrift(link, state).map(({ what, at, since }) => `${what} ${at.site} ${since}`)

const first = { source: answerOf({}, { mayRead: true }) }

test.each<[string, Parameters<typeof lookedAt>[0], readonly string[]]>([
  ['what is as it was is no drift', [first, first], []],
  ['a source that never kept versions is no drift', [{ source: answerOf({ versioning: 'Off' }) }], []],
  [
    'versions that are not kept any more, as of the first look that saw it',
    [first, { source: answerOf({ versioning: 'Suspended' }) }, { source: answerOf({ versioning: 'Off' }) }],
    ['unversioned a 200'],
  ],
  ['versions that are kept again', [first, { source: answerOf({ versioning: 'Suspended' }) }, first], []],
  [
    'at a target it holds the link, and is told as that',
    [first, { ...first, target: answerOf({ versioning: 'Suspended' }) }],
    [],
  ],
  [
    'object lock that is gone from the source',
    [first, { source: answerOf({ objectLock: false }) }],
    ['lock-lost a 200'],
  ],
  [
    'of a bucket that may not be asked for all is as it was, besides the right',
    [first, { source: answerOf('refused') }],
    ['rights-lost a 200'],
  ],
  [
    'a right that is asked at a slow pace stays lost until it is asked again',
    [first, { source: answerOf({}, { mayRead: false }) }, { source: answerOf({}) }],
    ['rights-lost a 200'],
  ],
  [
    'a right that is there again',
    [first, { source: answerOf({}, { mayRead: false }) }, { source: answerOf({}, { mayRead: true }) }],
    [],
  ],
  ['a bucket that is gone is not changed as well', [first, { source: answerOf(null) }], []],
  [
    'a bucket that was made anew, and then once more',
    [first, { source: answerOf({}, { createdAt: 50_000 }) }, first, { source: answerOf({}, { createdAt: 90_000 }) }],
    ['made-anew a 400'],
  ],
])('%s', (_, looks, expected) => {
  expect(kindsOf(lookedAt(looks))).toEqual(expected)
})

test('a right that the key never had is not known, and not lost', () => {
  const state = lookedAt([{ source: answerOf({ versioning: 'unknown', versioningUntold: true }) }])
  expect([kindsOf(state), bucketsUntold(link, state)]).toEqual([[], ['s3:GetBucketVersioning on a/data']])
})

test('a bucket that many rules use is told once when it changes and once when it is as it was', async () => {
  const drift = bucketsDrift(link, lookedAt([first, { source: answerOf({ versioning: 'Off' }) }]))
  const clock = new HandClock()
  const told: string[] = []
  let causes: readonly DriftCause[] = driftCauses(['x', 'y', 'z'].map((ruleId) => ({ ruleId, drift })))
  const records = new MemoryRecords()
  const tell = (level: string, _: string, text: string): void => void told.push(`${level}: ${text}`)
  const watch = driftWatch({ causes: () => causes, records, tell, clock })
  await watch.start()
  const look = async (times: number): Promise<void> => {
    for (let at = 0; at < times; at++) {
      clock.wind(2000)
      await setImmediate()
    }
  }
  await look(60)
  expect(told).toEqual([
    expect.stringMatching(/^warning: Versioning is not enabled on a\/data any more.* 3 rules use it: x, y, z\. Enable/),
  ])
  causes = []
  await look(5)
  expect(told.slice(1)).toEqual(['info: As it was again: a/data keeps no versions any more.'])
})

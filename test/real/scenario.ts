import { eventually } from '../support/eventually.ts'
import { expect } from 'vitest'
import { z } from 'zod'
import type { ConfigInput } from '../../shared/model/config.ts'
import type { RuleInput } from '../../shared/model/rule.ts'
import { compareBuckets, type BucketDifference, type CompareOptions } from '../compare/compare-buckets.ts'
import { makeBucket, setVersioning } from '../support/buckets.ts'
import { liveLoad } from '../support/live-load.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir } from '../support/temp.ts'
import { planWorkload, type PlanOptions } from '../support/workload-plan.ts'
import { runWorkload } from '../support/workload.ts'

export interface Scenario {
  readonly source: SiteAccess
  readonly target: SiteAccess
  readonly seed: number
  /** Objects in all: seven of ten in the plain bucket, the rest under object lock; a fifth comes live. */
  readonly objects: number
  readonly oddKeys?: readonly string[]
  readonly asciiTags?: boolean
  /** Nothing more is done to a key after a step of these kinds; the busy keys are only written then. */
  readonly lastOfKey?: PlanOptions['lastOfKey']
  /** `grown` begins without versioning, so that its first versions are null versions. Default true. */
  readonly nullVersions?: boolean
  readonly compare: CompareOptions
  /** Changes are told by bucket notifications as well, not found by scans alone. */
  readonly webhook?: boolean
  /** Before the names of the buckets, where scenarios share a site. */
  readonly bucketPrefix?: string
}

export const buckets = ['plain', 'locked', 'grown'] as const
export type BucketName = (typeof buckets)[number]

interface Proof {
  readonly engine: Readonly<Record<BucketName, string>>
  readonly independent: Readonly<Record<BucketName, readonly BucketDifference[]>>
  readonly failing: number
  readonly parked: number
}

/** What both proofs must come to: nothing failing, and no difference by either comparer. */
const inStep: Proof = {
  engine: { plain: 'equal', locked: 'equal', grown: 'equal' },
  independent: { plain: [], locked: [], grown: [] },
  failing: 0,
  parked: 0,
}

/**
 * Existing objects first, then changes while the engine runs, then proof from two sides: the engine's own deep
 * comparison by the command line, and the independent comparer over the wire.
 */
export async function replicateAndCompare(scenario: Scenario): Promise<Proof> {
  const dir = await makeTempDir('real')
  await fillSource(scenario)
  const lockstep = await startLockstep({ dir: dir.path, config: configOf(scenario) })
  try {
    await lockstep.bringInStep(300)
    await changeLive(scenario)
    await lockstep.bringInStep(300)
    const proof = await prove(lockstep, scenario)
    expect(proof).toEqual(inStep)
    await lockstep.stop()
    await dir.remove()
    return proof
  } finally {
    await lockstep.kill9()
  }
}

const bucketOf = ({ bucketPrefix = '' }: Scenario, name: BucketName): string => `${bucketPrefix}${name}`

async function fillSource(scenario: Scenario): Promise<void> {
  const [plainBucket, lockedBucket, grownBucket] = buckets.map((name) => bucketOf(scenario, name))
  const clients = [s3Client(scenario.source), s3Client(scenario.target)]
  for (const client of clients) {
    await makeBucket(client, plainBucket!)
    await makeBucket(client, lockedBucket!, { lock: true })
    await makeBucket(client, grownBucket!, {
      versioning: scenario.nullVersions !== false && client === clients[0] ? 'none' : 'Enabled',
    })
  }
  const [client] = clients
  const share = Math.round(scenario.objects * 0.1)
  const plain = planWorkload(planOf(scenario, { keys: share * 5, versionDeletes: true }))
  await runWorkload({ client: client!, bucket: plainBucket! }, plain)
  await runWorkload(
    { client: client!, bucket: lockedBucket! },
    planWorkload(planOf(scenario, { keys: share * 2, lock: true })),
  )
  // Objects from before versioning carry the version id "null"; the same keys are then written on.
  const grown = planWorkload(planOf(scenario, { keys: share, seed: scenario.seed + 1 }))
  await runWorkload(
    { client: client!, bucket: grownBucket! },
    grown.map(({ key, steps }) => ({ key, steps: steps.slice(0, 1) })),
  )
  await setVersioning(client!, grownBucket!, 'Enabled')
  await runWorkload({ client: client!, bucket: grownBucket! }, grown.slice(share / 2))
}

async function changeLive(scenario: Scenario): Promise<void> {
  const client = s3Client(scenario.source)
  const share = Math.round(scenario.objects * 0.1)
  const plan = (options: Partial<PlanOptions>) =>
    planWorkload(
      planOf(scenario, { keys: share, keyPrefix: 'live/', oddKeys: [], seed: scenario.seed + 2, ...options }),
    )
  await Promise.all([
    runWorkload({ client, bucket: bucketOf(scenario, 'plain') }, plan({ versionDeletes: true })),
    runWorkload({ client, bucket: bucketOf(scenario, 'locked') }, plan({ lock: true })),
    liveLoad({
      client,
      bucket: bucketOf(scenario, 'plain'),
      seed: scenario.seed + 3,
      keyPrefix: 'busy/',
      total: share * 2,
      keys: share / 4,
      mix: scenario.lastOfKey !== undefined ? 'puts' : 'mixed with version deletes',
    }),
  ])
}

function planOf(scenario: Scenario, options: Partial<PlanOptions>): PlanOptions {
  return {
    seed: scenario.seed,
    keys: 0,
    asciiTags: scenario.asciiTags === true,
    ...(scenario.lastOfKey !== undefined && { lastOfKey: scenario.lastOfKey }),
    ...(scenario.oddKeys !== undefined && { oddKeys: scenario.oddKeys }),
    ...options,
  }
}

async function prove(lockstep: Lockstep, scenario: Scenario): Promise<Proof> {
  const engine = { plain: '', locked: '', grown: '' }
  const independent: Record<BucketName, readonly BucketDifference[]> = { plain: [], locked: [], grown: [] }
  for (const bucket of buckets) {
    engine[bucket] = verdictOf(reportSchema.parse((await lockstep.cli('compare', bucket, '--level', 'bytes')).json()))
    const sides = [scenario.source, scenario.target].map((site) => ({ site, bucket: bucketOf(scenario, bucket) }))
    const found = await compareBuckets(sides[0]!, sides[1]!, scenario.compare)
    // The first few tell the story; thousands would drown it.
    independent[bucket] = found.differences.slice(0, 10)
  }
  const { failing, parked } = (await lockstep.api.overview.get.query()).totals
  return { engine, independent, failing, parked }
}

const reportSchema = z.object({ verdict: z.string(), differences: z.array(z.unknown()) })

function verdictOf({ verdict, differences }: z.output<typeof reportSchema>): string {
  return verdict === 'equal' ? verdict : `${verdict}: ${JSON.stringify(differences.slice(0, 5))}`
}

export function ruleConfig(bucket: string, more: Partial<RuleInput> = {}): RuleInput {
  return {
    id: bucket,
    source: { site: 'a', bucket },
    targets: [{ site: 'b', bucket }],
    versionDeletes: true,
    // The workload deletes on purpose, and much.
    deleteBrake: null,
    overwriteBrake: null,
    scanIntervalSeconds: 5,
    ...more,
  }
}

function configOf(scenario: Scenario): ConfigInput {
  return {
    version: 1,
    sites: [siteConfig('a', scenario.source), siteConfig('b', scenario.target)],
    rules: buckets.map((name) => {
      const bucket = bucketOf(scenario, name)
      return ruleConfig(name, { source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }] })
    }),
    ...(scenario.webhook === true && { notifications: { listen: '127.0.0.1:0' } }),
  }
}

/** Two opposite rules over one bucket: both sides are written, and the traffic must come to rest. */
export async function replicateBothWays(a: SiteAccess, b: SiteAccess, compare: CompareOptions): Promise<void> {
  const dir = await makeTempDir('both-ways')
  const [clientA, clientB] = [s3Client(a), s3Client(b)]
  await makeBucket(clientA, 'both')
  await makeBucket(clientB, 'both')
  const back = { id: 'back', source: { site: 'b', bucket: 'both' }, targets: [{ site: 'a', bucket: 'both' }] }
  const rules = [ruleConfig('both'), ruleConfig('both', back)]
  const config = { version: 1, sites: [siteConfig('a', a), siteConfig('b', b)], rules } as const
  const lockstep = await startLockstep({ dir: dir.path, config: { ...config, sites: [...config.sites], rules } })
  try {
    await Promise.all([
      liveLoad({ client: clientA, bucket: 'both', seed: 11, keyPrefix: 'from-a/', total: 120, keys: 30, mix: 'mixed' }),
      liveLoad({ client: clientB, bucket: 'both', seed: 12, keyPrefix: 'from-b/', total: 120, keys: 30, mix: 'mixed' }),
    ])
    await lockstep.bringInStep(120)
    const before = await compareBuckets({ site: a, bucket: 'both' }, { site: b, bucket: 'both' }, compare)
    await untilScansFindNothing(lockstep)
    const after = await compareBuckets({ site: a, bucket: 'both' }, { site: b, bucket: 'both' }, compare)
    expect({ differences: after.differences, versions: after.versions }).toEqual({
      differences: [],
      versions: before.versions,
    })
    await lockstep.stop()
    await dir.remove()
  } finally {
    await lockstep.kill9()
  }
}

/** At rest: the last scan of every rule ended, and found nothing to do. */
async function untilScansFindNothing(lockstep: Lockstep): Promise<void> {
  await eventually(
    async () => {
      const feeds = (await lockstep.api.rules.list.query()).flatMap((rule) => rule.feeds)
      const scans = feeds.filter((feed) => feed.kind === 'scan')
      expect(scans.map(({ state, lastScan }) => [state, lastScan?.differences])).toEqual(scans.map(() => ['idle', 0]))
    },
    { withinMs: 60_000, everyMs: 250 },
  )
}

import { setTimeout as wait } from 'node:timers/promises'
import { compareBuckets, type BucketDifference } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { liveLoad } from '../support/live-load.ts'
import { spawnLockstep, startLockstep, type LockstepOptions, type StartedProcess } from '../support/lockstep-process.ts'
import { Random } from '../support/random.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { planWorkload } from '../support/workload-plan.ts'
import { runWorkload } from '../support/workload.ts'

export interface CrashTarget {
  readonly site: SiteAccess
  /** It adopts version ids, so that they must be the same. */
  readonly sameIds: boolean
}

export interface CrashOptions {
  readonly dir: string
  readonly seed: number
  readonly kills: number
  readonly changes: number
  readonly multiparts: number
  readonly source: SiteAccess
  readonly targets: readonly CrashTarget[]
}

export interface CrashResult {
  readonly acknowledged: number
  /** Tasks settled by engines that were killed later: proof that they were hit at work. */
  readonly settledBetweenKills: number
  readonly killedWhileStarting: number
  /** Nothing lost, nothing doubled, order kept: one list per target. */
  readonly differences: readonly (readonly BucketDifference[])[]
}

/**
 * A steady mixed load at the source while the engine is killed again and again, at its start and at work. Afterwards one
 * engine brings everything in step, and the independent comparer has the word.
 */
export async function crashAgainAndAgain(options: CrashOptions): Promise<CrashResult> {
  const { source, targets, seed } = options
  for (const { site } of [{ site: source }, ...targets]) await makeBucket(s3Client(site), 'box')
  const lockstep = { dir: options.dir, config: configOf(options) }
  const load = Promise.all([loadUntilDone(options), putMultiparts(options)])
  // Looked at below; until then a failed load must not end the test process by itself.
  load.catch(() => {})
  const killedWhileStarting = await killAgainAndAgain(options, lockstep, new Random(seed))
  const [acknowledged] = await load
  const last = await startLockstep(lockstep)
  try {
    const settledBetweenKills = (await last.api.overview.get.query()).links.reduce((sum, l) => sum + l.settledCount, 0)
    await last.bringInStep(420)
    const differences = await Promise.all(
      targets.map(async ({ site, sameIds }) => {
        const to = { site, bucket: 'box' }
        return (await compareBuckets({ site: source, bucket: 'box' }, to, { sameIds })).differences.slice(0, 20)
      }),
    )
    await last.stop()
    return { acknowledged, settledBetweenKills, killedWhileStarting, differences }
  } finally {
    await last.kill9()
  }
}

/** About how long one life of the engine lasts: its start and half of the longest time that it is given. */
const lifeSeconds = 1.6

function loadUntilDone({ source, seed, kills, changes }: CrashOptions): Promise<number> {
  return liveLoad({
    client: s3Client(source),
    bucket: 'box',
    seed: seed + 1,
    total: changes,
    changesPerSecond: changes / (kills * lifeSeconds),
    keys: Math.ceil(changes / 10),
    mix: 'mixed with version deletes',
  })
}

/** Large ones, so that kills fall between the parts. */
async function putMultiparts({ source, seed, multiparts }: CrashOptions): Promise<void> {
  const plan = { seed: seed + 2, keys: multiparts, multipartShare: 1, keyPrefix: 'parts/', oddKeys: [] }
  await runWorkload({ client: s3Client(source), bucket: 'box' }, planWorkload(plan), { concurrency: 1 })
}

async function killAgainAndAgain(options: CrashOptions, lockstep: LockstepOptions, random: Random): Promise<number> {
  let killedWhileStarting = 0
  for (let kill = 0; kill < options.kills; kill++) {
    const engine = await spawnLockstep(lockstep)
    if (random.chance(0.15)) {
      engine.ready.catch(() => {})
      await wait(random.int(0, 900))
      killedWhileStarting += 1
    } else await atWork(engine, random.int(0, 1000))
    await engine.kill9()
  }
  return killedWhileStarting
}

async function atWork(engine: StartedProcess, forMs: number): Promise<void> {
  await engine.ready
  await wait(forMs)
}

function configOf({ source, targets }: CrashOptions): LockstepOptions['config'] {
  const ids = targets.map((_, index) => `target-${index}`)
  return {
    version: 1,
    sites: [siteConfig('source', source), ...targets.map((target, index) => siteConfig(ids[index]!, target.site))],
    rules: [
      {
        id: 'crash',
        source: { site: 'source', bucket: 'box' },
        targets: ids.map((id) => ({ site: id, bucket: 'box' })),
        versionDeletes: true,
        deleteBrake: null,
        overwriteBrake: null,
        scanIntervalSeconds: 5,
      },
    ],
  }
}

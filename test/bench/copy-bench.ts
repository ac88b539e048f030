import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { watchEventLoop } from '../../electron/engine/metrics/event-loop.ts'
import { versionsByKey } from '../compare/list-versions.ts'
import { makeBucket } from '../support/buckets.ts'
import type { CephSite } from '../support/ceph.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { bytesOf } from '../support/random.ts'
import { rcloneRun, type RunCost } from '../support/rclone.ts'
import { s3Client } from '../support/s3-site.ts'
import { configFor, ruleFor } from './bench-config.ts'
import { usageOf } from './process-usage.ts'
import { topCosts } from './profile.ts'
import { median } from './statistics.ts'
import type { Row } from './table.ts'

export interface CopyBench {
  readonly source: CephSite
  readonly target: CephSite
  readonly dir: string
  readonly objects: number
  readonly sizeBytes: number
  readonly concurrency: number
  readonly rounds: number
  readonly say: (line: string) => void
  /** Node’s own options for Lockstep. */
  readonly nodeArgs?: readonly string[]
}

interface Round extends RunCost {
  readonly eventLoopDelayP99Ms: number
  /** The same of this program, which only waits meanwhile: so long does this machine keep anybody waiting. */
  readonly idleLoopDelayP99Ms: number
}

/**
 * Copies the same bucket with both programs in turns, first one first and then the other, into buckets of their own on
 * the same site: what else this machine does hits both alike. Every copy is counted at the target afterwards.
 */
export async function compareWithRclone(bench: CopyBench): Promise<Rounds> {
  const bucket = `from-${bench.sizeBytes}`
  await fill(bench, bucket)
  const results: Rounds = { lockstep: [], rclone: [] }
  for (let round = 0; round < bench.rounds; round++) {
    const order = round % 2 === 0 ? (['lockstep', 'rclone'] as const) : (['rclone', 'lockstep'] as const)
    for (const program of order) {
      const target = `${program}-${bench.sizeBytes}-${round}`
      await makeBucket(s3Client(bench.target), target)
      const cost =
        program === 'lockstep' ? await byLockstep(bench, bucket, target) : await byRclone(bench, bucket, target)
      await assertComplete(bench, target)
      // The sites keep their objects in memory: ten copies of a gigabyte are more than this machine may have.
      await bench.target.dropBucket(target)
      results[program].push(cost)
      bench.say(
        `  round ${round + 1} ${program.padEnd(8)} ${cost.seconds.toFixed(2)} s, ${cost.cpuSeconds.toFixed(2)} CPU s`,
      )
    }
  }
  return results
}

/** One more copy, not measured: where its time went. After {@link compareWithRclone}, whose bucket it copies. */
export async function profileOf(bench: CopyBench): Promise<readonly string[]> {
  const dir = join(bench.dir, `profile-${bench.sizeBytes}`)
  const target = `profiled-${bench.sizeBytes}`
  await makeBucket(s3Client(bench.target), target)
  await byLockstep({ ...bench, nodeArgs: ['--cpu-prof', '--cpu-prof-dir', dir] }, `from-${bench.sizeBytes}`, target)
  return topCosts(dir)
}

export interface Rounds {
  readonly lockstep: Round[]
  readonly rclone: Round[]
}

/** Throughput, CPU and memory of both, as medians; the ratio is the median of the ratios within each round. */
export function copyRows(bench: CopyBench, { lockstep, rclone }: Rounds, small: boolean): readonly Row[] {
  const amount = small ? bench.objects : (bench.objects * bench.sizeBytes) / 1e6
  const unit = small ? 'objects/s' : 'MB/s'
  const aim = small ? 1.15 : 1
  const what = small
    ? `${bench.objects} × ${bench.sizeBytes / 1024} KiB`
    : `${bench.objects} × ${bench.sizeBytes >> 20} MiB`
  const rate = (rounds: readonly Round[]): string =>
    `${(amount / median(rounds.map((r) => r.seconds))).toFixed(0)} ${unit}`
  const cpu = (rounds: readonly Round[]): string =>
    `${((median(rounds.map((r) => r.cpuSeconds)) * 1000) / bench.objects).toFixed(2)} ms`
  const peak = (rounds: readonly Round[]): number => Math.max(...rounds.map((r) => r.peakRssBytes)) / 1e6
  const faster = median(lockstep.map((round, index) => rclone[index]!.seconds / round.seconds))
  const cpuRatio = median(lockstep.map((round, index) => round.cpuSeconds / rclone[index]!.cpuSeconds))
  const delay = Math.max(...lockstep.map((round) => round.eventLoopDelayP99Ms))
  const idleDelay = Math.max(...lockstep.map((round) => round.idleLoopDelayP99Ms))
  const memory = { lockstep: `${peak(lockstep).toFixed(0)} MB`, beside: `rclone ${peak(rclone).toFixed(0)} MB` }
  return [
    {
      what,
      lockstep: rate(lockstep),
      beside: `rclone ${rate(rclone)}`,
      ratio: faster,
      aim: `≥ ${aim}×`,
      reached: faster >= aim,
    },
    {
      what: `${what}: CPU per object`,
      lockstep: cpu(lockstep),
      beside: `rclone ${cpu(rclone)}`,
      ratio: cpuRatio,
      aim: '≤ 1.00×',
      reached: cpuRatio <= 1,
    },
    { what: `${what}: peak memory`, ...memory, aim: '≤ 500 MB', reached: peak(lockstep) <= 500 },
    {
      what: `${what}: event-loop delay p99`,
      lockstep: `${delay.toFixed(1)} ms`,
      beside: `an idle program ${idleDelay.toFixed(1)} ms`,
      aim: '≤ 20 ms',
      reached: delay <= 20,
    },
  ]
}

async function fill({ source, objects, sizeBytes }: CopyBench, bucket: string): Promise<void> {
  const client = s3Client(source)
  await makeBucket(client, bucket)
  await forEachAtMost(sizeBytes > 1 << 20 ? 4 : 32, Array.from({ length: objects }).keys(), async (index) => {
    const Key = `folder-${index % 50}/object-${String(index).padStart(7, '0')}`
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytesOf(index + 1, sizeBytes) }))
  })
  client.destroy()
}

/** The engine runs already, as it does at its users'; measured from making the rule until the last object is settled. */
async function byLockstep(bench: CopyBench, from: string, to: string): Promise<Round> {
  const config = configFor(bench, { limit: bench.concurrency })
  const lockstep = await startLockstep({ dir: join(bench.dir, to), config, nodeArgs: bench.nodeArgs ?? [] })
  const idle = watchEventLoop(performance.now())
  try {
    const before = usageOf(lockstep.ready.pid).cpuSeconds
    const startedAt = performance.now()
    const rule = await lockstep.api.rules.create.mutate(ruleFor(from, to, { scanIntervalSeconds: 3600 }))
    let eventLoopDelayP99Ms = 0
    let idleLoopDelayP99Ms = 0
    for (let settled = 0; settled < bench.objects;) {
      // Asking costs the engine time that rclone does not spend.
      await wait(250)
      const view = await lockstep.api.overview.get.query()
      settled = view.links.find((link) => link.ruleId === rule.id)?.settledCount ?? 0
      eventLoopDelayP99Ms = Math.max(eventLoopDelayP99Ms, view.eventLoopDelayP99Ms)
      idleLoopDelayP99Ms = Math.max(idleLoopDelayP99Ms, idle.p99Ms(performance.now()))
      if (performance.now() - startedAt > 600_000)
        throw new Error(`only ${settled} settled: ${lockstep.logs.slice(-5).join('\n')}`)
    }
    const seconds = (performance.now() - startedAt) / 1000
    const { cpuSeconds, peakRssBytes } = usageOf(lockstep.ready.pid)
    await lockstep.stop()
    return { seconds, cpuSeconds: cpuSeconds - before, peakRssBytes, eventLoopDelayP99Ms, idleLoopDelayP99Ms }
  } finally {
    idle.stop()
    await lockstep.kill9()
  }
}

async function byRclone({ source, target, concurrency }: CopyBench, from: string, to: string): Promise<Round> {
  const sides = [
    { site: source, bucket: from, provider: 'Ceph' },
    { site: target, bucket: to, provider: 'Ceph' },
  ] as const
  return {
    ...(await rcloneRun('copy', ...sides, rcloneFlags(concurrency))),
    eventLoopDelayP99Ms: 0,
    idleLoopDelayP99Ms: 0,
  }
}

export function rcloneFlags(concurrency: number): readonly string[] {
  return ['--transfers', String(concurrency), '--checkers', String(concurrency)]
}

async function assertComplete({ target, objects }: CopyBench, bucket: string): Promise<void> {
  let found = 0
  for await (const { versions } of versionsByKey({ site: target, bucket })) found += versions.length
  if (found !== objects) throw new Error(`${bucket} has ${found} versions instead of ${objects}`)
}

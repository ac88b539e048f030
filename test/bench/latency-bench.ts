import { join } from 'node:path'
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { makeBucket } from '../support/buckets.ts'
import { eventually } from '../support/eventually.ts'
import { liveLoad } from '../support/live-load.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { configFor, ruleFor, type SitePair } from './bench-config.ts'
import { percentile } from './statistics.ts'
import type { Row } from './table.ts'

export interface LatencyBench extends SitePair {
  readonly dir: string
  readonly changesPerSecond: number
  readonly seconds: number
}

/**
 * From the write at the source to the replica at the target, both by the clock of the sites (one machine, milliseconds),
 * so that nothing has to watch the target while it is measured.
 */
export async function measureLatency(bench: LatencyBench, by: 'event' | 'scan'): Promise<readonly Row[]> {
  const bucket = `latency-${by}`
  const clients = { source: s3Client(bench.source), target: s3Client(bench.target) }
  await makeBucket(clients.source, bucket)
  await makeBucket(clients.target, bucket)
  // A scan can be no more frequent than this; with events it is the safety net and must not help out here.
  const rule = ruleFor(bucket, bucket, { scanIntervalSeconds: by === 'scan' ? 5 : 3600 })
  const config = configFor(bench, { webhook: by === 'event', rules: [rule] })
  const lockstep = await startLockstep({ dir: join(bench.dir, bucket), config })
  try {
    await eventually(() => feedIsLive(lockstep, bucket, by), { withinMs: 60_000, everyMs: 250 })
    const total = bench.changesPerSecond * bench.seconds
    const load = { client: clients.source, bucket, seed: 7, total, changesPerSecond: bench.changesPerSecond }
    await liveLoad({ ...load, mix: 'puts' })
    await eventually(() => arrived(lockstep, bucket, total), { withinMs: 60_000, everyMs: 250 })
    // A scan finds some changes twice, and what was settled twice counts twice: the target has the last word.
    const latencies = await eventually(() => latenciesMs(clients.source, clients.target, bucket), {
      withinMs: 60_000,
      everyMs: 1000,
    })
    await lockstep.stop()
    return [row(bench, by, latencies)]
  } finally {
    await lockstep.kill9()
  }
}

function row(bench: LatencyBench, by: 'event' | 'scan', latencies: readonly number[]): Row {
  const p99 = percentile(latencies, 0.99)
  const p50 = percentile(latencies, 0.5)
  return {
    what: `write → replica by ${by} at ${bench.changesPerSecond}/s, p50 / p99`,
    lockstep: `${(p50 / 1000).toFixed(2)} s / ${(p99 / 1000).toFixed(2)} s`,
    aim: by === 'event' ? 'p99 ≤ 3 s' : '–',
    reached: by === 'event' ? p99 <= 3000 : null,
  }
}

async function feedIsLive(lockstep: Lockstep, ruleId: string, by: 'event' | 'scan'): Promise<void> {
  const { feeds } = await lockstep.api.rules.get.query({ id: ruleId })
  const ready = feeds.some((feed) =>
    by === 'event' ? feed.kind !== 'scan' && feed.state === 'live' : feed.kind === 'scan' && feed.lastScan !== null,
  )
  if (!ready) throw new Error(`no live feed by ${by}: ${JSON.stringify(feeds)}`)
}

async function arrived(lockstep: Lockstep, ruleId: string, total: number): Promise<void> {
  const { links } = await lockstep.api.rules.get.query({ id: ruleId })
  const settled = links.reduce((sum, link) => sum + link.settledCount, 0)
  if (settled < total) throw new Error(`only ${settled} of ${total} settled`)
}

/** Throws while the target lacks any of the objects. */
async function latenciesMs(source: S3Client, target: S3Client, bucket: string): Promise<readonly number[]> {
  const [written, copied] = await Promise.all([modifiedTimes(source, bucket), modifiedTimes(target, bucket)])
  const missing = [...written.keys()].filter((key) => !copied.has(key))
  if (missing.length > 0) throw new Error(`${missing.length} objects have not arrived`)
  return [...written].map(([key, at]) => copied.get(key)! - at)
}

async function modifiedTimes(client: S3Client, bucket: string): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  let token: string | undefined
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }))
    for (const { Key, LastModified } of page.Contents ?? []) times.set(Key ?? '', LastModified?.getTime() ?? 0)
    token = page.NextContinuationToken
  } while (token !== undefined)
  return times
}

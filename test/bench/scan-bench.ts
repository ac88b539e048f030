import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { makeBucket } from '../support/buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { eventually } from '../support/eventually.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { rcloneRun } from '../support/rclone.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { configFor, ruleFor, type SitePair } from './bench-config.ts'
import { median } from './statistics.ts'
import type { Row } from './table.ts'

export interface ScanBench extends SitePair {
  readonly dir: string
  readonly objects: number
  readonly rounds: number
  readonly say: (line: string) => void
}

const bucket = 'scanned'
const folders = 50
const size = 64

/**
 * How long it takes to find that two equal buckets are equal, beside `rclone check --size-only`, in turns: at no distance,
 * and with both sites 80 ms away. Lockstep compares all versions, rclone the newest.
 */
export async function measureScan(bench: ScanBench): Promise<readonly Row[]> {
  // The target later than the source: what was written at the same moment is asked for its tags by the first scan.
  await fill(bench, bench.source)
  await fill(bench, bench.target)
  return [...(await measureAt(bench, 0)), ...(await measureAt(bench, 80))]
}

async function fill({ objects }: ScanBench, site: SiteAccess): Promise<void> {
  const client = s3Client(site)
  await makeBucket(client, bucket)
  await forEachAtMost(32, Array.from({ length: objects }).keys(), async (index) => {
    const Key = `folder-${String(index % folders).padStart(2, '0')}/object-${String(index).padStart(7, '0')}`
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.alloc(size, Key) }))
  })
  client.destroy()
}

async function measureAt(bench: ScanBench, rttMs: number): Promise<readonly Row[]> {
  const ways = await Promise.all([bench.source, bench.target].map(({ endpoint }) => TcpProxy.open(endpoint)))
  for (const way of ways) way.setWeather({ delayMs: rttMs / 2 })
  const pair = {
    source: { ...bench.source, endpoint: ways[0]!.endpoint },
    target: { ...bench.target, endpoint: ways[1]!.endpoint },
  }
  const lockstep: number[] = []
  const rclone: number[] = []
  try {
    for (let round = 0; round < bench.rounds; round++) {
      lockstep.push(await byLockstep(pair, bench, join(bench.dir, `scan-${rttMs}-${round}`)))
      rclone.push(await byRclone(pair))
      bench.say(`  ${rttMs} ms away: ${lockstep.at(-1)!.toFixed(2)} s, rclone ${rclone.at(-1)!.toFixed(2)} s`)
    }
  } finally {
    await Promise.all(ways.map((way) => way.close()))
  }
  const rate = (seconds: readonly number[]): string => `${(bench.objects / median(seconds)).toFixed(0)} keys/s`
  return [
    {
      what: `scan of ${bench.objects} keys, sites ${rttMs} ms away`,
      lockstep: rate(lockstep),
      beside: `rclone check ${rate(rclone)}`,
      ratio: median(lockstep.map((seconds, round) => rclone[round]! / seconds)),
      aim: '–',
      reached: null,
    },
  ]
}

/** A scan of an engine that has just started, from its begin to its end. */
async function byLockstep(pair: SitePair, { objects }: ScanBench, dir: string): Promise<number> {
  const rule = ruleFor(bucket, bucket, { scanIntervalSeconds: 3600 })
  const lockstep = await startLockstep({ dir, config: configFor(pair, { rules: [rule] }) })
  try {
    const scanned = await eventually(
      async () => {
        const { feeds } = await lockstep.api.rules.get.query({ id: rule.id })
        const scan = feeds.find(({ kind }) => kind === 'scan')
        const ended = scan?.lastScan ?? null
        if (ended === null) throw new Error('the scan has not ended')
        return { ...ended, seconds: (ended.endedAt - ended.startedAt) / 1000 }
      },
      { withinMs: 300_000, everyMs: 250 },
    )
    if (scanned.keys !== objects || scanned.differences !== 0)
      throw new Error(`scanned ${scanned.keys} keys, ${scanned.differences} differences`)
    await lockstep.stop()
    return scanned.seconds
  } finally {
    await lockstep.kill9()
  }
}

async function byRclone({ source, target }: SitePair): Promise<number> {
  const sides = [source, target].map((site) => ({ site, bucket, provider: 'Ceph' as const }))
  return (await rcloneRun('check', sides[0]!, sides[1]!, ['--size-only', '--checkers', '32'])).seconds
}
